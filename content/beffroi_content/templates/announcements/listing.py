"""Template of lists, such as a menu: each line is an entry, with a heading where it begins with one and a colon."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import mix_colours
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import FittedColumn, PlacedLine, TextBlock, fit_column
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.announcements import notice
from beffroi_content.templates.declarations import AnnouncementTemplate, LocalisedText, RowFormat, SampleImages
from beffroi_content.templates.layout import title_band
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, add_column, add_footer, canvas_palette
from beffroi_content.templates.layout.text_box import box_space
from beffroi_content.templates.samples import sample

_ENTRY = re.compile(r"^(?P<heading>[^:|]{1,40}?)\s?:\s+(?P<text>\S.*)$")
_BULLETS = "-–•* "
_SHORT = 3
"""Letters of a heading that stands before its text rather than over it, such as the number of an emergency service."""
_COLUMNS_FROM = 4
"""Entries from which a wide page has two columns."""


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a list; without entries, those of a notice."""
    entries = [line.strip().lstrip(_BULLETS) for line in announcement.body.split("\n")]
    entries = [entry for entry in entries if entry]
    if not entries:
        return notice.lay_out(announcement, canvas)
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    heading, height = title_band.heading_band(announcement, canvas)
    boxes = _column_boxes(title_band.below_band(canvas, height), grid, len(entries))
    columns = _fit_columns(entries, boxes, canvas)
    slots = [(column, rows) for column in columns for rows in column.pages]
    count = -(-len(slots) // len(boxes))
    pages = []
    for number in range(count):
        page = Page(canvas.size, palette.paper)
        title_band.add_band(page, canvas, heading, height)
        for (column, rows), box in zip(slots[number * len(boxes) :], boxes, strict=False):
            _add_rows(page, rows, box, column, canvas)
        foot = FooterColours(palette.tint, palette.accent, palette.soft_ink)
        add_footer(page, canvas, announcement.source, (number + 1, count), foot)
        pages.append(page)
    return tuple(pages)


def _column_boxes(box: Box, grid: PageGrid, entries: int) -> list[Box]:
    if not grid.is_wide or entries < _COLUMNS_FROM:
        return [box]
    left, top, right, bottom = box
    gap = round(1.2 * grid.margin)
    middle = (left + right) // 2
    return [(left, top, middle - gap // 2, bottom), (middle + gap // 2, top, right, bottom)]


def _fit_columns(entries: Sequence[str], boxes: Sequence[Box], canvas: Canvas) -> list[FittedColumn]:
    """Return the columns of a page side by side if all has room there; otherwise one that runs through all pages."""
    grid = PageGrid.for_canvas(canvas)
    blocks = [_entry_blocks(entry, number, canvas) for number, entry in enumerate(entries)]
    measure, largest = box_space(boxes[0], canvas), round(grid.largest * 1.3)
    half = -(-len(blocks) // len(boxes))
    parts = [list(chain(*blocks[number * half : (number + 1) * half])) for number in range(len(boxes))]
    tried = [fit_column(part, measure, grid.smallest, largest) for part in parts]
    # Both columns of a page must have letters of the same size: the smaller base of the two.
    if all(len(column.pages) == 1 for column in tried):
        base = min(column.base for column in tried)
        return [fit_column(part, measure, grid.smallest, base) for part in parts]
    return [fit_column(list(chain(*blocks)), measure, grid.smallest, largest)]


def _entry_blocks(entry: str, number: int, canvas: Canvas) -> list[TextBlock]:
    palette, leading, together = canvas_palette(canvas), 1.75, f"entry {number}"
    match = _ENTRY.match(entry)
    if match and len(match["heading"]) <= _SHORT:
        joined = typeset_text(f"{match['heading']}\u00a0· {match['text']}", canvas.locale)
        return [TextBlock(joined, FontWeight.SEMIBOLD, 1.0, palette.ink, gap=_GAP, leading=leading, kept_with=together)]
    text = typeset_text(match["text"] if match else entry, canvas.locale)
    own = TextBlock(text, FontWeight.REGULAR, 1.0, palette.ink, gap=_GAP, leading=leading, kept_with=together)
    if match is None:
        return [own]
    heading = typeset_text(match["heading"], canvas.locale)
    return [
        TextBlock(heading, FontWeight.BOLD, 0.92, palette.accent, gap=_GAP, leading=leading, kept_with=together),
        replace(own, gap=0.55),
    ]


_GAP = 1.35


def _add_rows(page: Page, rows: Sequence[PlacedLine], box: Box, column: FittedColumn, canvas: Canvas) -> None:
    """Set the rows, with a thin line between two entries, spread over the height if they leave little of it."""
    if not rows:
        return
    palette = canvas_palette(canvas)
    slack = max(0, box[3] - box[1] - rows[-1].bottom)
    top = box[1] + (round(slack * 0.35) if slack < 0.5 * (box[3] - box[1]) else round(slack * 0.2))
    line = mix_colours(palette.paper, palette.ink, 0.14)
    for before, row in pairwise(rows):
        if row.block is not before.block and row.block.gap == _GAP:
            y = top + (before.bottom + row.top) // 2
            page.add(FilledBox((box[0], y, box[2], y + max(1, column.base // 14)), line))
    add_column(page, rows, box[0], top, column)


def _samples(images: SampleImages) -> Iterator[Announcement]:
    yield sample(
        "listing",
        label="Cantine",
        title="Au menu cette semaine",
        source="Restauration scolaire",
        body="Lundi : carottes râpées, poisson pané, riz, compote\n"
        "Mardi : soupe de potiron, omelette, salade, yaourt\n"
        "Jeudi : betteraves, poulet rôti, purée, clémentine\n"
        "Vendredi : taboulé, gratin de légumes, fromage, tarte",
    )


TEMPLATE = AnnouncementTemplate(
    name="listing",
    position=50,
    label=LocalisedText(en="List or menu", fr="Liste ou menu"),
    summary=LocalisedText(
        en="a line of the text for each entry, such as “Monday: carrots, fish, rice”",
        fr="une ligne du texte par entrée, par exemple « Lundi : carottes, poisson, riz »",
    ),
    icon='<path d="M9 6h11M9 12h11M9 18h11M4 6h.1M4 12h.1M4 18h.1"/>',
    hint=LocalisedText(
        en="Each line is an entry. The text before a colon becomes a heading: “Monday: carrots, fish, rice”.",
        fr="Chaque ligne est une entrée. Avec un deux-points, son début devient un titre : « Lundi : carottes, poisson,"
        " riz ».",
    ),
    rows=RowFormat(
        separator=":",
        columns=(LocalisedText(en="Heading", fr="Intitulé"), LocalisedText(en="Text", fr="Texte")),
        has_days=True,
    ),
    layout=lay_out,
    samples=_samples,
)
