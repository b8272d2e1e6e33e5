"""News: a picture beside or above the text; without one, the title stands on a field of the town's colour."""

from __future__ import annotations

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.palettes import town_palette
from beffroi_content.raster.scene import Box, Fill, Page, Photograph
from beffroi_content.raster.templates.flow import flow_pages
from beffroi_content.raster.templates.frame import (
    TITLE_SCALES,
    FootColours,
    Grid,
    add_foot,
    body_block,
    fit_hierarchy,
    heading_blocks,
    is_within,
    set_column,
)
from beffroi_content.raster.text import Measure, fit


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a piece of news."""
    if announcement.picture:
        return _with_picture(announcement, canvas)
    return _poster(announcement, canvas) or flow_pages(announcement, canvas)


def _with_picture(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    assert announcement.picture is not None
    grid, palette = Grid.of(canvas), town_palette(canvas.town.colour)
    picture, text = _halves(grid, bool(announcement.body))
    measure = Measure(text[2] - text[0], text[3] - text[1], text[3] - text[1], is_crisp=False, locale=canvas.locale)
    body = [body_block(announcement.body, canvas, palette.ink)] if announcement.body else []
    candidates = [
        heading_blocks(announcement, canvas, palette.accent, palette.ink, scale) + body for scale in TITLE_SCALES
    ]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    pages = []
    for number, rows in enumerate(column.pages, 1):
        page = Page(canvas.size, palette.paper)
        page.add(Photograph(picture, announcement.picture, ImageFit.COVER))
        slack = max(0, measure.first - rows[-1].bottom)
        set_column(page, rows, text[0], text[1] + round(slack * (0.45 if grid.is_wide else 0.3)), column)
        colours = FootColours(palette.band, palette.band_ink, palette.band_soft)
        add_foot(page, canvas, announcement.source, (number, len(column.pages)), colours)
        pages.append(page)
    return tuple(pages)


def _halves(grid: Grid, has_body: bool) -> tuple[Box, Box]:
    """Return the boxes of the picture and of the text."""
    bottom = grid.height - grid.foot
    if grid.is_wide:
        left = round(grid.width * (0.54 if has_body else 0.48))
        return (left, 0, grid.width, bottom), (grid.margin, grid.margin, left - grid.margin, bottom - grid.margin)
    top = round(bottom * (0.4 if has_body else 0.58))
    return (0, 0, grid.width, top), (grid.margin, top + grid.margin, grid.width - grid.margin, bottom - grid.margin)


def _poster(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return nothing if the title does not leave enough room for the text."""
    grid, palette = Grid.of(canvas), town_palette(canvas.town.colour)
    width, bottom = grid.width - 2 * grid.margin, grid.height - grid.foot
    pad = round(grid.margin * 1.15)
    share = 0.46 if announcement.body else 1.0
    room = round(bottom * share) - 2 * pad
    measure = Measure(width, room, room, is_crisp=False, locale=canvas.locale)
    heading = heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, 2.3)
    title = fit(heading, measure, max(1, round(grid.smallest / 2)), round(grid.title / 2.3))
    if len(title.pages) > 1 or not is_within(title, measure):
        return ()
    field = round(title.heights[0]) + 2 * pad if announcement.body else bottom
    field = max(field, round(bottom * 0.3))
    text = Measure(width, bottom - field - 2 * pad, bottom - field - 2 * pad, is_crisp=False, locale=canvas.locale)
    column = fit([body_block(announcement.body, canvas, palette.ink)], text, grid.smallest, round(grid.largest * 1.1))
    pages = []
    for number, rows in enumerate(column.pages, 1):
        page = Page(canvas.size, palette.paper)
        page.add(Fill((0, 0, grid.width, field), palette.band))
        rest = (field - title.heights[0]) / 2 if announcement.body else (field - title.heights[0]) * 0.42
        set_column(page, title.pages[0], grid.margin, round(rest), title)
        if rows:
            slack = max(0, text.first - rows[-1].bottom)
            set_column(page, rows, grid.margin, field + pad + round(slack * 0.36), column)
        colours = FootColours(palette.tint, palette.accent, palette.soft_ink)
        add_foot(page, canvas, announcement.source, (number, len(column.pages)), colours)
        pages.append(page)
    return tuple(pages)
