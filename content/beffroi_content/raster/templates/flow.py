"""Everything in one column, page after page: what is left when a canvas has no room for a composition."""

from __future__ import annotations

from collections.abc import Callable

from beffroi_content.model import Announcement, Template
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.dates import occasion
from beffroi_content.raster.fonts import Weight
from beffroi_content.raster.palettes import Palette, night_palette
from beffroi_content.raster.scene import Fill, Page
from beffroi_content.raster.templates.code import short_address
from beffroi_content.raster.templates.frame import (
    FootColours,
    Grid,
    add_foot,
    body_block,
    fit_hierarchy,
    heading_blocks,
    palette_of,
    set_column,
)
from beffroi_content.raster.text import Block, Column, Measure, fit
from beffroi_content.raster.typography import typeset


def flow_pages(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the announcement as plain pages of text on paper."""
    grid, palette = Grid.of(canvas), palette_of(canvas)
    height = grid.height - grid.foot - 2 * grid.margin
    measure = Measure(grid.width - 2 * grid.margin, height, height, is_crisp=False, locale=canvas.locale)
    candidates = [_blocks(announcement, canvas, palette, scale) for scale in (1.6, 1.35, 1.15)]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    pages = []
    for number, rows in enumerate(column.pages, 1):
        page = Page(canvas.size, palette.paper)
        set_column(page, rows, grid.margin, grid.margin, column)
        colours = FootColours(palette.band, palette.band_ink, palette.band_soft)
        add_foot(page, canvas, announcement.source, (number, len(column.pages)), colours)
        pages.append(page)
    return tuple(pages)


def _blocks(announcement: Announcement, canvas: Canvas, palette: Palette, scale: float) -> list[Block]:
    blocks = heading_blocks(announcement, canvas, palette.accent, palette.ink, scale)
    when = _when(announcement, canvas.locale)
    details = "\n".join(typeset(text, canvas.locale) for text in (when, announcement.place) if text)
    if details:
        blocks.append(Block(details, Weight.SEMIBOLD, 1.0, palette.accent, gap=1.2))
    if announcement.body:
        blocks.append(body_block(announcement.body, canvas, palette.ink))
    return blocks


def _when(announcement: Announcement, locale: str) -> str:
    return occasion(announcement.starts, announcement.ends, locale).line if announcement.starts else ""


def panel_pages(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the announcement for an LED panel or another very small canvas: light on black, bitmap letters."""
    palette = night_palette(canvas.town.colour, canvas.screen_class.colour_depth)
    smallest, largest = Grid.of(canvas).smallest, _largest(canvas)
    measure = panel_measure(canvas)
    lead, rest = _panel_blocks(announcement, canvas, palette)
    whole = fit_hierarchy([[*lead(scale), *rest] for scale in (1.6, 1.3, 1.0)], measure, smallest, largest)
    columns = [whole]
    if len(whole.pages) > 1 and rest:
        heading = fit_hierarchy([lead(scale) for scale in (1.6, 1.3, 1.0)], measure, smallest, largest)
        columns = [heading, fit(rest, measure, smallest, largest)]
    return tuple(
        _panel_page(canvas, palette, column, index) for column in columns for index in range(len(column.pages))
    )


def panel_measure(canvas: Canvas) -> Measure:
    """Return the room for text on a panel: a bar of colour, and a pixel or two of air."""
    width, height = canvas.size
    left, air = panel_insets(canvas)
    return Measure(max(1, width - left - air), max(1, height - 2 * air), max(1, height - 2 * air), True, canvas.locale)


def panel_insets(canvas: Canvas) -> tuple[int, int]:
    """Return the pixels left of the text and around it."""
    width, height = canvas.size
    air = 0 if height < 24 else max(1, min(width, height) // 48)
    return (air + 1 if width < 96 else 3 + 2 * air), air


def _largest(canvas: Canvas) -> int:
    return max(7, canvas.size[1] // 4)


def _panel_blocks(
    announcement: Announcement, canvas: Canvas, palette: Palette
) -> tuple[Callable[[float], list[Block]], list[Block]]:
    """Return the heading for a scale of its title, and all that comes after."""
    locale = canvas.locale
    kicker = _kicker(announcement, canvas)
    title = typeset(announcement.title, locale)

    def lead(scale: float) -> list[Block]:
        blocks = [Block(kicker, Weight.REGULAR, 1.0, palette.accent)] if kicker else []
        if announcement.figure:
            blocks.append(Block(typeset(announcement.figure, locale), Weight.BOLD, scale * 1.5, palette.accent, gap=2))
        return [*blocks, Block(title, Weight.BOLD, scale, palette.ink, gap=2, is_balanced=True)]

    place, address = typeset(announcement.place, locale), short_address(announcement.link)
    rest = [Block(place, Weight.REGULAR, 1.0, palette.accent, gap=2)] if place else []
    if announcement.body:
        rest.append(Block(typeset(_panel_body(announcement), locale), Weight.REGULAR, 1.0, palette.soft_ink, gap=2))
    if address:
        rest.append(Block(address, Weight.BOLD, 1.0, palette.accent, gap=2, is_kept=True))
    return lead, rest


def _panel_body(announcement: Announcement) -> str:
    """Return the body; of a table, each row in one line, without its heading."""
    if announcement.template is not Template.TIMETABLE:
        return announcement.body
    rows = [[cell.strip() for cell in line.split("|")] for line in announcement.body.split("\n") if line.strip()]
    return "\n".join(" · ".join(cell for cell in row if cell) for row in (rows[1:] if len(rows[0]) > 1 else rows))


def _kicker(announcement: Announcement, canvas: Canvas) -> str:
    if announcement.starts:
        return typeset(occasion(announcement.starts, announcement.ends, canvas.locale).short_line, canvas.locale)
    return typeset(announcement.label, canvas.locale).upper()


def _panel_page(canvas: Canvas, palette: Palette, column: Column, index: int) -> Page:
    width, height = canvas.size
    page = Page(canvas.size, palette.paper)
    left, air = panel_insets(canvas)
    if width >= 96:
        page.add(Fill((0, 0, 1 + air, height), palette.accent))
    rows = column.pages[index]
    slack = max(0, height - 2 * air - rows[-1].bottom)
    set_column(page, rows, left, air + slack // 2, column)
    return page
