"""Short messages that glide over a ribbon: one long picture for each, so that a player can leave out what is over."""

from __future__ import annotations

from beffroi_content.model.widget import TickerWidget, Widget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.fonts import Style, Weight, face
from beffroi_content.raster.scene import Fill, Page
from beffroi_content.raster.templates.frame import Grid
from beffroi_content.raster.typography import typeset
from beffroi_content.raster.widgets.board import Board, palette_of, put, shortened

RIBBON = 5
"""How many times as wide as high a screen is on which messages glide; on others a message is read at a glance."""
WIDEST = 8_192
"""Pixels of a message; what is longer ends with an ellipsis."""


def glides(widget: Widget, canvas: Canvas) -> bool:
    """Tell whether a widget glides over that canvas."""
    width, height = canvas.size
    return isinstance(widget, TickerWidget) and bool(widget.messages) and width >= RIBBON * height


def lay_out(widget: TickerWidget, canvas: Canvas) -> tuple[Page, ...]:
    """Return a page as high as the canvas for each message, with the gap to the next one at its end."""
    palette, grid, height = palette_of(canvas), Grid.of(canvas), canvas.size[1]
    board = Board(Page(canvas.size, palette.paper), canvas, grid, palette, (0, 0, *canvas.size))
    style = _style(board, height)
    return tuple(_strip(board, each.text, style, height) for each in widget.messages)


def _style(board: Board, height: int) -> Style:
    capital = height
    while capital > 5 and board.line_height(board.style(Weight.BOLD, capital)) > height:
        capital -= 1
    # Smooth letters want some air above and below.
    return board.style(Weight.BOLD, capital if board.crisp else capital * 0.8)


def _strip(board: Board, text: str, style: Style, height: int) -> Page:
    text = shortened(typeset(text, board.locale).replace("\n", " "), style, WIDEST)
    wide = round(face(style).width(text)) + 1
    gap, dot = 2 * height, max(2, height // 6)
    page = Page((wide + gap, height), board.palette.paper)
    put(Board(page, board.canvas, board.grid, board.palette, (0, 0, wide, height)), text, style,
        (0, 0, wide, height), board.palette.ink)  # fmt: skip
    left, top = wide + (gap - dot) // 2, (height - dot) // 2
    page.add(Fill((left, top, left + dot, top + dot), board.palette.accent))
    return page
