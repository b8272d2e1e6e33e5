"""Nothing but large letters on the town's colour."""

from __future__ import annotations

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.fonts import Weight
from beffroi_content.raster.lines import Hyphenation
from beffroi_content.raster.scene import Fill, Page
from beffroi_content.raster.templates.composed import Composition, box_measure, column_pages
from beffroi_content.raster.templates.frame import FootColours, Grid, fit_hierarchy, heading_blocks, palette_of
from beffroi_content.raster.text import Block
from beffroi_content.raster.typography import typeset


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a text."""
    grid, palette = Grid.of(canvas), palette_of(canvas)
    inset = round(1.5 * grid.margin)
    box = (inset, inset, grid.width - inset, grid.height - grid.foot - grid.margin)
    body = Block(
        typeset(announcement.body, canvas.locale), Weight.SEMIBOLD, 1.0, palette.band_ink, gap=1.5,
        hyphenation=Hyphenation.WELCOME,
    )  # fmt: skip
    candidates = [
        [
            *heading_blocks(announcement, canvas, palette.band_soft, palette.band_ink, scale),
            *([body] if announcement.body else []),
        ]
        for scale in (2.4, 2.0, 1.6, 1.3)
    ]
    column = fit_hierarchy(candidates, box_measure(box, canvas), grid.smallest, round(grid.largest * 1.6))
    bar = max(4, grid.margin // 5)

    def decorate(page: Page) -> None:
        page.add(Fill((inset, 0, inset + 3 * grid.margin, bar), palette.band_ink))

    foot = FootColours(palette.band, palette.band_ink, palette.band_soft)
    return column_pages(announcement, canvas, Composition(box, palette.band, foot, decorate, drop=0.42), column)
