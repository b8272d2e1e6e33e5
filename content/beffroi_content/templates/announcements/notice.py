"""A notice: practical information on a white card, and nothing else."""

from __future__ import annotations

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import FilledBox, Page, Pictogram, PlacedPictogram
from beffroi_content.templates.layout.page_parts import FooterColours, PageGrid, canvas_palette
from beffroi_content.templates.layout.text_box import TextBoxLayout, compose_text


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a notice."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    edge, inset = round(grid.margin * 0.8), grid.margin
    left, top, right, bottom = edge, edge, grid.width - edge, grid.height - grid.foot - edge
    bar, sign = max(3, round(grid.margin * 0.22)), round(grid.margin * 1.5)
    x, y = left + bar + inset, top + inset

    def decorate(page: Page) -> None:
        page.add(
            FilledBox((left, top, right, bottom), palette.paper),
            FilledBox((left, top, left + bar, bottom), palette.band),
        )
        page.add(PlacedPictogram((x, y, x + sign, y + sign), Pictogram.INFORMATION, palette.band, palette.band_ink))

    beside = (x + sign + inset, y) if grid.is_wide else (x, y + sign + inset // 2)
    foot = FooterColours(palette.band, palette.band_ink, palette.band_soft)
    box = (*beside, right - inset, bottom - inset)
    return compose_text(announcement, canvas, TextBoxLayout(box, palette.tint, foot, decorate, drop=0.3))
