"""Positions and sizes on a panel that hangs turned.

Content is planned upright, as the passer-by sees it. The panel may hang turned by 90, 180 or 270 degrees, and what is
drawn on it is turned by as much: these functions lead from upright pixels to those of the panel.
"""

from __future__ import annotations

from beffroi_content.model import Rectangle
from beffroi_player.outputs.drawing.composition import Area
from beffroi_player.state.directories import Size


def panel_size(size: Size, rotation: int) -> Size:
    """Return the size on the panel of something that measures ``size`` upright, and the other way round."""
    return size if rotation in (0, 180) else (size[1], size[0])


def rotate_area(area: Area, size: Size, rotation: int) -> Area:
    """Return the area of the panel that an upright area of a screen covers.

    Args:
        area: Left, top, width and height in upright pixels.
        size: Of the upright screen.
        rotation: Degrees clockwise, a multiple of 90.
    """
    left, top, width, height = area
    right, below = size[0] - left - width, size[1] - top - height
    corner = {0: (left, top), 90: (below, left), 180: (right, below), 270: (top, right)}[rotation]
    return (*corner, *panel_size((width, height), rotation))


def panel_area(rectangle: Rectangle, size: Size, rotation: int) -> Area:
    """Return the area of the panel that an upright rectangle of a screen covers; see :func:`rotate_area`."""
    return rotate_area((rectangle.x, rectangle.y, *rectangle.size), size, rotation)
