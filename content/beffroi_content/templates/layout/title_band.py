"""Title band: a heading in a band of the town's colour, for lists and tables."""

from __future__ import annotations

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Box, FilledBox, Page
from beffroi_content.raster.text.text_fitting import FittedColumn, fit_column
from beffroi_content.templates.layout.page_parts import (
    PageGrid,
    add_column,
    canvas_palette,
    fit_hierarchy,
    heading_blocks,
)
from beffroi_content.templates.layout.text_box import box_space

_MOST = 0.36
"""Of the page, at most, for the band."""


def heading_band(announcement: Announcement, canvas: Canvas) -> tuple[FittedColumn, int]:
    """Return the heading and the height of its band; a heading that is longer than a band ends in smaller letters."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    most = round((grid.height - grid.foot) * _MOST)
    pad = _band_padding(grid)
    measure = box_space((grid.margin, pad, grid.width - grid.margin, most - pad), canvas)
    candidates = [
        heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, scale) for scale in (1.6, 1.3, 1.0)
    ]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    # A very long heading is the one text that may go under the legible size: the list below it matters more.
    if len(column.pages) > 1:
        column = fit_column(candidates[-1], measure, max(5, grid.smallest // 2), grid.smallest)
    return column, min(most, column.page_heights[0] + 2 * pad)


def add_band(page: Page, canvas: Canvas, heading: FittedColumn, height: int) -> None:
    """Draw the band with the heading."""
    grid = PageGrid.for_canvas(canvas)
    page.add(FilledBox((0, 0, grid.width, height), canvas_palette(canvas).band))
    top = max(0, height - heading.page_heights[0]) // 2
    add_column(page, heading.pages[0], grid.margin, top, heading)


def below_band(canvas: Canvas, height: int) -> Box:
    """Return the box that is left under the band."""
    grid = PageGrid.for_canvas(canvas)
    pad = _band_padding(grid)
    return (grid.margin, height + pad, grid.width - grid.margin, grid.height - grid.foot - pad)


def _band_padding(grid: PageGrid) -> int:
    return round(grid.margin * 0.75)
