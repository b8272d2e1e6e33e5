"""Pictograms, drawn from vectors four times too large and reduced."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

from beffroi_content.raster.graphics.palettes import Rgb

_OVERSAMPLING = 4
Points = list[tuple[float, float]]


class PictogramPen:
    """Draws on a mask in units of a hundredth of its side."""

    def __init__(self, mask: Image.Image) -> None:
        self._draw, self._unit = ImageDraw.Draw(mask), mask.width / 100

    def _scale_points(self, points: Points) -> Points:
        return [(x * self._unit, y * self._unit) for x, y in points]

    def circle(self, x: float, y: float, radius: float, value: int = 255) -> None:
        (left, top), (right, bottom) = self._scale_points([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.ellipse((left, top, right, bottom), fill=value)

    def polygon(self, points: Points, value: int = 255) -> None:
        self._draw.polygon(self._scale_points(points), fill=value)

    def stroke(self, points: Points, width: float) -> None:
        """A line with round ends and corners."""
        self._draw.line(self._scale_points(points), fill=255, width=round(width * self._unit))
        for x, y in points:
            self.circle(x, y, width / 2)


@dataclass(frozen=True, slots=True)
class Pictogram:
    """A symbol of one colour, with parts cut out of it.

    ``draw`` gets a pen for the body and one for what is cut out of it.
    """

    name: str
    draw: Callable[[PictogramPen, PictogramPen], None]


@lru_cache(maxsize=64)
def pictogram_masks(pictogram: Pictogram, size: int, is_crisp: bool) -> tuple[Image.Image, Image.Image]:
    """Return the masks of the body and of what is cut out of it, ``size`` pixels square."""
    body, hollow = Image.new("L", (_oversampled(size),) * 2), Image.new("L", (_oversampled(size),) * 2)
    pictogram.draw(PictogramPen(body), PictogramPen(hollow))
    masks = tuple(mask.resize((size, size), Image.Resampling.BOX) for mask in (body, hollow))
    # Without grey edges: a dot is lit if it is covered by somewhat less than half, so that thin strokes do not
    # break.
    if is_crisp:
        masks = tuple(mask.point(lambda value: 255 if value >= 112 else 0) for mask in masks)
    return masks[0], masks[1]


@lru_cache(maxsize=24)
def coloured_pictogram(
    pictogram: Pictogram, size: int, is_crisp: bool, colour: Rgb, hollow: Rgb
) -> tuple[Image.Image, Image.Image, tuple[int, int]]:
    """Return the pixels of a pictogram, the mask that they go through, and where their upper left corner lies.

    Laying down a plain colour through a large mask takes five times as long as laying down an image; what is empty
    around a pictogram is left out.
    """
    body, cut = pictogram_masks(pictogram, size, is_crisp)
    drawn = Image.new("RGB", body.size, colour)
    drawn.paste(hollow, (0, 0), cut)
    mask = ImageChops.lighter(body, cut)
    box = mask.getbbox() or (0, 0, 1, 1)
    return drawn.crop(box), mask.crop(box), box[:2]


@lru_cache(maxsize=12)
def pictogram_on_ground(
    pictogram: Pictogram, size: int, is_crisp: bool, colour: Rgb, hollow: Rgb, ground: Rgb
) -> tuple[Image.Image, tuple[int, int]]:
    """Return the pixels of a pictogram on a plain ground, and where their upper left corner lies.

    To copy them takes a tenth of laying the pictogram down through its mask.
    """
    drawn, mask, corner = coloured_pictogram.__wrapped__(pictogram, size, is_crisp, colour, hollow)
    laid = Image.new("RGB", drawn.size, ground)
    laid.paste(drawn, (0, 0), mask)
    return laid, corner


def _oversampled(size: int) -> int:
    return size * _OVERSAMPLING


def _draw_warning(body: PictogramPen, hollow: PictogramPen) -> None:
    corners: Points = [(50, 13), (92, 86), (8, 86)]
    body.polygon(corners)
    body.stroke([*corners, corners[0]], 11)
    hollow.polygon([(43.5, 34), (56.5, 34), (54, 63), (46, 63)])
    hollow.circle(50, 74.5, 6.6)


def _draw_attention(body: PictogramPen, hollow: PictogramPen) -> None:
    corners: Points = [(50, 13), (92, 86), (8, 86)]
    body.stroke([*corners, corners[0]], 11)
    body.polygon([(44, 36), (56, 36), (53.5, 60), (46.5, 60)])
    body.circle(50, 70, 5.8)


def _draw_emergency(body: PictogramPen, hollow: PictogramPen) -> None:
    near, far = 30.0, 70.0
    corners: Points = [(near, 3), (far, 3), (97, near), (97, far), (far, 97), (near, 97), (3, far), (3, near)]
    body.polygon(corners)
    hollow.polygon([(42, 18), (58, 18), (55, 59), (45, 59)])
    hollow.circle(50, 75, 8.5)


def _draw_check(body: PictogramPen, hollow: PictogramPen) -> None:
    body.circle(50, 50, 47)
    hollow.stroke([(28, 52), (44, 68), (73, 34)], 11)


def _draw_information(body: PictogramPen, hollow: PictogramPen) -> None:
    body.circle(50, 50, 47)
    hollow.circle(50, 27, 7.5)
    hollow.stroke([(50, 47), (50, 74)], 12)


def _draw_cone(body: PictogramPen, hollow: PictogramPen) -> None:
    body.polygon([(43, 8), (57, 8), (80, 84), (20, 84)])
    body.stroke([(10, 89), (90, 89)], 10)
    hollow.polygon([(38.5, 26), (61.5, 26), (65.5, 40), (34.5, 40)])
    hollow.polygon([(30.5, 54), (69.5, 54), (74, 69), (26, 69)])


def draw_waves(pen: PictogramPen, *heights: float, width: float = 8) -> None:
    """Draw lines of water at some heights."""
    for y in heights:
        points: Points = [(8 + 7 * step, y + 5 * math.sin(step * 1.05)) for step in range(13)]
        pen.stroke(points, width)


def draw_person(pen: PictogramPen, x: float, top: float, size: float) -> None:
    """Draw a person whose middle is at ``x``, from ``top`` down, ``size`` high."""
    pen.circle(x, top + 0.14 * size, 0.14 * size)
    shoulders, feet, bottom = 0.2 * size, 0.16 * size, top + size
    neck = top + 0.34 * size
    pen.polygon([(x - shoulders, neck), (x + shoulders, neck), (x + feet, bottom), (x - feet, bottom)])


WARNING = Pictogram("warning", _draw_warning)
ATTENTION = Pictogram("attention", _draw_attention)
EMERGENCY = Pictogram("emergency", _draw_emergency)
CHECK = Pictogram("check", _draw_check)
INFORMATION = Pictogram("information", _draw_information)
CONE = Pictogram("cone", _draw_cone)


@lru_cache(maxsize=16)
def hazard_stripes(size: tuple[int, int], colour: Rgb, other: Rgb, is_crisp: bool) -> Image.Image:
    """Return diagonal stripes, as on a barrier."""
    width, height = size
    factor = 1 if is_crisp else 2
    stripes = Image.new("RGB", (width * factor, height * factor), other)
    draw = ImageDraw.Draw(stripes)
    step = max(4, height * factor)
    for x in range(-step, width * factor + step, 2 * step):
        draw.polygon([(x, step), (x + step, step), (x + 2 * step, 0), (x + step, 0)], fill=colour)
    return stripes if factor == 1 else stripes.resize(size, Image.Resampling.BOX)
