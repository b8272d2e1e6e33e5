"""Raster: the tools with which pages are laid out and painted.

Text (fonts, typography, line breaking, fitting), graphics (colours, pictograms), image decoding, and the page, a list
of things to paint. It knows neither templates nor slides.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Return a name of :mod:`beffroi_content.rendering`, where the drawing of slides has moved to."""
    from beffroi_content import rendering  # noqa: PLC0415 -- it imports this package

    return getattr(rendering, name)
