"""Parts of PDF documents: A4, with the logo and name of the town, and numbered pages."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from PIL import Image as PillowImage
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Table, TableStyle

from beffroi_content.raster.text import fonts

REGULAR, BOLD = "NotoSans-Regular", "NotoSans-Bold"
MARGIN = 18 * mm
WIDTH = A4[0] - 2 * MARGIN
LOGO_HEIGHT, LOGO_WIDTH = 16 * mm, 50 * mm
LONGEST_CELL = 200
"""Characters of a cell: a row must fit on a page."""
INK, SOFT, LINE, HEAD = (colors.HexColor(value) for value in ("#1a2330", "#505a68", "#dcd5c7", "#f4f1ea"))


def draw_document(title: str, town: str, story: list[Any], footer: str) -> bytes:
    """Return a document as PDF.

    Args:
        title: Of its properties.
        town: Its author.
        story: What it holds.
        footer: At the foot of each page.
    """
    register_fonts()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN + 6 * mm,
        title=f"{title} – {town}", author=town, creator="Beffroi", lang=get_language(),
    )  # fmt: skip
    document.build(story, canvasmaker=lambda *args, **values: _NumberedCanvas(footer, *args, **values))
    return buffer.getvalue()


def letterhead(town: str, logo_path: Path | None) -> Table:
    """Return the head of the first page."""
    name = text(town, "title", 14)
    logo = _logo(logo_path)
    row, widths = ([logo, name], [logo.drawWidth + 5 * mm, None]) if logo is not None else ([name], [None])
    return Table(
        [row], colWidths=widths, hAlign="LEFT",
        style=TableStyle([("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]),
    )  # fmt: skip


def text(words: str, kind: str, size: float) -> Paragraph:
    """Return a paragraph; its kind is ``title…``, ``head…``, ``soft`` or ``plain``, with ``…number`` at the right."""
    # reportlab breaks lines at a narrow no-break space: “10 000” would end one line with “10”.
    words = words.replace("\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}")
    lines = "<br/>".join(escape(_drawable(line)) for line in words.split("\n"))
    return Paragraph(lines, _style(kind, size))


def pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Return names and values as a table."""
    cells = [[cell(name, "soft"), cell(value, "plain", 1200)] for name, value in rows]
    return Table(
        cells, colWidths=[0.28 * WIDTH, 0.72 * WIDTH], hAlign="LEFT",
        style=TableStyle([
            ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ("LINEBELOW", (0, 0), (-1, -2), 0.4, LINE),
        ]),
    )  # fmt: skip


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], kinds: Sequence[str], shares: Sequence[float]
) -> Table:
    """Return a table whose head is on each page.

    Args:
        columns: Headings.
        rows: Their cells.
        kinds: Of the cells of each column: ``plain`` or ``number``.
        shares: Of the width.
    """
    head = [cell(name, f"head-{kind}") for name, kind in zip(columns, kinds, strict=True)]
    cells = [[cell(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in rows]
    return Table(
        [head, *cells], colWidths=[share * WIDTH for share in shares], repeatRows=1, hAlign="LEFT",
        style=TableStyle([
            ("BACKGROUND", (0, 0), (-1, 0), HEAD), ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE), ("LEFTPADDING", (0, 0), (-1, -1), 3),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3), ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
        ]),
    )  # fmt: skip


def cell(words: str, kind: str, longest: int = LONGEST_CELL) -> Paragraph:
    """Return a cell of a table: its text is shortened to so many characters, since a row must fit on a page."""
    words = " ".join(words.split("\n"))
    return text(words if len(words) <= longest else f"{words[: longest - 1]}…", kind, 8.5)


def _logo(path: Path | None) -> Image | None:
    """Return the logo within its bounds; None where there is none, or its file is gone."""
    if path is None:
        return None
    try:
        with PillowImage.open(path) as picture:
            buffer = io.BytesIO()
            picture.convert("RGBA").save(buffer, "PNG")
            width, height = picture.size
    except (OSError, ValueError):
        return None
    scale = min(LOGO_WIDTH / width, LOGO_HEIGHT / height)
    buffer.seek(0)
    return Image(buffer, width=width * scale, height=height * scale)


def _drawable(text: str) -> str:
    """Return a text in the letters that the font has: a space of another width is a space, the rest an open box."""
    known = _font(REGULAR).face.charToGlyph
    return "".join(each if ord(each) in known else " " if each.isspace() else "□" for each in text)


def _style(kind: str, size: float) -> ParagraphStyle:
    bold = kind.startswith(("title", "head"))
    return ParagraphStyle(
        kind, fontName=BOLD if bold else REGULAR, fontSize=size, leading=size * 1.3,
        textColor=SOFT if kind == "soft" else INK, alignment=TA_RIGHT if kind.endswith("number") else 0,
        splitLongWords=True,
    )  # fmt: skip


@cache
def _font(name: str) -> TTFont:
    return TTFont(name, str(fonts.font_path(f"{name}.ttf")))


@cache
def register_fonts() -> None:
    """Make the fonts known to reportlab."""
    for name in (REGULAR, BOLD):
        pdfmetrics.registerFont(_font(name))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)


class _NumberedCanvas(Canvas):  # type: ignore[misc]
    """Writes the foot of every page once it is known how many there are."""

    def __init__(self, footer: str, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self._footer, self._pages = footer, list[dict[str, Any]]()

    def showPage(self) -> None:  # noqa: N802 - the name is reportlab's
        """Keep a page for later."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write the pages with their feet."""
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self.setFont(REGULAR, 8)
            self.setFillColor(SOFT)
            self.drawString(MARGIN, 12 * mm, _drawable(self._footer[:150]))
            words = _("Page %(number)d of %(total)d") % {"number": number, "total": len(self._pages)}
            self.drawRightString(A4[0] - MARGIN, 12 * mm, words)
            super().showPage()
        super().save()
