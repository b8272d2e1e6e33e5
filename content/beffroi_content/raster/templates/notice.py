"""A notice: practical information on a white card, and nothing else."""

from __future__ import annotations

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.scene import Fill, Page, Sign, Symbol
from beffroi_content.raster.templates.composed import Composition, compose_text
from beffroi_content.raster.templates.frame import FootColours, Grid, palette_of


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a notice."""
    grid, palette = Grid.of(canvas), palette_of(canvas)
    edge, inset = round(grid.margin * 0.8), grid.margin
    left, top, right, bottom = edge, edge, grid.width - edge, grid.height - grid.foot - edge
    bar, sign = max(3, round(grid.margin * 0.22)), round(grid.margin * 1.5)
    x, y = left + bar + inset, top + inset

    def decorate(page: Page) -> None:
        page.add(Fill((left, top, right, bottom), palette.paper), Fill((left, top, left + bar, bottom), palette.band))
        page.add(Symbol((x, y, x + sign, y + sign), Sign.INFORMATION, palette.band, palette.band_ink))

    beside = (x + sign + inset, y) if grid.is_wide else (x, y + sign + inset // 2)
    foot = FootColours(palette.band, palette.band_ink, palette.band_soft)
    box = (*beside, right - inset, bottom - inset)
    return compose_text(announcement, canvas, Composition(box, palette.tint, foot, decorate, drop=0.3))
