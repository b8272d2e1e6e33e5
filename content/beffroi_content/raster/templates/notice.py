"""A notice: practical information on a white card, and nothing else."""

from __future__ import annotations

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.palettes import town_palette
from beffroi_content.raster.scene import Fill, Page, Sign, Symbol
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
from beffroi_content.raster.text import Measure


def lay_out(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the pages of a notice."""
    grid, palette = Grid.of(canvas), town_palette(canvas.town.colour)
    edge = round(grid.margin * 0.8)
    card = (edge, edge, grid.width - edge, grid.height - grid.foot - edge)
    bar = max(3, round(grid.margin * 0.22))
    sign = round(grid.margin * 1.5)
    inset = grid.margin
    aside = sign + inset if grid.is_wide else 0
    left = card[0] + bar + inset + aside
    top = card[1] + inset + (0 if grid.is_wide else sign + inset // 2)
    height = card[3] - inset - top
    measure = Measure(card[2] - inset - left, height, height, is_crisp=False, locale=canvas.locale)
    body = [body_block(announcement.body, canvas, palette.ink)] if announcement.body else []
    candidates = [
        heading_blocks(announcement, canvas, palette.accent, palette.ink, scale) + body for scale in TITLE_SCALES
    ]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    pages = []
    for number, rows in enumerate(column.pages, 1):
        page = Page(canvas.size, palette.tint)
        page.add(Fill(card, palette.paper), Fill((card[0], card[1], card[0] + bar, card[3]), palette.band))
        x, y = card[0] + bar + inset, card[1] + inset
        page.add(Symbol((x, y, x + sign, y + sign), Sign.INFORMATION, palette.band, palette.band_ink))
        slack = max(0, height - rows[-1].bottom)
        set_column(page, rows, left, top + round(slack * 0.3), column)
        colours = FootColours(palette.band, palette.band_ink, palette.band_soft)
        add_foot(page, canvas, announcement.source, (number, len(column.pages)), colours)
        pages.append(page)
    return tuple(pages)
