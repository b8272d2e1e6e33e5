"""QR code: an address to be scanned, beside its text."""

from __future__ import annotations

from beffroi_content.model.widgets import QrWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, Page, QrCode
from beffroi_content.raster.page_painter import QUIET_MODULES
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.declarations import LocalisedText, WidgetTemplate
from beffroi_content.templates.layout.qr_code import qr_modules, short_address
from beffroi_content.templates.widget_layout.phrases import phrase
from beffroi_content.templates.widget_layout.widget_page import WidgetPage, add_paragraph, open_widget_page

_LEAST_MODULE = 2
"""Pixels, below which no telephone reads a code."""


def qr_page(widget: QrWidget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the code of an address beside its text; where no code could be read, the address in letters."""
    board = open_widget_page(canvas, widget.title)
    left, top, right, bottom = board.box
    rows = qr_modules(widget.address)
    count = len(rows) + 2 * QUIET_MODULES
    is_beside = board.width > 1.2 * board.height
    each = min(board.height, board.width // 2 if is_beside else round(board.height * 0.72), board.width) // count
    if each < _LEAST_MODULE:
        _add_texts(board, widget, board.box, (0.4, 0.0, 0.3), "centre")
        return board.page
    side = each * count
    x, y = (left, top + (board.height - side) // 2) if is_beside else (left + (board.width - side) // 2, top)
    board.page.add(QrCode((x, y, x + side, y + side), rows))
    gap = board.grid.margin if not board.crisp else 4
    box = (left + side + gap, top, right, bottom) if is_beside else (left, top + side, right, bottom)
    _add_texts(board, widget, box, (0.22, 0.0 if board.crisp else 0.13, 0.13), "left" if is_beside else "centre")
    return board.page


def _add_texts(board: WidgetPage, widget: QrWidget, box: Box, scales: tuple[float, float, float], align: str) -> None:
    """Add the text, the advice to scan and the address in their sizes; one of size 0 is left out."""
    texts = (widget.text, phrase("scan", board.locale) if scales[1] else "", short_address(widget.address))
    weights = (FontWeight.BOLD, FontWeight.REGULAR, FontWeight.BOLD)
    colours = (board.palette.ink, board.palette.soft_ink, board.palette.accent)
    add_paragraph(board, list(zip(texts, weights, scales, colours, strict=True)), box, align)


def _sample() -> QrWidget:
    return QrWidget(
        title="Participez au budget de la ville",
        address="https://saint-aubin.fr/budget",
        text="Votez pour les projets de votre quartier",
    )


TEMPLATE = WidgetTemplate(
    name="qr",
    position=300,
    label=LocalisedText(en="QR code", fr="Code QR"),
    summary=LocalisedText(en="an address to be scanned", fr="une adresse à scanner"),
    icon='<rect x="3" y="3" width="7" height="7"/><rect x="14" y="3" width="7" height="7"/>'
    '<rect x="3" y="14" width="7" height="7"/><path d="M14 14h3v3h-3zM20 14v.1M20 20v.1M17 20v.1"/>',
    widget=QrWidget,
    hint=LocalisedText(
        en="The web page further below becomes the code. The first line of the text stands beside it.",
        fr="La page web, plus bas, devient le code. La première ligne du texte est à côté.",
    ),
    layout=qr_page,
    sample=_sample,
)
