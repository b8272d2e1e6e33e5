"""A page for each picture, with the title as its caption."""

from __future__ import annotations

from beffroi_content.model import Announcement, AssetReference, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.fonts import Weight
from beffroi_content.raster.palettes import BLACK
from beffroi_content.raster.scene import Fill, Page, Photograph
from beffroi_content.raster.templates import news
from beffroi_content.raster.templates.composed import box_measure
from beffroi_content.raster.templates.frame import (
    FootColours,
    Grid,
    add_foot,
    fit_hierarchy,
    is_within,
    palette_of,
    set_column,
)
from beffroi_content.raster.text import Block, Column
from beffroi_content.raster.typography import typeset


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a slideshow; without pictures, or with more words than a caption has, those of news."""
    first = (announcement.picture,) if announcement.picture else ()
    pictures = (*first, *announcement.pictures)
    caption = _caption(announcement, canvas)
    if not pictures or caption is None:
        return news.lay_out(announcement, canvas)
    return tuple(
        _page(announcement, canvas, picture, caption, (number, len(pictures)))
        for number, picture in enumerate(pictures, 1)
    )


def _caption(announcement: Announcement, canvas: Canvas) -> Column | None:
    grid, palette = Grid.of(canvas), palette_of(canvas)
    box = (grid.margin, 0, grid.width - grid.margin, round(0.3 * (grid.height - grid.foot)))
    measure = box_measure(box, canvas)
    title = typeset(announcement.title, canvas.locale)
    body = [Block(typeset(announcement.body, canvas.locale), Weight.REGULAR, 1.0, palette.band_soft, gap=0.9)]
    candidates = [
        [Block(title, Weight.BOLD, scale, palette.band_ink, leading=1.6), *(body if announcement.body else [])]
        for scale in (1.5, 1.2, 1.0)
    ]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    return column if len(column.pages) == 1 and is_within(column, measure) else None


def _page(
    announcement: Announcement, canvas: Canvas, picture: AssetReference, caption: Column, number: tuple[int, int]
) -> Page:
    grid, palette = Grid.of(canvas), palette_of(canvas)
    bottom, pad = grid.height - grid.foot, round(grid.margin * 0.6)
    top = bottom - caption.heights[0] - 2 * pad
    page = Page(canvas.size, BLACK)
    page.add(Photograph((0, 0, grid.width, top), picture, ImageFit.COVER))
    page.add(Fill((0, top, grid.width, bottom), palette.band))
    set_column(page, caption.pages[0], grid.margin, top + pad, caption)
    add_foot(page, canvas, announcement.source, number, FootColours(palette.band, palette.band_ink, palette.band_soft))
    return page
