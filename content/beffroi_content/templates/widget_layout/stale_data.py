"""Stale data: the note that says from when data is, and the page that stands in for data too old to show."""

from __future__ import annotations

from beffroi_content.model.widgets import PAGE_MS, DataFreshness, DataWidget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page
from beffroi_content.raster.text.fonts import FontWeight
from beffroi_content.templates.widget_layout.phrases import phrase
from beffroi_content.templates.widget_layout.widget_page import add_paragraph, data_age_text, open_widget_page


def message_page(canvas: Canvas, title: str, reason: str) -> Page:
    """Return a page that says which data is missing."""
    board = open_widget_page(canvas, title)
    shown = title if board.crisp and canvas.size[1] < 44 else ""
    text = phrase(reason, canvas.locale)
    add_paragraph(
        board,
        [(shown, FontWeight.BOLD, 0.3, board.palette.accent), (text, FontWeight.REGULAR, 0.24, board.palette.soft_ink)],
        board.box,
    )
    return board.page


def missing_data_page(
    widget: DataWidget, canvas: Canvas, at_ms: int | None, title: str, *, needs_time: bool
) -> Page | None:
    """Return the page that is shown instead of the data, or None if the data may be shown."""
    # Without the time nobody knows whether an event has passed or which day the forecast is for: say nothing
    # rather than something wrong.
    if needs_time and at_ms is None:
        return message_page(canvas, title, "no-time")
    if widget.freshness_at(at_ms) is DataFreshness.USELESS:
        return message_page(canvas, title, "no-time" if at_ms is None else "no-data")
    return None


def source_note(widget: DataWidget, canvas: Canvas, at_ms: int | None) -> str:
    """Return who made the data and the town's name for it, and of data that has become old the time that it is from."""
    credit = "" if widget.credit.casefold() in widget.source.casefold() else widget.credit
    is_old = widget.fetched_at_ms is not None and widget.freshness_at(at_ms) is not DataFreshness.FRESH
    age = data_age_text(widget.fetched_at_ms, canvas) if widget.fetched_at_ms is not None and is_old else ""
    return " · ".join(part for part in (credit, widget.source, age) if part)


def page_number_at(at_ms: int | None, pages: int) -> int:
    """Return the number of the page, from 0, that is shown at an instant."""
    return 0 if at_ms is None else at_ms // PAGE_MS % max(1, pages)
