"""Single column: an announcement as running text, for canvases that have no room for a composition, and for panels."""

from __future__ import annotations

from collections.abc import Callable

from beffroi_content.model import Announcement
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.graphics.palettes import ColourPalette, panel_palette
from beffroi_content.raster.page import FilledBox, Page
from beffroi_content.raster.text.dates import describe_event_dates
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.raster.text.text_fitting import ColumnSpace, FittedColumn, TextBlock, fit_column
from beffroi_content.raster.text.typography import capital_letters, typeset_text
from beffroi_content.templates.layout.page_parts import (
    FooterColours,
    PageGrid,
    add_column,
    add_footer,
    body_block,
    canvas_palette,
    fit_hierarchy,
    heading_blocks,
)
from beffroi_content.templates.layout.qr_code import short_address


def single_column_pages(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the announcement as plain pages of text on paper."""
    grid, palette = PageGrid.for_canvas(canvas), canvas_palette(canvas)
    height = grid.height - grid.foot - 2 * grid.margin
    measure = ColumnSpace(grid.width - 2 * grid.margin, height, height, is_crisp=False, locale=canvas.locale)
    candidates = [_text_blocks(announcement, canvas, palette, scale) for scale in (1.6, 1.35, 1.15)]
    column = fit_hierarchy(candidates, measure, grid.smallest, grid.largest)
    pages = []
    for number, rows in enumerate(column.pages, 1):
        page = Page(canvas.size, palette.paper)
        add_column(page, rows, grid.margin, grid.margin, column)
        colours = FooterColours(palette.band, palette.band_ink, palette.band_soft)
        add_footer(page, canvas, announcement.source, (number, len(column.pages)), colours)
        pages.append(page)
    return tuple(pages)


def _text_blocks(announcement: Announcement, canvas: Canvas, palette: ColourPalette, scale: float) -> list[TextBlock]:
    blocks = heading_blocks(announcement, canvas, palette.accent, palette.ink, scale)
    when = _dates_text(announcement, canvas.locale)
    details = "\n".join(typeset_text(text, canvas.locale) for text in (when, announcement.place) if text)
    if details:
        blocks.append(TextBlock(details, FontWeight.SEMIBOLD, 1.0, palette.accent, gap=1.2))
    if announcement.body:
        blocks.append(body_block(announcement.body, canvas, palette.ink))
    return blocks


def _dates_text(announcement: Announcement, locale: str) -> str:
    return describe_event_dates(announcement.starts, announcement.ends, locale).full_text if announcement.starts else ""


def panel_pages(announcement: Announcement, canvas: Canvas) -> tuple[Page, ...]:
    """Return the announcement for an LED panel or another very small canvas: light on black, bitmap letters."""
    palette = panel_palette(canvas.town.colour, canvas.screen_class.colour_depth)
    smallest, largest = PageGrid.for_canvas(canvas).smallest, _largest_capital(canvas)
    measure = panel_space(canvas)
    lead, details = _panel_blocks(announcement, canvas, palette)
    whole = fit_hierarchy([[*lead(scale), *details] for scale in (1.6, 1.3, 1.0)], measure, smallest, largest)
    # What does not fit on one panel is divided by sense: a page with the heading, then the text, each as large as
    # it can be.
    columns = [whole]
    if len(whole.pages) > 1 and details:
        heading = fit_hierarchy([lead(scale) for scale in (1.6, 1.3, 1.0)], measure, smallest, largest)
        columns = [heading, fit_column(details, measure, smallest, largest)]
    return tuple(
        _panel_page(canvas, palette, column, index) for column in columns for index in range(len(column.pages))
    )


def panel_space(canvas: Canvas) -> ColumnSpace:
    """Return the room for text on a panel: a bar of colour, and a pixel or two of air."""
    width, height = canvas.size
    left, air = panel_insets(canvas)
    return ColumnSpace(
        max(1, width - left - air), max(1, height - 2 * air), max(1, height - 2 * air), True, canvas.locale
    )


def panel_insets(canvas: Canvas) -> tuple[int, int]:
    """Return the pixels left of the text and around it."""
    width, height = canvas.size
    air = 0 if height < 24 else max(1, min(width, height) // 48)
    return (air + 1 if width < 96 else 3 + 2 * air), air


def _largest_capital(canvas: Canvas) -> int:
    return max(7, canvas.size[1] // 4)


def _panel_blocks(
    announcement: Announcement, canvas: Canvas, palette: ColourPalette
) -> tuple[Callable[[float], list[TextBlock]], list[TextBlock]]:
    """Return the heading for a scale of its title, and all that comes after."""
    locale = canvas.locale
    kicker = _kicker_text(announcement, canvas)
    title, figure = typeset_text(announcement.title, locale), typeset_text(announcement.figure, locale)

    def lead(scale: float) -> list[TextBlock]:
        blocks = [TextBlock(kicker, FontWeight.REGULAR, 1.0, palette.accent)] if kicker else []
        if figure:
            blocks.append(TextBlock(figure, FontWeight.BOLD, scale * 1.5, palette.accent, gap=2))
        return [*blocks, TextBlock(title, FontWeight.BOLD, scale, palette.ink, gap=2, is_balanced=True)]

    place, address = typeset_text(announcement.place, locale), short_address(announcement.link)
    details = [TextBlock(place, FontWeight.REGULAR, 1.0, palette.accent, gap=2)] if place else []
    if body := typeset_text(announcement.body, locale):
        details.append(TextBlock(body, FontWeight.REGULAR, 1.0, palette.soft_ink, gap=2))
    if address:
        details.append(TextBlock(address, FontWeight.BOLD, 1.0, palette.accent, gap=2, is_kept=True))
    return lead, details


def _kicker_text(announcement: Announcement, canvas: Canvas) -> str:
    if announcement.starts:
        return typeset_text(
            describe_event_dates(announcement.starts, announcement.ends, canvas.locale).short_text, canvas.locale
        )
    return capital_letters(typeset_text(announcement.label, canvas.locale), canvas.locale)


def _panel_page(canvas: Canvas, palette: ColourPalette, column: FittedColumn, index: int) -> Page:
    width, height = canvas.size
    page = Page(canvas.size, palette.paper)
    left, air = panel_insets(canvas)
    if width >= 96:
        page.add(FilledBox((0, 0, 1 + air, height), palette.accent))
    rows = column.pages[index]
    slack = max(0, height - 2 * air - rows[-1].bottom)
    add_column(page, rows, left, air + slack // 2, column)
    return page
