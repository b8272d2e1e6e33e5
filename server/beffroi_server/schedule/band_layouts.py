"""Ready layouts: where the loop and the bands beside it lie on a screen of any size.

A band shows one widget. One that has nothing to show takes no room: its neighbour, or the loop, gets it. A screen that
is too small for bands shows the loop alone, whatever was chosen.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content.model import FULL_SCREEN, Layout, LayoutZone, Rectangle

CLOCK, WEATHER, MESSAGES = "clock", "weather", "messages"
"""Bands by what they show; also the names of their zones."""
SMALLEST_SIDE = 160
"""Pixels of the shorter side of a screen, from which there are bands."""
_FOOT_SHARE = 0.11
"""Height of the band at the foot, by the shorter side of the screen."""
_COLUMN_SHARE = 0.225
"""Width of the column beside the loop, by the width of the screen."""
_ROW_SHARE = 0.16
"""Height of the row above the loop on an upright screen, by the height of the screen."""
_CLOCK_RATIO = 2.6
"""Width of the clock at the foot, by its height."""


class ReadyLayout(models.TextChoices):
    """Layouts to choose from."""

    FULL = "full", _("the loop alone")
    FOOT = "foot", _("messages at the foot")
    FOOT_CLOCK = "foot-clock", _("clock and messages at the foot")
    SIDE = "side", _("clock and weather at the side")
    FRAME = "frame", _("clock and weather at the side, messages at the foot")


BANDS = {
    ReadyLayout.FULL: frozenset[str](),
    ReadyLayout.FOOT: frozenset({MESSAGES}),
    ReadyLayout.FOOT_CLOCK: frozenset({CLOCK, MESSAGES}),
    ReadyLayout.SIDE: frozenset({CLOCK, WEATHER}),
    ReadyLayout.FRAME: frozenset({CLOCK, WEATHER, MESSAGES}),
}
"""The bands of each layout."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A rectangle of which bands are cut off."""

    x: int
    y: int
    width: int
    height: int

    def rectangle(self) -> Rectangle:
        return Rectangle(x=self.x, y=self.y, width=self.width, height=self.height)

    def split_right(self, width: int) -> tuple[_Cut, _Cut]:
        rest = self.width - width
        return _Cut(self.x, self.y, rest, self.height), _Cut(self.x + rest, self.y, width, self.height)

    def split_top(self, height: int) -> tuple[_Cut, _Cut]:
        """Return the rest below, and what was cut off."""
        rest = _Cut(self.x, self.y + height, self.width, self.height - height)
        return rest, _Cut(self.x, self.y, self.width, height)

    def split_foot(self, height: int) -> tuple[_Cut, _Cut]:
        rest = self.height - height
        return _Cut(self.x, self.y, self.width, rest), _Cut(self.x, self.y + rest, self.width, height)


def has_bands(size: tuple[int, int]) -> bool:
    """Tell whether a screen of that size in pixels is large enough for bands."""
    return min(size) >= SMALLEST_SIDE


def ready_layout(chosen: ReadyLayout, size: tuple[int, int], filled: Collection[str]) -> Layout:
    """Return the zones of a layout on a screen; the first is the one of the loop.

    Args:
        chosen: The layout.
        size: Width and height of the upright screen in pixels.
        filled: The bands that have something to show.
    """
    bands = BANDS[chosen] & set(filled)
    if not bands or not has_bands(size):
        return Layout.full_screen(size)
    rest, found = _Cut(0, 0, *size), dict[str, _Cut]()
    at_side = bands - {MESSAGES} if chosen in (ReadyLayout.SIDE, ReadyLayout.FRAME) else frozenset[str]()
    if at_foot := bands - at_side:
        rest, foot = rest.split_foot(round(_FOOT_SHARE * min(size)))
        found |= _fill_foot(foot, at_foot)
    if at_side:
        rest, side = _cut_side(rest, size)
        found |= _fill_side(side, at_side)
    zones = [LayoutZone(id=FULL_SCREEN, rectangle=rest.rectangle())]
    return Layout(zones=(*zones, *(LayoutZone(id=name, rectangle=cut.rectangle()) for name, cut in found.items())))


def _cut_side(rest: _Cut, size: tuple[int, int]) -> tuple[_Cut, _Cut]:
    """Cut a column off at the right, or on an upright screen a row off at the top."""
    if size[0] >= size[1]:
        return rest.split_right(round(_COLUMN_SHARE * size[0]))
    return rest.split_top(round(_ROW_SHARE * size[1]))


def _fill_foot(foot: _Cut, bands: frozenset[str]) -> dict[str, _Cut]:
    if len(bands) < 2:
        return dict.fromkeys(bands, foot)
    messages, clock = foot.split_right(round(_CLOCK_RATIO * foot.height))
    return {CLOCK: clock, MESSAGES: messages}


def _fill_side(side: _Cut, bands: frozenset[str]) -> dict[str, _Cut]:
    if len(bands) < 2:
        return dict.fromkeys(bands, side)
    if side.width > side.height:
        clock, weather = side.split_right(side.width // 2)
    else:
        weather, clock = side.split_top(round(0.36 * side.height))
    return {CLOCK: clock, WEATHER: weather}
