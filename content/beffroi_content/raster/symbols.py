"""Pictograms, drawn from vectors four times too large and reduced."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

from beffroi_content.raster.palettes import Rgb
from beffroi_content.raster.scene import Sign

_OVERSAMPLING = 4
Points = list[tuple[float, float]]


@lru_cache(maxsize=64)
def symbol_mask(sign: Sign, size: int, is_crisp: bool) -> tuple[Image.Image, Image.Image]:
    """Return the masks of the body and of what is cut out of it, ``size`` pixels square."""
    body, hollow = Image.new("L", (_large(size),) * 2), Image.new("L", (_large(size),) * 2)
    _DRAWERS[sign](_Pen(body), _Pen(hollow))
    masks = tuple(mask.resize((size, size), Image.Resampling.BOX) for mask in (body, hollow))
    if is_crisp:
        masks = tuple(mask.point(lambda value: 255 if value >= 112 else 0) for mask in masks)
    return masks[0], masks[1]


def _large(size: int) -> int:
    return size * _OVERSAMPLING


class _Pen:
    """Draws on a mask in units of a hundredth of its side."""

    def __init__(self, mask: Image.Image) -> None:
        self._draw, self._unit = ImageDraw.Draw(mask), mask.width / 100

    def _scaled(self, points: Points) -> Points:
        return [(x * self._unit, y * self._unit) for x, y in points]

    def circle(self, x: float, y: float, radius: float, value: int = 255) -> None:
        (left, top), (right, bottom) = self._scaled([(x - radius, y - radius), (x + radius, y + radius)])
        self._draw.ellipse((left, top, right, bottom), fill=value)

    def polygon(self, points: Points) -> None:
        self._draw.polygon(self._scaled(points), fill=255)

    def stroke(self, points: Points, width: float) -> None:
        """A line with round ends and corners."""
        self._draw.line(self._scaled(points), fill=255, width=round(width * self._unit))
        for x, y in points:
            self.circle(x, y, width / 2)


def _warning(body: _Pen, hollow: _Pen) -> None:
    corners: Points = [(50, 13), (92, 86), (8, 86)]
    body.polygon(corners)
    body.stroke([*corners, corners[0]], 11)
    hollow.polygon([(43.5, 34), (56.5, 34), (54, 63), (46, 63)])
    hollow.circle(50, 74.5, 6.6)


def _check(body: _Pen, hollow: _Pen) -> None:
    body.circle(50, 50, 47)
    hollow.stroke([(28, 52), (44, 68), (73, 34)], 11)


def _information(body: _Pen, hollow: _Pen) -> None:
    body.circle(50, 50, 47)
    hollow.circle(50, 27, 7.5)
    hollow.stroke([(50, 47), (50, 74)], 12)


def _pin(body: _Pen, hollow: _Pen) -> None:
    body.circle(50, 38, 33)
    body.polygon([(20, 52), (80, 52), (50, 98)])
    hollow.circle(50, 38, 13)


def _clock(body: _Pen, hollow: _Pen) -> None:
    body.circle(50, 50, 46)
    hollow.stroke([(50, 24), (50, 52), (68, 62)], 9)


def _cone(body: _Pen, hollow: _Pen) -> None:
    body.polygon([(43, 8), (57, 8), (80, 84), (20, 84)])
    body.stroke([(10, 89), (90, 89)], 10)
    hollow.polygon([(38.5, 26), (61.5, 26), (65.5, 40), (34.5, 40)])
    hollow.polygon([(30.5, 54), (69.5, 54), (74, 69), (26, 69)])


_DRAWERS = {
    Sign.WARNING: _warning,
    Sign.CHECK: _check,
    Sign.INFORMATION: _information,
    Sign.PIN: _pin,
    Sign.CLOCK: _clock,
    Sign.CONE: _cone,
}


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
