"""Template of tables: each line of the text is a row, its cells divided by ``|``; the first row is the heading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page, TextLine
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.announcements import listing
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, RowFormat, SampleImages
from beffroi_content.templates.layout import title_band
from beffroi_content.templates.layout.page_parts import (
    FooterColours,
    PageGrid,
    add_footer,
    canvas_palette,
    centred_baseline,
)
from beffroi_content.templates.samples import sample

TableRows = tuple[tuple[str, ...], ...]
_ROW = 2.5
"""Height of a row, in capitals."""
_LEAST_GAP = 0.9
"""Between two cells, in capitals."""


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a table; one that is too wide for legible letters, or no table, becomes a list."""
    table = split_rows(announcement.body, canvas.locale)
    heading, height = title_band.heading_band(announcement, canvas)
    box = title_band.below_band(canvas, height)
    capital = _largest_capital(table, box, PageGrid.for_canvas(canvas))
    if not capital:
        return listing.lay_out(announcement.replace(body=_as_list(table)), canvas)
    per_page = max(1, int((box[3] - box[1]) / (capital * _ROW)) - 1)
    rows = table[1:]
    count = -(-len(rows) // per_page)
    # Rows are shared out evenly: no last page with a single row.
    even = -(-len(rows) // count)
    palette = canvas_palette(canvas)
    foot = FooterColours(palette.tint, palette.accent, palette.soft_ink)
    pages = []
    for number in range(count):
        page = Page(canvas.size, palette.paper)
        title_band.add_band(page, canvas, heading, height)
        _add_table(page, (table[0], *rows[number * even : (number + 1) * even]), table, box, capital, canvas)
        add_footer(page, canvas, announcement.source, (number + 1, count), foot)
        pages.append(page)
    return tuple(pages)


def split_rows(body: str, locale: str) -> TableRows:
    """Return the cells of a text, each row with as many as the longest."""
    rows = [
        [typeset_text(cell.strip(), locale) for cell in line.split("|")] for line in body.split("\n") if line.strip()
    ]
    width = max((len(row) for row in rows), default=0)
    return tuple((*row, *[""] * (width - len(row))) for row in rows)


def _as_list(table: TableRows) -> str:
    """Return the rows as lines of a list, without the heading if there is one."""
    is_table = len(table) > 1 and len(table[0]) > 1
    return "\n".join(_as_entry(row, table[0]) for row in (table[1:] if is_table else table))


def _as_entry(row: Sequence[str], heading: Sequence[str]) -> str:
    """Return a row in words: “Lundi: Matin 8 h – 12 h · Après-midi fermé”."""
    if len(row) < 2:
        return row[0] if row else ""
    cells = (f"{name} {cell}".strip() for name, cell in zip(heading[1:], row[1:], strict=True) if cell)
    return f"{row[0]}: {' · '.join(cells)}"


def _largest_capital(table: TableRows, box: Box, grid: PageGrid) -> int:
    """Return the largest letters, in pixels, in which every row fits in width; 0 for none, or no table."""
    if len(table) < 2 or len(table[0]) < 2:
        return 0
    width, height = box[2] - box[0], box[3] - box[1]
    largest = int(min(grid.largest * 1.2, height / (len(table) * _ROW)))
    # From large to small until all columns fit side by side; a table has few sizes to try, and bisection would
    # gain nothing.
    for capital in range(max(grid.smallest, largest), grid.smallest - 1, -1):
        if sum(_column_widths(table, capital)) + capital * _LEAST_GAP * (len(table[0]) - 1) + capital <= width:
            return capital
    return 0


def _column_widths(table: TableRows, capital: int) -> list[float]:
    head, body = font_face(TextStyle(FontWeight.BOLD, capital)), font_face(TextStyle(FontWeight.REGULAR, capital))
    first = font_face(TextStyle(FontWeight.SEMIBOLD, capital))
    return [
        max(head.text_width(column[0]), *((first if number == 0 else body).text_width(cell) for cell in column[1:]))
        for number, column in enumerate(zip(*table, strict=True))
    ]


def _add_table(page: Page, rows: TableRows, table: TableRows, box: Box, capital: int, canvas: Canvas) -> None:
    palette = canvas_palette(canvas)
    left, top, right, bottom = box
    high = min(round((bottom - top) / len(rows)), round(capital * _ROW * 1.25))
    widths = _column_widths(table, capital)
    spare = (right - left - capital - sum(widths)) / max(1, len(widths) - 1)
    gap = min(spare, capital * 6)
    for number, row in enumerate(rows):
        y = top + number * high
        if number == 0:
            page.add(FilledBox((left, y + high - max(2, capital // 9), right, y + high), palette.accent))
        elif number % 2 == 0:
            page.add(FilledBox((left, y, right, y + high), palette.tint))
        x = left + capital / 2
        for place, cell in enumerate(row):
            weight = FontWeight.BOLD if number == 0 else FontWeight.SEMIBOLD if place == 0 else FontWeight.REGULAR
            style = TextStyle(weight, capital)
            colour = palette.accent if number == 0 else palette.ink
            if cell:
                page.add(TextLine(round(x), centred_baseline(y, y + high, style), cell, style, colour))
            x += widths[place] + gap


def _panel_text(body: str) -> str:
    """Return each row in one line, without the heading, since a panel has no room for columns."""
    rows = [[cell.strip() for cell in line.split("|")] for line in body.split("\n") if line.strip()]
    shown = rows[1:] if rows and len(rows[0]) > 1 else rows
    return "\n".join(" · ".join(cell for cell in row if cell) for row in shown)


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "timetable",
        title="Horaires de la piscine",
        source="Service des sports",
        body="Jour | Matin | Après-midi\nLundi | fermé | 16 h – 20 h\nMardi | 7 h – 9 h | 12 h – 14 h\n"
        "Mercredi | 10 h – 12 h | 14 h – 19 h\nJeudi | 7 h – 9 h | 12 h – 14 h\nVendredi | fermé | 16 h – 21 h\n"
        "Samedi | 10 h – 12 h | 14 h – 18 h\nDimanche | 9 h – 13 h | fermé",
    )


TEMPLATE = AnnouncementTemplate(
    name="timetable",
    position=60,
    label=LocalisedText(en="Timetable", fr="Horaires"),
    summary=LocalisedText(
        en="a line of the text for each row, its cells divided by `|`; the first row is the heading",
        fr="une ligne du texte par rangée, ses cases séparées par `|` ; la première rangée est l’en-tête",
    ),
    icon='<rect x="3" y="4" width="18" height="16" rx="1.5"/><path d="M3 9h18M3 14.5h18M9 4v16M15 4v16"/>',
    hint=LocalisedText(
        en="Each line is a row, with cells separated by |. The first row is the heading: “Day | Morning | Afternoon”.",
        fr="Chaque ligne est une rangée, ses cases sont séparées par |. La première rangée est l’en-tête : « Jour |"
        " Matin | Après-midi ».",
    ),
    rows=RowFormat(separator="|", has_days=True),
    layout=lay_out,
    samples=_samples,
    panel_text=_panel_text,
)
