"""Legibility: the least height of letters on a screen, from its viewing distance.

Source: EN 301 549, 5.1.4. A capital must be seen under at least 0.7 degrees, which is 12.2 mm for each metre of
distance. That is the target, and text is never drawn smaller where it can be reached. On a small or distant screen it
would
leave three words to a page, so the target is held between two bounds:

* never under the floor, in pixels, below which letters lose their shape: 7 on an LED panel (5 on one under 24 pixels
  high or 48 wide, which can hold nothing better), 11 elsewhere;
* never forced above 3 % of the geometric mean of the sides, at which a page still holds about a dozen
  lines; 5 % where letters have no grey edges and need more pixels.
"""

from __future__ import annotations

import math

from beffroi_content.model import DisplayTechnology, ScreenClass
from beffroi_content.raster.canvas import Canvas

CAPITAL_MM_PER_METRE = 12.2
_PAGE_SHARE = 0.03
_CRISP_PAGE_SHARE = 0.05


def pixel_pitch_mm(screen_class: ScreenClass) -> float:
    """Return the millimetres from one pixel to the next."""
    return screen_class.physical_height_mm / screen_class.height


def target_capital(screen_class: ScreenClass) -> float:
    """Return the height in pixels of a capital seen under 0.7 degrees at the viewing distance."""
    distance_m = screen_class.viewing_distance_mm / 1000
    return CAPITAL_MM_PER_METRE * distance_m / pixel_pitch_mm(screen_class)


def mean_side(size: tuple[int, int]) -> float:
    """Return the geometric mean of width and height: the one number that says how big a canvas is."""
    return math.sqrt(size[0] * size[1])


def least_capital(canvas: Canvas) -> int:
    """Return the height in pixels under which no capital is drawn."""
    width, height = canvas.size
    if is_crisp(canvas):
        return 5 if height < 24 or width < 48 else 7
    return 11


def minimum_capital(canvas: Canvas) -> int:
    """Return the smallest height in pixels of the capitals of a text on this canvas."""
    share = _CRISP_PAGE_SHARE if is_crisp(canvas) else _PAGE_SHARE
    wanted = min(target_capital(canvas.screen_class), share * mean_side(canvas.size))
    return max(least_capital(canvas), round(wanted))


def is_crisp(canvas: Canvas) -> bool:
    """Tell whether letters are drawn without grey edges: on LED panels, one-colour displays and very small zones."""
    is_led = canvas.screen_class.technology is DisplayTechnology.LED and min(canvas.size) < 360
    return is_led or canvas.screen_class.colour_depth == 1 or min(canvas.size) < 90
