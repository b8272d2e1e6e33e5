"""Screen classes: the properties of a display that drawing depends on."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from beffroi_content.model.base_models import Line, WireModel


class DisplayTechnology(StrEnum):
    """Display technologies; they decide which fonts and layouts are used."""

    LCD = "lcd"
    LED = "led"


class ScreenClass(WireModel):
    """A class of equal displays, described as people see them: upright, after rotation."""

    name: Line
    width: Annotated[int, Field(ge=16, le=7680)]
    height: Annotated[int, Field(ge=16, le=7680)]
    technology: DisplayTechnology = DisplayTechnology.LCD
    physical_height_mm: Annotated[int, Field(gt=0, le=100_000)]
    viewing_distance_mm: Annotated[int, Field(gt=0, le=1_000_000)]
    """The distance at which the text must still be read."""
    colour_depth: Literal[1, 8, 24] = 24
    """Bits per pixel: 1 one colour, 8 a few, 24 full colour."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height
