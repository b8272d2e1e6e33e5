"""Coordinates of CAP: outlines as ``latitude,longitude`` pairs, circles with a radius in kilometres."""

from __future__ import annotations

import math
import re

from beffroi_server.cap.messages import CapCircle, Outline, Point

MAX_OUTLINE_POINTS = 200_000
"""A real watch for a coast with its islands has one outline of 34,000 points."""
MAX_OUTLINE_LETTERS = 10_000_000
HALF_EARTH_KM = 20_040.0
"""Half the way around the earth: no place is farther from another."""
MAX_LONGITUDE = 540.0
"""Polygons over the antimeridian are written with longitudes beyond ±180 degrees."""
_FLAT = 1e-12
"""Square degrees: less than a square of ten centimetres."""
_NUMBER = r"[+-]?(?:\d{1,6}\.?\d{0,25}|\.\d{1,25})(?:[eE][+-]?\d{1,2})?"
_PAIR = re.compile(rf"({_NUMBER}),({_NUMBER})")
_UNIT = re.compile(r"k?m$")
_SIGNS = str.maketrans("()[]{};|−", "        -")


class CoordinatesError(ValueError):
    """A outline or circle cannot be read; the argument is the code of the reason."""


def read_outline(text: str, *, placeholders: bool = False) -> Outline:
    """Return a closed outline; it may be only a line or a point, which have no inside (see ``is_flat``).

    A wrong pair refuses the whole outline: without it the border would run elsewhere.

    Args:
        text: Pairs between any kind of blanks.
        placeholders: Whether pairs ``-1,-1`` are left out: the German federal office (BBK) writes them.

    Raises:
        CoordinatesError: a pair is wrong, or there are none or too many.
    """
    if len(text) > MAX_OUTLINE_LETTERS:
        raise CoordinatesError("too-many-points")
    words = _pairs(text)
    if len(words) > MAX_OUTLINE_POINTS:
        raise CoordinatesError("too-many-points")
    points = [_read_pair(word) for word in words]
    if placeholders:
        points = [point for point in points if point != (-1.0, -1.0)]
    steps = [point for at, point in enumerate(points) if not at or point != points[at - 1]]
    if steps and steps[0] != steps[-1]:
        steps.append(steps[0])
    if not steps:
        raise CoordinatesError("no-outline")
    return tuple(steps)


def _pairs(text: str) -> list[str]:
    """Return the pairs of an outline, also of one in which all numbers stand between commas, or all between blanks."""
    words = " ".join(text.translate(_SIGNS).split()).replace(" ,", ",").replace(", ", ",").strip(",").split()
    is_list = len(words) == 1 and "[" not in text
    numbers = words[0].split(",") if is_list else words if "," not in text else []
    if len(numbers) < 6 or len(numbers) % 2:
        return words
    return [",".join(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]


def is_flat(outline: Outline) -> bool:
    """Return whether an outline is only a point, or lies on one line."""
    first = outline[0]
    other = next((point for point in outline if point != first), first)
    north, east = other[0] - first[0], other[1] - first[1]
    return all(abs(north * (point[1] - first[1]) - east * (point[0] - first[0])) <= _FLAT for point in outline)


def _read_pair(word: str) -> Point:
    found = _PAIR.fullmatch(word)
    if not found:
        raise CoordinatesError("bad-pair")
    return _checked_point(float(found[1]), float(found[2]))


def _checked_point(latitude: float, longitude: float) -> Point:
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise CoordinatesError("bad-pair")
    if abs(latitude) > 90 or abs(longitude) > MAX_LONGITUDE:
        raise CoordinatesError("out-of-range")
    return latitude, longitude


def read_circle(text: str) -> CapCircle:
    """Return a circle: ``latitude,longitude radius``, the radius in kilometres, or in the unit that stands behind it.

    Raises:
        CoordinatesError: it is none.
    """
    words = re.split(r"[\s,\u00a0]+", text[:1_000].translate(_SIGNS).strip(" \t\r\n,\u00a0"))
    unit = _UNIT.search(words[-1].lower())
    if unit:
        words[-1] = words[-1][: unit.start()]
        words = words if words[-1] else words[:-1]
    if len(words) != 3 or not all(re.fullmatch(_NUMBER, word) for word in words):
        raise CoordinatesError("bad-circle")
    latitude, longitude = _checked_point(float(words[0]), float(words[1]))
    radius = float(words[2]) / (1_000 if unit and unit[0] == "m" else 1)
    if not 0 <= radius <= HALF_EARTH_KM:
        raise CoordinatesError("bad-circle")
    return CapCircle(latitude, longitude, radius)
