"""What is computed from data and from the time: one module per widget."""

from __future__ import annotations

from beffroi_content.model import Widget
from beffroi_content.raster.canvas import Canvas
from beffroi_content.raster.dates import at_words
from beffroi_content.raster.scene import Page
from beffroi_content.raster.templates import plain


def lay_out(widget: Widget, canvas: Canvas, at_ms: int | None) -> Page:
    """Return the page of a widget at an instant (Unix time in milliseconds); None: nobody knows the time."""
    time = "" if at_ms is None else at_words(at_ms, canvas.time_zone, canvas.locale)
    return plain.lay_out(time, [widget.title], canvas)
