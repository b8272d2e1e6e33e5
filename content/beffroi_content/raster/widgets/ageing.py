"""How data that has become old is shown, or what is shown instead of it."""

from __future__ import annotations

from beffroi_content.model.widget import PAGE_MS, DataWidget, Standing
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.fonts import Weight
from beffroi_content.raster.scene import Page
from beffroi_content.raster.widgets.board import as_of, open_board, paragraph
from beffroi_content.raster.widgets.words import phrase


def quiet(canvas: Canvas, title: str, reason: str) -> Page:
    """Return a page that says what is missing."""
    board = open_board(canvas, title)
    shown = title if board.crisp and canvas.size[1] < 44 else ""
    text = phrase(reason, canvas.locale)
    paragraph(
        board,
        [(shown, Weight.BOLD, 0.3, board.palette.accent), (text, Weight.REGULAR, 0.24, board.palette.soft_ink)],
        board.box,
    )
    return board.page


def missing(widget: DataWidget, canvas: Canvas, at_ms: int | None, title: str, *, needs_time: bool) -> Page | None:
    """Return the page that is shown instead of the data, or None if the data may be shown."""
    if needs_time and at_ms is None:
        return quiet(canvas, title, "no-time")
    if widget.standing(at_ms) is Standing.USELESS:
        return quiet(canvas, title, "no-time" if at_ms is None else "no-data")
    return None


def note_of(widget: DataWidget, canvas: Canvas, at_ms: int | None) -> str:
    """Return who says so, or from when old data is."""
    if widget.fetched_at_ms is None or widget.standing(at_ms) is Standing.FRESH:
        return widget.source
    return " · ".join(part for part in (widget.source, as_of(widget.fetched_at_ms, canvas)) if part)


def page_at(at_ms: int | None, pages: int) -> int:
    """Return the number of the page, from 0, that is shown at an instant."""
    return 0 if at_ms is None else at_ms // PAGE_MS % max(1, pages)
