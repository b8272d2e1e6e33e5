"""Pictograms, drawn from vectors four times too large and reduced."""

from __future__ import annotations

import math
from functools import lru_cache

from PIL import Image, ImageDraw

from beffroi_content.raster.graphics.palettes import Rgb
from beffroi_content.raster.page import Pictogram

_OVERSAMPLING = 4
Points = list[tuple[float, float]]


@lru_cache(maxsize=64)
def pictogram_masks(sign: Pictogram, size: int, is_crisp: bool) -> tuple[Image.Image, Image.Image]:
    """Return the masks of the body and of what is cut out of it, ``size`` pixels square."""
    body, hollow = Image.new("L", (_oversampled(size),) * 2), Image.new("L", (_oversampled(size),) * 2)
    _DRAWERS[sign](_PictogramPen(body), _PictogramPen(hollow))
    masks = tuple(mask.resize((size, size), Image.Resampling.BOX) for mask in (body, hollow))
    if is_crisp:
        masks = tuple(mask.point(lambda value: 255 if value >= 112 else 0) for mask in masks)
    return masks[0], masks[1]


def _oversampled(size: int) -> int:
    return size * _OVERSAMPLING


class _PictogramPen:
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


def _draw_warning(body: _PictogramPen, hollow: _PictogramPen) -> None:
    corners: Points = [(50, 13), (92, 86), (8, 86)]
    body.polygon(corners)
    body.stroke([*corners, corners[0]], 11)
    hollow.polygon([(43.5, 34), (56.5, 34), (54, 63), (46, 63)])
    hollow.circle(50, 74.5, 6.6)


