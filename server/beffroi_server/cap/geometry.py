"""Whether a place lies in the polygons and circles of an area.

The winding number of an outline is counted, so that outlines may run either way, cross themselves or be drawn twice;
what is left of them as lines and points has no inside. That takes time in proportion to the points and no repair.
An outline that is nothing but a line or a point says where something is, as a circle of radius 0 does.
"""

from __future__ import annotations

import math
from itertools import chain, pairwise

from beffroi_server.cap.coordinates import is_flat
from beffroi_server.cap.countries import Box
from beffroi_server.cap.messages import CapArea, CapCircle, Outline, Point

EARTH_RADIUS_KM = 6371.0088
"""Mean radius (IUGG)."""
_KM_OF_A_DEGREE = 110.5
"""A little less than the length of a degree of latitude, so that boxes come out larger."""
_POLAR_DEGREES = 89.0
"""Beyond it, a box holds all longitudes."""
_EDGE_DEGREES = 1e-9
LARGEST_CIRCLE_KM = 1_000.0
"""A larger radius is one in metres: the circles of real warnings have some hundred kilometres at most."""
POINT_CIRCLE_KM = 20.0
"""Points and lines have an unknown extent: nobody can tell whether a place within this distance is meant."""


def geometry_contains(area: CapArea, place: Point) -> bool | None:
    """Return whether a place is in a drawn area; None where that cannot be told.

    Polygons and circles count together, holes are left out. What could not be read may have held the place.
    """
    if any(outline_contains(outline, place) for outline in area.holes):
        return False
    is_unknown = area.is_incomplete
    for contains in chain(
        (circle_contains(circle, place) for circle in area.circles),
        (outline_contains(outline, place) for outline in area.polygons),
    ):
        if contains:
            return None if area.has_lost_hole else True
        is_unknown = is_unknown or contains is None
    return None if is_unknown else False


def is_certainly_off(area: CapArea, box: Box) -> bool:
    """Return whether a drawn area has nothing in common with a box; False where that is not certain."""
    if area.is_incomplete:
        return False
    boxes = [_box_of(_unrolled(outline), POINT_CIRCLE_KM if is_flat(outline) else 0) for outline in area.polygons]
    boxes += [
        _box_of(((each.latitude, each.longitude),), max(each.radius_km, POINT_CIRCLE_KM)) for each in area.circles
    ]
    return bool(boxes) and not any(_have_common(each, box) for each in boxes)


def _box_of(points: Outline, around_km: float) -> Box:
    latitudes, longitudes = [point[0] for point in points], [point[1] for point in points]
    reach = around_km / _KM_OF_A_DEGREE
    south, north = min(latitudes) - reach, max(latitudes) + reach
    is_polar = north >= _POLAR_DEGREES or south <= -_POLAR_DEGREES
    sideways = 180.0 if is_polar else min(180.0, reach / math.cos(math.radians(max(abs(north), abs(south)))))
    return south, north, min(longitudes) - sideways, max(longitudes) + sideways


def _have_common(one: Box, other: Box) -> bool:
    if one[1] < other[0] or one[0] > other[1]:
        return False
    return any(one[3] + turn >= other[2] and one[2] + turn <= other[3] for turn in (-720, -360, 0, 360, 720))


def circle_contains(circle: CapCircle, place: Point) -> bool | None:
    """Return whether a place is in a circle; None near one that is only a point, and in one that is too large."""
    distance = distance_km((circle.latitude, circle.longitude), place)
    if circle.radius_km == 0:
        return None if distance <= POINT_CIRCLE_KM else False
    if circle.radius_km > LARGEST_CIRCLE_KM and distance > circle.radius_km / 1_000:
        return None if distance <= circle.radius_km else False
    return distance <= circle.radius_km


def distance_km(one: Point, other: Point) -> float:
    """Return the length of the great circle between two points in kilometres (haversine)."""
    latitude, other_latitude = math.radians(one[0]), math.radians(other[0])
    half = math.sin((other_latitude - latitude) / 2) ** 2
    half += math.cos(latitude) * math.cos(other_latitude) * math.sin(math.radians(other[1] - one[1]) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def outline_contains(outline: Outline, place: Point) -> bool | None:
    """Return whether a place is within an outline or on it; None near one that is only a line or a point.

    Longitudes are compared modulo 360 degrees.
    """
    if is_flat(outline):
        return None if distance_to_line_km(outline, place) <= POINT_CIRCLE_KM else False
    unrolled = _unrolled(outline)
    # Unrolled, nothing would be left of a box around the earth.
    outline = outline if _is_line(unrolled) else unrolled
    latitude, longitude = place
    west, east = min(point[1] for point in outline), max(point[1] for point in outline)
    turns = range(math.ceil((west - longitude - 1e-6) / 360), math.floor((east - longitude + 1e-6) / 360) + 1)
    return any(_winds_around(outline, latitude, longitude + 360 * turn) for turn in turns)


def distance_to_line_km(line: Outline, place: Point) -> float:
    """Return the distance to the nearest point of a line as on a plane: good enough for what is near."""
    narrow = math.cos(math.radians(place[0]))
    points = [
        (((longitude - place[1] + 180) % 360 - 180) * narrow * _KM_OF_A_DEGREE, (latitude - place[0]) * _KM_OF_A_DEGREE)
        for latitude, longitude in line
    ]
    found = [math.hypot(*points[0])]
    for (from_x, from_y), (to_x, to_y) in pairwise(points):
        x, y = to_x - from_x, to_y - from_y
        along = max(0.0, min(1.0, -(from_x * x + from_y * y) / ((x * x + y * y) or 1.0)))
        found.append(math.hypot(from_x + along * x, from_y + along * y))
    return min(found)


def _unrolled(outline: Outline) -> Outline:
    """Return an outline that crosses the antimeridian (from 179 to -179) with longitudes that go on (to 181)."""
    points = [outline[0]]
    for latitude, longitude in outline[1:]:
        turns = round((longitude - points[-1][1]) / 360)
        points.append((latitude, longitude - 360 * turns))
    # Around a pole the ends do not meet: such an outline is left as it is written.
    return tuple(points) if math.isclose(points[0][1], points[-1][1], abs_tol=1e-6) else outline


def _is_line(outline: Outline) -> bool:
    longitudes = {point[1] for point in outline}
    return max(longitudes) - min(longitudes) < 1e-6


def _winds_around(outline: Outline, latitude: float, longitude: float) -> bool:
    winding = 0
    for (from_lat, from_lon), (to_lat, to_lon) in pairwise(outline):
        side = (to_lon - from_lon) * (latitude - from_lat) - (longitude - from_lon) * (to_lat - from_lat)
        if (
            abs(side) <= _EDGE_DEGREES
            and _is_between(from_lat, to_lat, latitude)
            and _is_between(from_lon, to_lon, longitude)
        ):
            return True
        if from_lat <= latitude < to_lat and side > 0:
            winding += 1
        elif to_lat <= latitude < from_lat and side < 0:
            winding -= 1
    return winding != 0


def _is_between(one: float, other: float, value: float) -> bool:
    return min(one, other) - _EDGE_DEGREES <= value <= max(one, other) + _EDGE_DEGREES
