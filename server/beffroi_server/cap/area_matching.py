"""Whether a warning is for a town: inside, outside, or a person has to look."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from beffroi_server.cap.coordinates import is_flat
from beffroi_server.cap.countries import box_around
from beffroi_server.cap.geocodes import CodeMatch, match_code
from beffroi_server.cap.geometry import distance_to_line_km, geometry_contains, is_certainly_off, outline_contains
from beffroi_server.cap.messages import CapAlert, CapArea, CapInfo, NamedValue, Point
from beffroi_server.cap.names import folded_name
from beffroi_server.cap.places import Place

BORDER_KM = 5.0
"""By which a coarse outline may miss a town: that of a department misses Saint-Malo."""
_ZONES = ("emma", "nuts")
"""Schemes of zones whose outlines are those of the zones, not of what happens within them."""


class Position(Enum):
    """Where a town is, seen from an area."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"
    """Nothing that can be compared: neither everywhere, nor silently nowhere."""


def area_position(area: CapArea, place: Place) -> Position:
    """Return where a town is, seen from one area.

    A drawn area counts alone: the codes beside a polygon are the counties or communes around it, although CAP's words
    make a union of them. They only help where the place has no coordinates: a town outside of all of them is
    outside, as is one whose department or country lies far from what is drawn. A circle of radius 0 draws nothing, nor
    does a line: the exact code of the town beside it counts. Where that code stands beside an outline that the town is
    just outside of, or that only holds it with longitude first, nobody knows what is meant: outlines of departments are
    coarse, and leave out towns on the coast.
    """
    codes = _codes_position(area, place)
    if not area.has_geometry:
        return codes
    has_own_code = codes is Position.INSIDE and any(_is_exact(code, place) for code in area.geocodes)
    if has_own_code and _is_point(area):
        # A point is where something is, not how far it reaches.
        return Position.INSIDE
    if place.point is None:
        box = box_around(place.country, place.department)
        is_off = (area.geocodes and codes is Position.OUTSIDE) or (box is not None and is_certainly_off(area, box))
        return Position.OUTSIDE if is_off else Position.UNKNOWN
    contains = geometry_contains(area, place.point)
    if contains is None or (not contains and has_own_code and _may_be_meant(area, place.point)):
        return Position.UNKNOWN
    return Position.INSIDE if contains else Position.OUTSIDE


def _is_point(area: CapArea) -> bool:
    is_drawn = any(not is_flat(outline) for outline in area.polygons) or any(each.radius_km for each in area.circles)
    return not area.is_incomplete and not is_drawn


def _may_be_meant(area: CapArea, place: Point) -> bool:
    """Return whether a place is just outside of the outline of a zone, or in one written with longitude first."""
    is_zone = any(folded_name(code.name).startswith(_ZONES) for code in area.geocodes)
    return any(
        outline_contains(outline, (place[1], place[0]))
        or (is_zone and distance_to_line_km(outline, place) <= BORDER_KM)
        for outline in area.polygons
    )


def _is_exact(code: NamedValue, place: Place) -> bool:
    return match_code(code, place) is CodeMatch.EXACT


def _codes_position(area: CapArea, place: Place) -> Position:
    found = {match_code(code, place) for code in area.geocodes}
    if CodeMatch.EXACT in found:
        return Position.INSIDE
    if CodeMatch.COARSE in found:
        # Beside a code that nobody knows, a country or region only says where to look for it.
        return Position.UNKNOWN if CodeMatch.UNKNOWN in found else Position.INSIDE
    # The codes of an area name the same place in several schemes: one that is understood is enough.
    return Position.OUTSIDE if CodeMatch.ELSEWHERE in found else Position.UNKNOWN


def info_position(alert: CapAlert, info: CapInfo, place: Place) -> Position:
    """Return where a town is, seen from an info: its areas together.

    An info whose areas are only named, or that has none, is for the areas of the infos in other languages.
    """
    areas: Iterable[CapArea] = info.areas
    if not any(area.is_placed for area in info.areas):
        others = [area for each in alert.infos if each.language != info.language for area in each.areas]
        areas = [area for area in others if area.is_placed] or info.areas
    found = {area_position(area, place) for area in areas}
    if Position.INSIDE in found:
        return Position.INSIDE
    return Position.OUTSIDE if found == {Position.OUTSIDE} else Position.UNKNOWN
