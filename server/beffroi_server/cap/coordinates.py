"""Coordinates of CAP: outlines as ``latitude,longitude`` pairs, circles with a radius in kilometres."""

from __future__ import annotations

import math
import re

from beffroi_server.cap.messages import CapCircle, Outline, Point

MAX_OUTLINE_POINTS = 20_000
HALF_EARTH_KM = 20_040.0
"""Half the way around the earth: no place is farther from another."""
MAX_LONGITUDE = 540.0
"""Polygons over the antimeridian are written with longitudes beyond ±180 degrees."""
_NUMBER = r"[+-]?(?:\d{1,6}\.?\d{0,25}|\.\d{1,25})(?:[eE][+-]?\d{1,2})?"
_PAIR = re.compile(rf"({_NUMBER}),({_NUMBER})")
_BRACKETS = str.maketrans("()[]{};|", "        ", "")


class CoordinatesError(ValueError):
    """A outline or circle cannot be read; the argument is the code of the reason."""


def read_outline(text: str, *, placeholders: bool = False) -> Outline:
    """Return a closed outline.

    A wrong pair refuses the whole outline: without it the border would run elsewhere.

    Args:
        text: Pairs between any kind of blanks.
        placeholders: Whether pairs ``-1,-1`` are left out: the German federal office (BBK) writes them.

    Raises:
        CoordinatesError: a pair is wrong, or there are fewer than three points.
    """
    words = " ".join(text[:1_000_000].translate(_BRACKETS).split()).replace(" ,", ",").replace(", ", ",").split()
    if len(words) > MAX_OUTLINE_POINTS:
        raise CoordinatesError("too-many-points")
    points = [_read_pair(word) for word in words]
    if placeholders:
        points = [point for point in points if point != (-1.0, -1.0)]
    steps = [point for at, point in enumerate(points) if not at or point != points[at - 1]]
    if steps and steps[0] != steps[-1]:
        steps.append(steps[0])
    if len(set(steps)) < 3:
        raise CoordinatesError("no-outline")
    return tuple(steps)


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
    """Return a circle: ``latitude,longitude radius``, the radius in kilometres.

    Raises:
        CoordinatesError: it is none.
    """
    words = re.split(r"[\s,\u00a0]+", text[:1_000].translate(_BRACKETS).strip(" \t\r\n,\u00a0"))
    if len(words) != 3 or not all(re.fullmatch(_NUMBER, word) for word in words):
        raise CoordinatesError("bad-circle")
    latitude, longitude = _checked_point(float(words[0]), float(words[1]))
    radius = float(words[2])
    if not 0 <= radius <= HALF_EARTH_KM:
        raise CoordinatesError("bad-circle")
    return CapCircle(latitude, longitude, radius)
