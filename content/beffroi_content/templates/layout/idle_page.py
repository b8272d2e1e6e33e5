"""Idle page: a title and a few lines on a screen that has nothing else to show."""

from __future__ import annotations

from collections.abc import Sequence

from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import BLACK, Rgb, town_palette
from beffroi_content.raster.page import FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import ColumnSpace, TextBlock
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import PageGrid, add_column, fit_hierarchy

_GROUND: Rgb = (20, 26, 36)
_SOFT: Rgb = (196, 204, 216)


def lay_out(title: str, lines: Sequence[str], canvas: Canvas) -> Page:
    """Return one page: a title and a few lines. What has no room at the smallest size is left out."""
    grid = PageGrid.for_canvas(canvas)
    margin = 1 if grid.crisp else grid.margin
    page = Page(canvas.size, BLACK if grid.crisp else _GROUND)
    height = max(1, grid.height - 2 * margin)
    measure = ColumnSpace(max(1, grid.width - 2 * margin), height, height, grid.crisp, canvas.locale)
    smallest = 5 if grid.crisp else max(5, min(grid.smallest, 11))
    text = "\n".join(typeset_text(line, canvas.locale) for line in lines)
    candidates = [
        [
            TextBlock(typeset_text(title, canvas.locale) or "·", FontWeight.BOLD, scale, (255, 255, 255), leading=1.6),
            TextBlock(text, FontWeight.REGULAR, 1.0, _SOFT, gap=2 if grid.crisp else 1.6),
        ]
        for scale in (1.7, 1.3, 1.0)
    ]
    column = fit_hierarchy(candidates, measure, smallest, max(smallest, round(grid.largest * 0.8)))
    rows = column.pages[0]
    if not grid.crisp:
        bar = max(2, grid.margin // 6)
        page.add(FilledBox((0, 0, grid.width, bar), town_palette(canvas.town.colour).band))
    slack = max(0, height - rows[-1].bottom) if rows else 0
    add_column(page, rows, margin, margin + round(slack * 0.42), column)
    return page
