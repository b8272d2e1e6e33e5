"""Marquee: messages that scroll from right to left through a zone, one behind the other and round again.

The position is a function of the wall clock alone, as it is for loops: screens beside each other are in step without
talking to each other, and after a pause the text is where it would have been.

The speed is a whole number of pixels for each sixtieth of a second, so that on the usual display every step moves by
whole pixels and the letters keep their form. At another refresh rate (50 or 75 Hz) a step is not a whole number of
pixels. There a GPU draws the strips between pixels; the processor, which cannot, draws them at the last whole pixel.

All positions are computed on the upright zone and turned at the very end (``panel_geometry.rotate_area``): the text
scrolls to the reader's left on every panel, however it hangs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pygame

from beffroi_content.model import Rectangle
from beffroi_content.timeline import ClockState, Moment
from beffroi_player.outputs.drawing.composition import RIGHT_BY_ROTATION, DrawingLayer
from beffroi_player.stage.compositor.animation import AnimatedLayers, AnimationStep
from beffroi_player.stage.frame_cache import FrameCache
from beffroi_player.stage.frame_images import BrokenFrame
from beffroi_player.stage.frame_lookup import PlacedFrame
from beffroi_player.stage.panel_geometry import panel_size, rotate_area

STEPS_PER_SECOND = 60
"""A step of this length is a whole number of pixels."""
_HEIGHT_PER_PIXEL = 20
"""Pixels of height for each pixel of a step: about ten letters a second go by, which most people can read."""


class MarqueeAnimation:
    """The messages of ticker widgets, of which the agent has prepared one long image each (a strip)."""

    def __init__(self, frames: FrameCache) -> None:
        self._frames = frames

    def needs_steps(self, placed: PlacedFrame, moment: Moment) -> bool:
        """Tell whether any message of a frame is current."""
        return bool(_current_strips(placed, moment))

    def layers_over(self, placed: PlacedFrame, step: AnimationStep) -> AnimatedLayers | None:
        """Return the visible parts of the current messages, without strips that are broken or of another height."""
        names = _current_strips(placed, step.moment)
        if not names:
            return None
        strips = []
        for name in names:
            with suppress(BrokenFrame):
                strips.append(self._frames.load_frame(name))
        height = placed.rectangle.height
        fitting = [each for each in strips if panel_size(each.get_size(), step.rotation)[1] == height]
        if not fitting:
            return None
        return AnimatedLayers(marquee_layers(fitting, placed.rectangle, step), placed.rectangle.size == step.size)


def pixels_per_second(height: int) -> int:
    """Return the speed of messages of a height in pixels."""
    return STEPS_PER_SECOND * max(1, round(height / _HEIGHT_PER_PIXEL))


def is_whole_pixels(period_ms: float) -> bool:
    """Tell whether steps of that length are whole numbers of pixels, whatever the height."""
    pixels = STEPS_PER_SECOND * period_ms / 1000
    return round(pixels) > 0 and abs(pixels - round(pixels)) < 1e-6


def visible_strips(widths: Sequence[int], zone_width: int, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the number of each visible strip, with the pixel at which it begins, from the left of the zone.

    The strips form an endless band, repeated for ever. ``offset`` modulo their total width is the pixel of the band at
    the left edge of the zone: from there strips are laid side by side until the zone is full. The first one may begin
    left of the zone (a negative pixel), and a short band occurs several times.

    Args:
        widths: Of the strips, in pixels, each with the gap behind it.
        zone_width: In pixels.
        offset: Pixels that the band has moved since the beginning of time.
    """
    left = -(offset % sum(widths))
    number = 0
    while left < zone_width:
        width = widths[number % len(widths)]
        if left + width > 0:
            yield number % len(widths), left
        left += width
        number += 1


def marquee_layers(strips: Sequence[pygame.Surface], rectangle: Rectangle, step: AnimationStep) -> list[DrawingLayer]:
    """Return the parts of strips that are visible in a zone.

    With sub-pixels the band is laid at the whole pixel to its left (``ceil`` of the distance), and every layer is
    shifted back to the right by the missing share of a pixel. The shift would leave a gap at the left edge and run
    over the right one: so a pixel more is drawn on both sides, and cut off by the clip.

    Args:
        strips: Images of the messages, turned for the panel.
        rectangle: The upright zone.
        step: The instant, and the panel.
    """
    size, rotation = step.size, step.rotation
    uprights = [panel_size(strip.get_size(), rotation) for strip in strips]
    moved = step.at_ms * pixels_per_second(rectangle.height) / 1000
    offset = math.ceil(moved) if step.has_subpixels else math.floor(moved)
    share = max(0.0, offset - moved)
    zone = (rectangle.x, rectangle.y, *rectangle.size)
    right, down = RIGHT_BY_ROTATION[rotation]
    shift, clip = ((right * share, down * share), rotate_area(zone, size, rotation)) if share else ((0.0, 0.0), None)
    margin = 1 if share else 0
    width = rectangle.width + 2 * margin
    found = []
    for number, left in visible_strips([upright[0] for upright in uprights], width, offset - margin):
        begin, end = max(0, left), min(width, left + uprights[number][0])
        area = rotate_area((rectangle.x - margin + begin, rectangle.y, end - begin, rectangle.height), size, rotation)
        source = rotate_area((begin - left, 0, end - begin, rectangle.height), uprights[number], rotation)
        found.append(DrawingLayer(strips[number], area, source, shift=shift, clip=clip))
    return found


def _current_strips(placed: PlacedFrame, moment: Moment) -> list[str]:
    """Return the strips of messages that are not over; while the time is unknown, of those without an end."""
    knows = moment.clock is not ClockState.UNKNOWN
    return [strip.frame for strip in placed.strips
            if strip.until_ms is None or (knows and moment.unix_ms < strip.until_ms)]  # fmt: skip
