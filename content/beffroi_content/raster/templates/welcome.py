"""A greeting: over a picture, or on the town's colour."""

from __future__ import annotations

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.fonts import Weight
from beffroi_content.raster.scene import Box, Fill, Page, Photograph
from beffroi_content.raster.templates.composed import Composition, box_measure, column_pages
from beffroi_content.raster.templates.frame import FootColours, Grid, fit_hierarchy, heading_blocks, palette_of
from beffroi_content.raster.text import Block, Column
from beffroi_content.raster.typography import typeset

_SCALES = (3.0, 2.4, 1.9, 1.5, 1.2)


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a greeting."""
    grid, palette = Grid.of(canvas), palette_of(canvas)
    bottom = grid.height - grid.foot
    foot = FootColours(palette.band, palette.band_ink, palette.band_soft)
    if announcement.picture is None:
        box = (2 * grid.margin, grid.margin, grid.width - 2 * grid.margin, bottom - grid.margin)
        column = _column(announcement, canvas, box)
        composition = Composition(box, palette.band, foot, lambda _: None, drop=0.45)
        return column_pages(announcement, canvas, composition, column, centred=True)
    most = (grid.margin, round(bottom * 0.56), grid.width - grid.margin, bottom - grid.margin // 2)
    column = _column(announcement, canvas, most)
    top = bottom - column.heights[0] - round(1.3 * grid.margin) if len(column.pages) == 1 else most[1] - grid.margin
    picture = announcement.picture

    def decorate(page: Page) -> None:
        page.add(Photograph((0, 0, grid.width, top), picture, ImageFit.COVER))
        page.add(Fill((0, top, grid.width, bottom), palette.band))

    box = (most[0], top + grid.margin * 2 // 3, most[2], most[3])
    return column_pages(announcement, canvas, Composition(box, palette.band, foot, decorate, drop=0.0), column)


def _column(announcement: Announcement, canvas: Canvas, box: Box) -> Column:
    grid, palette = Grid.of(canvas), palette_of(canvas)
    body = [
        Block(
            typeset(announcement.body, canvas.locale), Weight.REGULAR, 1.0, palette.band_soft, gap=1.4, is_balanced=True
        )
    ]
    candidates = [
        [
            *heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, scale),
            *(body if announcement.body else []),
        ]
        for scale in _SCALES
    ]
    return fit_hierarchy(candidates, box_measure(box, canvas), grid.smallest, round(grid.largest * 1.1))
