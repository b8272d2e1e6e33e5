"""What is computed from data and from the time: every widget, drawn from its data and an instant alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beffroi_content.model import Widget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.scene import Page
from beffroi_content.raster.widgets import figures, lists, sky, tables, times

_LAYOUTS: dict[str, Callable[[Any, Canvas, int | None], Page]] = {
    "clock": times.clock_page,
    "countdown": times.countdown_page,
    "ticker": times.ticker_page,
    "agenda": lists.agenda_page,
    "news": lists.news_page,
    "weather": sky.weather_page,
    "vigilance": sky.vigilance_page,
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
