"""Messages that glide from right to left: where each of them is at an instant.

The place is a function of the wall clock, as with loops, so that screens beside each other are in step. The speed is a
whole number of pixels for each sixtieth of a second: letters on a panel keep their form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pygame

from beffroi_content.model import Rectangle
from beffroi_player.outputs.composition import Layer
from beffroi_player.stage.frames import panel_size, turned_area
from beffroi_player.store import Size

STEPS = 60
"""How often a second they move."""
_CALM = 20
"""Pixels of height for each pixel of a step: about ten letters a second go by, which most people can read."""


def speed(height: int) -> int:
    """Return how fast messages of that height glide, in pixels a second."""
    return STEPS * max(1, round(height / _CALM))


def places(widths: Sequence[int], room: int, offset: int) -> Iterator[tuple[int, int]]:
    """Yield which messages are seen, and how many pixels from the left each begins, which may be less than none.

    Args:
        widths: Of the messages, in pixels, each with the gap behind it.
        room: Width of the zone in pixels.
        offset: How far the first has glided out, in pixels; once all went by the first comes again.
    """
    left = -(offset % sum(widths))
    number = 0
    while left < room:
        width = widths[number % len(widths)]
        if left + width > 0:
            yield number % len(widths), left
        left += width
        number += 1


def layers(
    strips: Sequence[pygame.Surface], rectangle: Rectangle, now_ms: int, size: Size, rotation: int
) -> list[Layer]:
    """Return what is seen of messages in a zone.

    Args:
        strips: Pictures of the messages, turned as the panel hangs.
        rectangle: The upright zone.
        now_ms: Unix time.
        size: Of the upright screen.
        rotation: By how many degrees clockwise the panel hangs turned.
    """
    uprights = [panel_size(strip.get_size(), rotation) for strip in strips]
    offset = now_ms * speed(rectangle.height) // 1000
    found = []
    for number, left in places([width for width, _ in uprights], rectangle.width, offset):
        begin, end = max(0, left), min(rectangle.width, left + uprights[number][0])
        seen = Rectangle(x=rectangle.x + begin, y=rectangle.y, width=end - begin, height=rectangle.height)
        part = Rectangle(x=begin - left, width=end - begin, height=rectangle.height)
        source = turned_area(part, uprights[number], rotation)
        found.append(Layer(strips[number], turned_area(seen, size, rotation), source))
    return found
