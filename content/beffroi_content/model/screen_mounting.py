"""Mounting and connection of a screen: parts of the image and their place on the display, limits of downloads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from beffroi_content.model.base_models import WireModel
from beffroi_content.model.layout import Rectangle
from beffroi_content.model.schedule import TimeWindow


class Viewport(WireModel):
    """A part of the image and its place on the display: for LED sending cards, and panels hung in another order.

    Pixels are whole: a part may be rotated and enlarged by whole numbers, never smoothed.
    """

    source: Rectangle
    """The part, within the image after ``ScreenSettings.rotation``."""
    x: Annotated[int, Field(ge=0, le=7680)] = 0
    y: Annotated[int, Field(ge=0, le=7680)] = 0
    """The upper left corner on the display."""
    scale: Annotated[int, Field(ge=1, le=16)] = 1
    """How many pixels of the display each pixel is wide and high."""
    rotation: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which the part is rotated."""


class DownloadSettings(WireModel):
    """Limits of the files that a player downloads: rate, part of the day, and from whom."""

    kilobytes_per_second: Annotated[int | None, Field(ge=8, le=1_000_000)] = None
    """At most, of all downloads together; None: as fast as the connection is."""
    window: TimeWindow | None = None
    """The part of the day in which files are fetched that nothing needs before; what is due today is fetched at once.
    None: at any time."""
    neighbours: bool = False
    """Whether files are asked of other players on the same network, and given to them; each is checked all the same."""
