"""What is computed from data and from the time: every widget, drawn from its data and an instant alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beffroi_content.model import Widget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.page import Page
from beffroi_content.templates.widgets import figures, lists, tables, times, weather

_LAYOUTS: dict[str, Callable[[Any, Canvas, int | None], Page]] = {
    "clock": times.clock_page,
    "countdown": times.countdown_page,
    "ticker": times.ticker_page,
    "agenda": lists.agenda_page,
    "news": lists.news_page,
    "weather": weather.weather_page,
    "vigilance": weather.vigilance_page,
    "table": tables.table_page,
    "qr": figures.qr_page,
    "counter": figures.counter_page,
    "gauge": figures.gauge_page,
    "poll": figures.poll_page,
}


def lay_out(widget: Widget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the page of a widget at an instant (Unix time in milliseconds); None: nobody knows the time.

    It raises for no valid widget and no canvas, and is the same for all instants of a tick.
    """
    tick_ms = widget.tick_ms
    if at_ms is not None and tick_ms is not None:
        at_ms -= at_ms % tick_ms
    return _LAYOUTS[widget.kind](widget, canvas, at_ms)