def _draw_check(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.circle(50, 50, 47)
    hollow.stroke([(28, 52), (44, 68), (73, 34)], 11)


def _draw_information(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.circle(50, 50, 47)
    hollow.circle(50, 27, 7.5)
    hollow.stroke([(50, 47), (50, 74)], 12)


def _draw_pin(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.circle(50, 38, 33)
    body.polygon([(20, 52), (80, 52), (50, 98)])
    hollow.circle(50, 38, 13)


def _draw_clock(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.circle(50, 50, 46)
    hollow.stroke([(50, 24), (50, 52), (68, 62)], 9)


def _draw_cone(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.polygon([(43, 8), (57, 8), (80, 84), (20, 84)])
    body.stroke([(10, 89), (90, 89)], 10)
    hollow.polygon([(38.5, 26), (61.5, 26), (65.5, 40), (34.5, 40)])
    hollow.polygon([(30.5, 54), (69.5, 54), (74, 69), (26, 69)])


def _draw_waves(pen: _PictogramPen, *heights: float, width: float = 8) -> None:
    for y in heights:
        points: Points = [(8 + 7 * step, y + 5 * math.sin(step * 1.05)) for step in range(13)]
        pen.stroke(points, width)


def _draw_flood(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.polygon([(50, 8), (88, 40), (80, 40), (80, 58), (20, 58), (20, 40), (12, 40)])
    hollow.polygon([(43, 58), (43, 38), (57, 38), (57, 58)])
    _draw_waves(body, 70, 88)


def _draw_fire(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.polygon(
        [
            (52, 4),
            (60, 26),
            (74, 38),
            (82, 58),
            (76, 80),
            (60, 95),
            (38, 95),
            (22, 80),
            (18, 60),
            (28, 42),
            (34, 54),
            (44, 30),
        ]
    )
    hollow.polygon([(52, 52), (62, 68), (60, 84), (50, 92), (40, 84), (38, 72), (46, 66)])


def _draw_wind(body: _PictogramPen, hollow: _PictogramPen) -> None:
    for y, end, turn in ((32, 66, -1), (52, 84, -1), (72, 60, 1)):
        arc = [
            (end + 12 * math.sin(a / 10 * math.pi), y + turn * 12 * (1 - math.cos(a / 10 * math.pi))) for a in range(9)
        ]
        body.stroke([(8, y), (end, y), *arc], 8)


def _draw_snow(body: _PictogramPen, hollow: _PictogramPen) -> None:
    for turn in range(3):
        x, y = math.cos(turn * math.pi / 3 + math.pi / 2), math.sin(turn * math.pi / 3 + math.pi / 2)
        body.stroke([(50 - 42 * x, 50 - 42 * y), (50 + 42 * x, 50 + 42 * y)], 7)
        for side in (-1, 1):
            tip = (50 + side * 28 * x, 50 + side * 28 * y)
            for bend in (-0.6, 0.6):
                angle = math.atan2(side * y, side * x) + bend
                body.stroke([tip, (tip[0] + 15 * math.cos(angle), tip[1] + 15 * math.sin(angle))], 6)


def _draw_heat(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.stroke([(34, 20), (34, 70)], 20)
    body.circle(34, 76, 18)
    hollow.stroke([(34, 34), (34, 74)], 7)
    hollow.circle(34, 76, 10)
    body.circle(74, 32, 13)
    for turn in range(8):
        x, y = math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4)
        body.stroke([(74 + 18 * x, 32 + 18 * y), (74 + 23 * x, 32 + 23 * y)], 5)


def _draw_air(body: _PictogramPen, hollow: _PictogramPen) -> None:
    for x, y, radius in ((34, 40, 20), (56, 32, 24), (74, 46, 17), (48, 50, 18)):
        body.circle(x, y, radius)
    for x, y, radius in ((30, 76, 7), (50, 84, 9), (70, 76, 6)):
        body.circle(x, y, radius)


def _draw_house(pen: _PictogramPen) -> None:
    pen.polygon([(50, 6), (96, 46), (84, 46), (84, 94), (16, 94), (16, 46), (4, 46)])


def _draw_person(pen: _PictogramPen, x: float, top: float, size: float) -> None:
    pen.circle(x, top + 0.14 * size, 0.14 * size)
    shoulders, feet, bottom = 0.2 * size, 0.16 * size, top + size
    neck = top + 0.34 * size
    pen.polygon([(x - shoulders, neck), (x + shoulders, neck), (x + feet, bottom), (x - feet, bottom)])


def _draw_shelter(body: _PictogramPen, hollow: _PictogramPen) -> None:
    _draw_house(body)
    _draw_person(hollow, 50, 42, 48)


def _draw_evacuation(body: _PictogramPen, hollow: _PictogramPen) -> None:
    _draw_person(body, 26, 16, 74)
    body.stroke([(50, 52), (82, 52)], 10)
    body.polygon([(76, 32), (98, 52), (76, 72)])


def _draw_power(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.polygon([(60, 4), (22, 56), (46, 56), (38, 96), (78, 40), (53, 40)])


def _draw_water(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.polygon([(50, 6), (70, 38), (50, 60), (30, 38)])
    body.circle(50, 60, 30)
    hollow.stroke([(14, 92), (88, 14)], 9)


def _draw_road(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.circle(50, 50, 46)
    hollow.polygon([(20, 40), (80, 40), (80, 60), (20, 60)])


def _draw_wanted(body: _PictogramPen, hollow: _PictogramPen) -> None:
    body.circle(42, 42, 34)
    hollow.circle(42, 42, 26)
    hollow.circle(42, 34, 9, 0)
    hollow.polygon([(27, 60), (31, 46), (53, 46), (57, 60)], 0)
    body.stroke([(68, 68), (90, 90)], 13)


_DRAWERS = {
    Pictogram.WARNING: _draw_warning,
    Pictogram.CHECK: _draw_check,
    Pictogram.INFORMATION: _draw_information,
    Pictogram.PIN: _draw_pin,
    Pictogram.CLOCK: _draw_clock,
    Pictogram.CONE: _draw_cone,
    Pictogram.FLOOD: _draw_flood,
    Pictogram.FIRE: _draw_fire,
    Pictogram.WIND: _draw_wind,
    Pictogram.SNOW: _draw_snow,
    Pictogram.HEAT: _draw_heat,
    Pictogram.AIR: _draw_air,
    Pictogram.SHELTER: _draw_shelter,
    Pictogram.EVACUATION: _draw_evacuation,
    Pictogram.POWER: _draw_power,
    Pictogram.WATER: _draw_water,
    Pictogram.ROAD: _draw_road,
    Pictogram.PERSON: _draw_wanted,
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
