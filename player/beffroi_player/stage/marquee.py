"""Messages that glide from right to left: where each of them is at an instant.

The place is a function of the wall clock, as with loops, so that screens beside each other are in step. The speed is a
whole number of pixels for each sixtieth of a second: letters on a panel keep their form. On a display of another rate
a step is not a whole number of pixels; a GPU then shows them between pixels, and the processor at the next whole one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pygame

from beffroi_content.model import Rectangle
from beffroi_player.outputs.drawing.composition import RIGHT_BY_ROTATION, DrawingLayer
from beffroi_player.stage.frame_cache import panel_size, rotate_area
from beffroi_player.state.directories import Size

STEPS_PER_SECOND = 60
"""A second: a step of this length is a whole number of pixels."""
_HEIGHT_PER_PIXEL = 20
"""Pixels of height for each pixel of a step: about ten letters a second go by, which most people can read."""


def pixels_per_second(height: int) -> int:
    """Return how fast messages of that height glide, in pixels a second."""
    return STEPS_PER_SECOND * max(1, round(height / _HEIGHT_PER_PIXEL))


def is_whole_pixels(period_ms: float) -> bool:
    """Tell whether steps of that length are whole numbers of pixels, whatever the height."""
    pixels = STEPS_PER_SECOND * period_ms / 1000
    return round(pixels) > 0 and abs(pixels - round(pixels)) < 1e-6


def visible_strips(widths: Sequence[int], room: int, offset: int) -> Iterator[tuple[int, int]]:
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


def marquee_layers(
    strips: Sequence[pygame.Surface], rectangle: Rectangle, now_ms: float, size: Size, rotation: int, *, fine: bool
) -> list[DrawingLayer]:
    """Return what is seen of messages in a zone.

    Args:
        strips: Pictures of the messages, turned as the panel hangs.
        rectangle: The upright zone.
        now_ms: Unix time.
        size: Of the upright screen.
        rotation: By how many degrees clockwise the panel hangs turned.
        fine: Whether they may lie between pixels.
    """
    uprights = [panel_size(strip.get_size(), rotation) for strip in strips]
    passed = now_ms * pixels_per_second(rectangle.height) / 1000
    offset = math.ceil(passed) if fine else math.floor(passed)
    share = max(0.0, offset - passed)
    zone = (rectangle.x, rectangle.y, *rectangle.size)
    right, down = RIGHT_BY_ROTATION[rotation]
    shift, clip = ((right * share, down * share), rotate_area(zone, size, rotation)) if share else ((0.0, 0.0), None)
    # What is shifted is wanted beyond both ends of the zone, where it is cut off.
    margin = 1 if share else 0
    room = rectangle.width + 2 * margin
    found = []
    for number, left in visible_strips([width for width, _ in uprights], room, offset - margin):
        begin, end = max(0, left), min(room, left + uprights[number][0])
        seen = rotate_area((rectangle.x - margin + begin, rectangle.y, end - begin, rectangle.height), size, rotation)
        source = rotate_area((begin - left, 0, end - begin, rectangle.height), uprights[number], rotation)
        found.append(DrawingLayer(strips[number], seen, source, shift=shift, clip=clip))
    return found
