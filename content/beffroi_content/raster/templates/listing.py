"""A list, such as a menu: each line an entry, with a heading where the line begins with one and a colon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, pairwise

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.fonts import Weight
from beffroi_content.raster.palettes import mix
from beffroi_content.raster.scene import Box, Fill, Page
from beffroi_content.raster.templates import band, notice
from beffroi_content.raster.templates.composed import box_measure
from beffroi_content.raster.templates.frame import FootColours, Grid, add_foot, palette_of, set_column
from beffroi_content.raster.text import Block, Column, Row, fit
from beffroi_content.raster.typography import typeset

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
    grid, palette = Grid.of(canvas), palette_of(canvas)
    heading, height = band.heading_band(announcement, canvas)
    boxes = _boxes(band.below_band(canvas, height), grid, len(entries))
    columns = _columns(entries, boxes, canvas)
    slots = [(column, rows) for column in columns for rows in column.pages]
    count = -(-len(slots) // len(boxes))
    pages = []
    for number in range(count):
        page = Page(canvas.size, palette.paper)
        band.add_band(page, canvas, heading, height)
        for (column, rows), box in zip(slots[number * len(boxes) :], boxes, strict=False):
            _add_rows(page, rows, box, column, canvas)
        foot = FootColours(palette.tint, palette.accent, palette.soft_ink)
        add_foot(page, canvas, announcement.source, (number + 1, count), foot)
        pages.append(page)
    return tuple(pages)


def _boxes(box: Box, grid: Grid, entries: int) -> list[Box]:
    if not grid.is_wide or entries < _COLUMNS_FROM:
        return [box]
    left, top, right, bottom = box
    gap = round(1.2 * grid.margin)
    middle = (left + right) // 2
    return [(left, top, middle - gap // 2, bottom), (middle + gap // 2, top, right, bottom)]


def _columns(entries: Sequence[str], boxes: Sequence[Box], canvas: Canvas) -> list[Column]:
    """Return the columns of a page side by side if all has room there; otherwise one that runs through all pages."""
    grid = Grid.of(canvas)
    blocks = [_blocks(entry, number, canvas) for number, entry in enumerate(entries)]
    measure, largest = box_measure(boxes[0], canvas), round(grid.largest * 1.3)
    half = -(-len(blocks) // len(boxes))
    parts = [list(chain(*blocks[number * half : (number + 1) * half])) for number in range(len(boxes))]
    tried = [fit(part, measure, grid.smallest, largest) for part in parts]
    if all(len(column.pages) == 1 for column in tried):
        base = min(column.base for column in tried)
        return [fit(part, measure, grid.smallest, base) for part in parts]
    return [fit(list(chain(*blocks)), measure, grid.smallest, largest)]


def _blocks(entry: str, number: int, canvas: Canvas) -> list[Block]:
    palette, leading, together = palette_of(canvas), 1.75, f"entry {number}"
    match = _ENTRY.match(entry)
    if match and len(match["heading"]) <= _SHORT:
        joined = typeset(f"{match['heading']}\u00a0· {match['text']}", canvas.locale)
        return [Block(joined, Weight.SEMIBOLD, 1.0, palette.ink, gap=_GAP, leading=leading, kept_with=together)]
    text = typeset(match["text"] if match else entry, canvas.locale)
    own = Block(text, Weight.REGULAR, 1.0, palette.ink, gap=_GAP, leading=leading, kept_with=together)
    if match is None:
        return [own]
    heading = typeset(match["heading"], canvas.locale)
    return [
        Block(heading, Weight.BOLD, 0.92, palette.accent, gap=_GAP, leading=leading, kept_with=together),
        replace(own, gap=0.55),
    ]


_GAP = 1.35


def _add_rows(page: Page, rows: Sequence[Row], box: Box, column: Column, canvas: Canvas) -> None:
    """Set the rows, with a thin line between two entries, spread over the height if they leave little of it."""
    if not rows:
        return
    palette = palette_of(canvas)
    slack = max(0, box[3] - box[1] - rows[-1].bottom)
    top = box[1] + (round(slack * 0.35) if slack < 0.5 * (box[3] - box[1]) else round(slack * 0.2))
    line = mix(palette.paper, palette.ink, 0.14)
    for before, row in pairwise(rows):
        if row.block is not before.block and row.block.gap == _GAP:
            y = top + (before.bottom + row.top) // 2
            page.add(Fill((box[0], y, box[2], y + max(1, column.base // 14)), line))
    set_column(page, rows, box[0], top, column)
