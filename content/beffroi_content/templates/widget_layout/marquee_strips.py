"""Marquee strips: one long image for each message that scrolls over a ribbon-shaped screen.

Each message has an image of its own, so that a player can leave out one that is over without drawing anew.
"""

from __future__ import annotations

from beffroi_content.model.widgets import TickerWidget, Widget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import FilledBox, Page
from beffroi_content.raster.text.fonts import FontWeight, TextStyle, font_face
from beffroi_content.raster.text.typography import typeset_text
from beffroi_content.templates.layout.page_parts import PageGrid
from beffroi_content.templates.widget_layout.widget_page import WidgetPage, put_line, shorten_text, widget_palette

MARQUEE_RATIO = 5
"""A screen so many times as wide as high is a ribbon, where messages scroll; on others one is read at a glance."""
WIDEST_STRIP = 8_192
"""Pixels of a message; what is longer ends with an ellipsis."""


def is_marquee(widget: Widget, canvas: Canvas) -> bool:
    """Tell whether a widget scrolls over that canvas."""
    width, height = canvas.size
    return isinstance(widget, TickerWidget) and bool(widget.messages) and width >= MARQUEE_RATIO * height


def marquee_pages(widget: TickerWidget, canvas: Canvas) -> tuple[Page, ...]:
    """Return a page as high as the canvas for each message, with the gap to the next one at its end."""
    palette, grid, height = widget_palette(canvas), PageGrid.for_canvas(canvas), canvas.size[1]
    board = WidgetPage(Page(canvas.size, palette.paper), canvas, grid, palette, (0, 0, *canvas.size))
    style = _strip_style(board, height)
    return tuple(_strip_page(board, each.text, style, height) for each in widget.messages)


def _strip_style(board: WidgetPage, height: int) -> TextStyle:
    capital = height
    while capital > 5 and board.line_height(board.text_style(FontWeight.BOLD, capital)) > height:
        capital -= 1
    # Smooth letters want some air above and below.
    return board.text_style(FontWeight.BOLD, capital if board.crisp else capital * 0.8)


def _strip_page(board: WidgetPage, text: str, style: TextStyle, height: int) -> Page:
    text = shorten_text(typeset_text(text, board.locale).replace("\n", " "), style, WIDEST_STRIP)
    wide = round(font_face(style).text_width(text)) + 1
    gap, dot = 2 * height, max(2, height // 6)
    page = Page((wide + gap, height), board.palette.paper)
    put_line(WidgetPage(page, board.canvas, board.grid, board.palette, (0, 0, wide, height)), text, style,
        (0, 0, wide, height), board.palette.ink)  # fmt: skip
    left, top = wide + (gap - dot) // 2, (height - dot) // 2
    page.add(FilledBox((left, top, left + dot, top + dot), board.palette.accent))
    return page
