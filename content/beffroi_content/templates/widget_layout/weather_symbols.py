"""Symbols of the weather, drawn from boxes and discs in the colours of a page."""

from __future__ import annotations

from beffroi_content.model.widgets import SkyCondition
from beffroi_content.raster.graphics.palettes import WHITE, Rgb, mix_colours
from beffroi_content.raster.page import FilledBox
from beffroi_content.templates.widget_layout.widget_page import WidgetPage

_SUN: Rgb = (240, 160, 20)
_RAIN: Rgb = (40, 130, 205)


def draw_sky(board: WidgetPage, sky: SkyCondition, place: tuple[int, int, int], ground: Rgb) -> None:
    """Draw the sky in a square: left, top and side in pixels."""
    is_mono = board.canvas.screen_class.colour_depth == 1
    # Clouds are light grey on dark paper and darker grey on white; on one-colour displays everything is lit or
    # not.
    dark = sum(ground) < 3 * 128
    cloud = WHITE if is_mono else mix_colours(WHITE, (130, 145, 165), 0.25 if dark else 0.75)
    sun, rain = (WHITE, WHITE) if is_mono else (_SUN, mix_colours(_RAIN, WHITE, 0.35) if dark else _RAIN)
    pen = _WeatherPen(board, place)
    if sky is SkyCondition.SUN:
        _draw_sun(pen, sun, (50, 50), 1.0)
    if sky in (SkyCondition.VEILED, SkyCondition.SHOWERS):
        _draw_sun(pen, sun, (64, 34), 0.72)
    if sky in (
        SkyCondition.VEILED,
        SkyCondition.CLOUD,
        SkyCondition.RAIN,
        SkyCondition.SHOWERS,
        SkyCondition.STORM,
        SkyCondition.SNOW,
    ):
        _draw_cloud(pen, cloud, ground)
    if sky in (SkyCondition.RAIN, SkyCondition.SHOWERS):
        for x, y in ((28, 76), (48, 80), (68, 76)):
            pen.bar(x, y, 7, 16, rain)
    if sky is SkyCondition.SNOW:
        for x, y in ((26, 78), (47, 84), (68, 78)):
            pen.disc(x + 3, y + 4, 5.5, rain)
    if sky is SkyCondition.STORM:
        for x, y in ((50, 68), (44, 76), (50, 80), (44, 88)):
            pen.bar(x - 3, y, 14 if y in (76, 80) else 8, 12, sun)
    if sky in (SkyCondition.FOG, SkyCondition.WIND):
        for number, (x, wide) in enumerate(((14, 62), (22, 66), (10, 56), (30, 52))):
            pen.bar(x, 24 + number * 15, wide, 7, cloud if sky is SkyCondition.FOG or number % 2 else rain)


class _WeatherPen:
    """Draws in hundredths of the side of a square."""

    def __init__(self, board: WidgetPage, place: tuple[int, int, int]) -> None:
        self._page, self._crisp, (self._x, self._y, side) = board.page, board.crisp, place
        self._unit = side / 100

    def bar(self, x: float, y: float, wide: float, tall: float, colour: Rgb) -> None:
        left, top = self._x + round(x * self._unit), self._y + round(y * self._unit)
        size = max(1, round(wide * self._unit)), max(1, round(tall * self._unit))
        self._page.add(FilledBox((left, top, left + size[0], top + size[1]), colour, min(size) // 2))

    def disc(self, x: float, y: float, radius: float, colour: Rgb) -> None:
        size = max(1, round(radius * self._unit))
        left, top = self._x + round(x * self._unit) - size, self._y + round(y * self._unit) - size
        if not self._crisp or size < 3:
            self._page.add(FilledBox((left, top, left + 2 * size, top + 2 * size), colour, size))
            return
        # Without grey, a rounded box stays a square: a circle is made of rows.
        for row in range(2 * size):
            half = round((size**2 - (row + 0.5 - size) ** 2) ** 0.5)
            self._page.add(FilledBox((left + size - half, top + row, left + size + half, top + row + 1), colour))


def _draw_sun(pen: _WeatherPen, colour: Rgb, centre: tuple[float, float], scale: float) -> None:
    x, y = centre
    pen.disc(x, y, 22 * scale, colour)
    for across, down in ((1, 0), (-1, 0), (0, 1), (0, -1), (0.71, 0.71), (-0.71, 0.71), (0.71, -0.71), (-0.71, -0.71)):
        pen.disc(x + across * 37 * scale, y + down * 37 * scale, 5 * scale, colour)


def _draw_cloud(pen: _WeatherPen, colour: Rgb, ground: Rgb) -> None:
    # Twice: first a little larger in the colour of the ground, so that the cloud stands out from the sun behind
    # it.
    for grow, paint in ((4, ground), (0, colour)):
        pen.disc(30, 54, 16 + grow, paint)
        pen.disc(48, 42, 20 + grow, paint)
        pen.disc(68, 54, 16 + grow, paint)
        pen.bar(30 - grow, 52, 38 + 2 * grow, 18 + grow, paint)
