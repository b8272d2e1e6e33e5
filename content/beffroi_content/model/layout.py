"""Layouts: the zones of a screen."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from beffroi_content.model.base_models import Identifier, WireModel

FULL_SCREEN = "main"
"""The zone of a layout that has only one."""


class Rectangle(WireModel):
    """A rectangle in pixels, from the upper left corner of the upright screen."""

    x: Annotated[int, Field(ge=0, le=7680)] = 0
    y: Annotated[int, Field(ge=0, le=7680)] = 0
    width: Annotated[int, Field(ge=1, le=7680)]
    height: Annotated[int, Field(ge=1, le=7680)]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.width, self.height


class LayoutZone(WireModel):
    """A rectangle that has a loop of its own."""

    id: Identifier
    rectangle: Rectangle


class Layout(WireModel):
    """The zones of a screen in drawing order: a later zone lies over an earlier one."""

    zones: Annotated[tuple[LayoutZone, ...], Field(min_length=1, max_length=16)]

    @model_validator(mode="after")
    def _check_zone_names(self) -> Layout:
        names = [zone.id for zone in self.zones]
        if len(set(names)) != len(names):
            raise ValueError("two zones of a layout have the same name")
        return self

    @classmethod
    def full_screen(cls, size: tuple[int, int]) -> Layout:
        """Return the layout of one zone that covers a screen of that size in pixels."""
        width, height = size
        return cls(zones=(LayoutZone(id=FULL_SCREEN, rectangle=Rectangle(width=width, height=height)),))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels of the screen that the zones need."""
        rectangles = [zone.rectangle for zone in self.zones]
        return max(r.x + r.width for r in rectangles), max(r.y + r.height for r in rectangles)


def banner_rectangle(size: tuple[int, int]) -> Rectangle:
    """Return the rectangle of a banner on a screen of that size, at its foot.

    A fifth of the shorter side; on a tall screen a sixth of its height, on a ribbon a quarter. On a small panel it has
    room for the level, the end and a sentence in the smallest letters; of a narrow column it is the whole.
    """
    width, height = size
    share = max(min(width, height) // 5, height // 6 if height > width else 0, height // 4 if width > 4 * height else 0)
    if min(width, height) < 240:
        share = max(share, min(width, height) // 3, 42 if height >= 48 else 26)
    banner = height if width < 48 else min(height, max(16, share))
    return Rectangle(x=0, y=height - banner, width=width, height=banner)
