"""A greeting: over a picture, or on the town's colour."""

from __future__ import annotations

from beffroi_content.model import Announcement, ImageFit
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page, PlacedImage
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import FittedColumn, TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import (
    FooterColours,
    PageGrid,
    canvas_palette,
    fit_hierarchy,
    heading_blocks,
)
from beffroi_content.templates.layout.text_box import TextBoxLayout, box_space, column_pages

_SCALES = (3.0, 2.4, 1.9, 1.5, 1.2)


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a greeting."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    bottom = grid.height - grid.foot
    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    if announcement.picture is None:
        box = (2 * grid.margin, grid.margin, grid.width - 2 * grid.margin, bottom - grid.margin)
        column = _greeting_column(announcement, canvas, box)
        composition = TextBoxLayout(box, palette.band, foot, lambda _: None, drop=0.45)
        return column_pages(announcement, canvas, composition, column, centred=True)
    most = (grid.margin, round(bottom * 0.56), grid.width - grid.margin, bottom - grid.margin // 2)
    column = _greeting_column(announcement, canvas, most)
    top = (
        bottom - column.page_heights[0] - round(1.3 * grid.margin) if len(column.pages) == 1 else most[1] - grid.margin
    )
    picture = announcement.picture

    def decorate(page: Page) -> None:
        page.add(PlacedImage((0, 0, grid.width, top), picture, ImageFit.COVER))
        page.add(FilledBox((0, top, grid.width, bottom), palette.band))

    box = (most[0], top + grid.margin * 2 // 3, most[2], most[3])
    return column_pages(announcement, canvas, TextBoxLayout(box, palette.band, foot, decorate, drop=0.0), column)


def _greeting_column(announcement: Announcement, canvas: Canvas, box: Box) -> FittedColumn:
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    body = [
        TextBlock(
            typeset_text(announcement.body, canvas.locale),
            FontWeight.REGULAR,
            1.0,
            palette.band_soft,
            gap=1.4,
            is_balanced=True,
        )
    ]
    candidates = [
        [
            *heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, scale),
            *(body if announcement.body else []),
        ]
        for scale in _SCALES
    ]
    return fit_hierarchy(candidates, box_space(box, canvas), grid.smallest, round(grid.largest * 1.1))
