"""Pairing page: the code of a player that belongs to nobody yet, and what to do with it, in French and English.

Nobody has told such a player its language, nor where it hangs: what it shows has to be read by whoever comes.
"""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import BLACK, WHITE, Rgb
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.page_painter import QUIET_MODULES
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import ColumnSpace, TextBlock, smallest_column
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import PageGrid, add_column, fit_hierarchy
from beffroi_content.templates.layout.qr_code import LEAST_MODULE, add_qr_code, qr_modules, short_address

_GROUND: Rgb = (20, 26, 36)
_SOFT: Rgb = (196, 204, 216)
_CODE: Rgb = (255, 214, 92)
_QR_SHARE = 0.4
"""Of the longer side, at most; the code to type needs the rest."""


@dataclass(frozen=True, slots=True)
class PairingNotice:
    """What is shown of a pairing."""

    code: str
    check_number: str
    server: str
    """Its address, as people type it into a browser."""
    link: str
    """What the QR code says."""
    town: str = ""


def lay_out(notice: PairingNotice, canvas: Canvas) -> Page:
    """Return one page. What has no room is left out, the code to type last."""
    grid = PageGrid.for_canvas(canvas)
    margin = 1 if grid.crisp else grid.margin
    page = Page(canvas.size, BLACK if grid.crisp else _GROUND)
    side = _qr_side(notice.link, grid, margin)
    left, top, right, bottom = margin, margin, grid.width - margin, grid.height - margin
    gap = 2 if grid.crisp else grid.margin
    if side and grid.is_wide:
        add_qr_code(page, notice.link, _square(right - side, (grid.height - side) // 2, side))
        right -= side + gap
    elif side:
        add_qr_code(page, notice.link, _square((grid.width - side) // 2, bottom - side, side))
        bottom -= side + gap
    _add_text(page, notice, grid, canvas.locale, (left, top, right, bottom), is_scanned=bool(side))
    if not grid.crisp:
        page.add(FilledBox((0, 0, grid.width, max(2, grid.margin // 6)), _CODE))
    return page


def _square(left: int, top: int, side: int) -> Box:
    return left, top, left + side, top + side


def _qr_side(link: str, grid: PageGrid, margin: int) -> int:
    """Return the side of the QR code in pixels; 0 where no telephone could read it, or too little else had room."""
    count = len(qr_modules(link)) + 2 * QUIET_MODULES
    longer, shorter = max(grid.width, grid.height), min(grid.width, grid.height)
    # Pixels of LEDs are centimetres: two of them are a module that can be seen.
    least = 2 if grid.crisp else LEAST_MODULE
    module = round(min(_QR_SHARE * longer, shorter - 2 * margin)) // count
    return module * count if module >= least else 0


def _add_text(page: Page, notice: PairingNotice, grid: PageGrid, locale: str, box: Box, *, is_scanned: bool) -> None:
    left, top, right, bottom = box
    height = max(1, bottom - top)
    measure = ColumnSpace(max(1, right - left), height, height, grid.crisp, locale)
    smallest = 5 if grid.crisp else max(5, min(grid.smallest, 14))
    candidates = _columns(notice, is_scanned=is_scanned, is_crisp=grid.crisp)
    largest = max(smallest, grid.largest)
    fitting = [blocks for blocks in candidates if _fits(blocks, measure, smallest)]
    column = fit_hierarchy(fitting or candidates[-1:], measure, smallest, largest)
    rows = column.pages[0]
    slack = max(0, height - rows[-1].bottom) if rows else 0
    add_column(page, rows, left, top + slack // 2, column, centred=not grid.is_wide or not is_scanned)


def _fits(blocks: list[TextBlock], measure: ColumnSpace, smallest: int) -> bool:
    column = smallest_column(blocks, measure, smallest)
    return len(column.pages) == 1 and column.is_clean and column.page_heights[0] <= measure.first


def _columns(notice: PairingNotice, *, is_scanned: bool, is_crisp: bool) -> list[list[TextBlock]]:
    """Return the same message with ever fewer words."""
    address, gap = short_address(notice.server), 2.0 if is_crisp else 1.8
    title = TextBlock("Associer cet écran\nPair this screen", FontWeight.BOLD, 1.5, WHITE, leading=1.5)
    begins = ("Scanner le code QR, ou saisir", "Scan the QR code, or type") if is_scanned else ("Saisir", "Type")
    french = f"{begins[0]} le code ci-dessous sur {address} : Écrans, « Associer un lecteur »."
    english = f"{begins[1]} the code below at {address}: Screens, “Pair a player”."
    how = [
        TextBlock(typeset_text(french, "fr"), FontWeight.REGULAR, 1.0, WHITE, gap=gap),
        TextBlock(typeset_text(english, "en"), FontWeight.REGULAR, 1.0, _SOFT, gap=1.2),
    ]
    number = notice.check_number.replace(" ", "\u00a0")
    label = "N°\u00a0" if is_crisp else "Contrôle · Check: "
    checked = TextBlock(label + number, FontWeight.SEMIBOLD, 1.0, WHITE, gap=gap, is_kept=True)
    same = TextBlock(
        "La page doit montrer ce code et ce numéro.\nThe page has to show this code and number.",
        FontWeight.REGULAR, 0.8, _SOFT, gap=0.9, leading=1.7,
    )  # fmt: skip
    where = TextBlock(address, FontWeight.REGULAR, 1.0, _SOFT, gap=gap)
    return [
        [title, *how, _code(notice.code, 3.2, gap), checked, same],
        [title, *how, _code(notice.code, 2.4, gap), checked],
        [_code(notice.code, 2.4, 0), where, checked],
        [_code(notice.code, 1.6, 0), where, TextBlock(number, FontWeight.REGULAR, 1.0, WHITE, gap=1)],
        [_code(notice.code, 1.0, 0), where],
        [_code(notice.code, 1.0, 0)],
        [_code(notice.code.replace("-", "\n"), 1.0, 0)],
    ]


def _code(code: str, scale: float, gap: float) -> TextBlock:
    # The dash must not be where a line breaks.
    text = code.replace("-", "\u2011")
    return TextBlock(text, FontWeight.BOLD, scale, _CODE, gap=gap, leading=1.4, is_kept=True)
