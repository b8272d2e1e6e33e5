"""A page whose title stands in a band of the town's colour, for lists and tables."""

from __future__ import annotations

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.scene import Box, Fill, Page
from beffroi_content.raster.templates.composed import box_measure
from beffroi_content.raster.templates.frame import Grid, fit_hierarchy, heading_blocks, palette_of, set_column
from beffroi_content.raster.text import Column, fit

_MOST = 0.36
"""Of the page, at most, for the band."""


def heading_band(announcement: Announcement, canvas: Canvas) -> tuple[Column, int]:
    """Return the heading and the height of its band; a heading that is longer than a band ends in smaller letters."""
    grid, palette = Grid.of(canvas), palette_of(canvas)
    most = round((grid.height - grid.foot) * _MOST)
    pad = _pad(grid)
    measure = box_measure((grid.margin, pad, grid.width - grid.margin, most - pad), canvas)
    candidates = [
        heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, scale) for scale in (1.6, 1.3, 1.0)
    ]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    if len(column.pages) > 1:
        column = fit(candidates[-1], measure, max(5, grid.smallest // 2), grid.smallest)
    return column, min(most, column.heights[0] + 2 * pad)


def add_band(page: Page, canvas: Canvas, heading: Column, height: int) -> None:
    """Draw the band with the heading."""
    grid = Grid.of(canvas)
    page.add(Fill((0, 0, grid.width, height), palette_of(canvas).band))
    top = max(0, height - heading.heights[0]) // 2
    set_column(page, heading.pages[0], grid.margin, top, heading)


def below_band(canvas: Canvas, height: int) -> Box:
    """Return the box that is left under the band."""
    grid = Grid.of(canvas)
    pad = _pad(grid)
    return (grid.margin, height + pad, grid.width - grid.margin, grid.height - grid.foot - pad)


def _pad(grid: Grid) -> int:
    return round(grid.margin * 0.75)
