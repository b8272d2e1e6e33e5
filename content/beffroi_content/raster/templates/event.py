"""An event: the date is seen first, as on a calendar leaf, then title, place and text."""

from __future__ import annotations

from collections.abc import Sequence

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.dates import Occasion, day_number, month_name, occasion, weekday_name
from beffroi_content.raster.fonts import Weight, face
from beffroi_content.raster.palettes import Palette, town_palette
from beffroi_content.raster.scene import Box, Fill, Page, Photograph
from beffroi_content.raster.templates import news
from beffroi_content.raster.templates.frame import (
    TITLE_SCALES,
    FootColours,
    Grid,
    add_foot,
    body_block,
    fit_hierarchy,
    heading_blocks,
    set_column,
)
from beffroi_content.raster.text import Block, Measure, Row, fit
from beffroi_content.raster.typography import typeset


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of an event; one without a date looks like news."""
    if announcement.starts is None:
        return news.lay_out(announcement, canvas)
    grid, palette = Grid.of(canvas), town_palette(canvas.town.colour)
    when = occasion(announcement.starts, announcement.ends, canvas.locale)
    picture, leaf, text = _boxes(grid, announcement)
    measure = Measure(text[2] - text[0], text[3] - text[1], text[3] - text[1], is_crisp=False, locale=canvas.locale)
    candidates = [_blocks(announcement, canvas, palette, scale) for scale in TITLE_SCALES]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    pages = []
    for number, rows in enumerate(column.pages, 1):
        page = Page(canvas.size, palette.paper)
        if announcement.picture and picture:
            page.add(Photograph(picture, announcement.picture, ImageFit.COVER))
        _add_leaf(page, leaf, when, canvas, palette)
        slack = max(0, measure.first - rows[-1].bottom)
        set_column(page, rows, text[0], text[1] + round(slack * (0.45 if grid.is_wide else 0.3)), column)
        colours = FootColours(palette.tint, palette.accent, palette.soft_ink)
        add_foot(page, canvas, announcement.source, (number, len(column.pages)), colours)
        pages.append(page)
    return tuple(pages)


def _boxes(grid: Grid, announcement: Announcement) -> tuple[Box | None, Box, Box]:
    """Return the boxes of the picture, the calendar leaf and the text."""
    bottom, margin = grid.height - grid.foot, grid.margin
    has_picture = announcement.picture is not None
    if grid.is_wide:
        side = min(round(grid.width * (0.4 if has_picture else 0.34)), round(grid.height * 0.85))
        split = round(bottom * 0.5) if has_picture else 0
        text = (side + margin, margin, grid.width - margin, bottom - margin)
        return ((0, 0, side, split) if split else None), (0, split, side, bottom), text
    split = round(bottom * 0.33) if has_picture else 0
    end = split + round(bottom * (0.2 if has_picture else 0.27))
    text = (margin, end + margin, grid.width - margin, bottom - margin)
    return ((0, 0, grid.width, split) if split else None), (0, split, grid.width, end), text


def _blocks(announcement: Announcement, canvas: Canvas, palette: Palette, scale: float) -> list[Block]:
    blocks = heading_blocks(announcement, canvas, palette.accent, palette.ink, scale)
    if announcement.place:
        place = typeset(announcement.place, canvas.locale)
        blocks.append(Block(place, Weight.SEMIBOLD, 1.12, palette.accent, gap=1.25, is_balanced=True))
    if announcement.body:
        blocks.append(body_block(announcement.body, canvas, palette.ink))
    return blocks


def _add_leaf(page: Page, leaf: Box, when: Occasion, canvas: Canvas, palette: Palette) -> None:
    grid = Grid.of(canvas)
    page.add(Fill(leaf, palette.band))
    pad = round(grid.margin * 0.8)
    width, height = leaf[2] - leaf[0], leaf[3] - leaf[1]
    room = Measure(width - 2 * grid.margin, height - 2 * pad, height - 2 * pad, is_crisp=False, locale=canvas.locale)
    is_flat = width > 1.6 * height
    big, lines = _leaf_words(when, canvas.locale)
    soft, ink = palette.band_soft, palette.band_ink
    largest = max(8, height)
    if not is_flat:
        blocks = [
            Block(lines[0], Weight.SEMIBOLD, 1.0, ink, leading=1.5),
            Block(big, Weight.BOLD, 3.6, ink, gap=0.25, leading=1.2),
            Block(lines[1], Weight.BOLD, 1.25, ink, gap=0.55, leading=1.5),
            Block(lines[2], Weight.REGULAR, 1.0, soft, gap=1.0, leading=1.6),
        ]
        column = fit(blocks, room, 6, largest)
        slack = max(0, room.first - column.heights[0])
        set_column(page, column.pages[0], leaf[0] + grid.margin, leaf[1] + pad + slack // 2, column, centred=True)
        return
    day = fit([Block(big, Weight.BOLD, 1.0, ink, leading=1.1)], _narrowed(room, 0.42), 6, round(height * 0.55))
    widest = round(_widest(day.pages[0]))
    y = leaf[1] + (height - day.heights[0]) // 2
    set_column(page, day.pages[0], leaf[0] + grid.margin, y, day)
    left = leaf[0] + grid.margin + widest + round(grid.margin * 0.8)
    rest = Measure(leaf[2] - grid.margin - left, room.first, room.later, is_crisp=False, locale=canvas.locale)
    blocks = [
        Block(" ".join(lines[:2]).strip(), Weight.BOLD, 1.2, ink, leading=1.5, is_balanced=True),
        Block(lines[2], Weight.REGULAR, 1.0, soft, gap=0.8, leading=1.5),
    ]
    column = fit(blocks, rest, 6, round(height * 0.2))
    slack = max(0, height - column.heights[0])
    set_column(page, column.pages[0], left, leaf[1] + slack // 2, column)


def _narrowed(measure: Measure, share: float) -> Measure:
    return Measure(round(measure.width * share), measure.first, measure.later, measure.is_crisp, measure.locale)


def _widest(rows: Sequence[Row]) -> float:
    return max(face(row.style).width(row.text) for row in rows)


def _leaf_words(when: Occasion, locale: str) -> tuple[str, tuple[str, str, str]]:
    """Return what is written large, and the lines above, below and under that."""
    hours = typeset(when.hours, locale)
    first, last = when.first, when.last
    if first == last:
        return day_number(first, locale), (weekday_name(first, locale), month_name(first, locale), hours)
    days = f"{weekday_name(first, locale)} – {weekday_name(last, locale)}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{last.day}", (days, month_name(first, locale), hours)
    months = f"{month_name(first, locale)} – {month_name(last, locale)}"
    return f"{first.day}–{last.day}", (days, months, hours)
