"""Reader of Vigicrues (``InfoVigiCru.geojson``): the flood warning level of the reaches of rivers near the town.

Each of some 340 reaches is a line (longitude, latitude) with its level for the next 24 hours in ``NivInfViCr``. Small
rivers have none: that nothing is near says nothing about floods.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext, SkippedParts
from beffroi_server.feeds.readers.vigilance import moment_of, whole_number
from beffroi_server.feeds.readers.vigilance_spans import COLOURS

NEAR_KM = 5.0
"""A reach that comes so close to a place of the town is taken to concern it, where nobody has named reaches."""
AGE_LIMIT = dt.timedelta(hours=26)
"""Levels are renewed at 10 and at 16 h, and more often in a flood."""
MAX_REACHES, MAX_POINTS = 5_000, 2_000_000
_TIMES = ("DtHrInfoVigiCru", "DateHeureCreationFichier", "timestamp")
_CODES, _NAMES = ("CdEntCru", "CdEntVigiCru"), ("LbEntCru", "lbentcru", "NomEntVigiCru")
_LEVELS = ("NivInfViCr", "NivSituVigiCruEnt")
_EARTH_KM = 6371.0


def read_river_levels(content: bytes, context: ReadingContext) -> Reading:
    """Return the reaches that were named, or else those near the places of the town, with their levels.

    Raises:
        FeedContentError: it is no such collection.
    """
    try:
        collection = json.loads(content)
        features = [each for each in collection["features"] if isinstance(each, dict)][:MAX_REACHES]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FeedContentError("not-vigicrues") from error
    if not any(_named(_properties(each), _LEVELS) is not None for each in features):
        raise FeedContentError("not-vigicrues")
    made = next((at for name in _TIMES if (at := moment_of(collection.get(name)))), None)
    is_old = made is not None and context.now - made > AGE_LIMIT
    skipped, reaches = SkippedParts(), []
    for feature in features:
        values = _properties(feature)
        code, name = str(_named(values, _CODES) or ""), str(_named(values, _NAMES) or "")
        places = _places_of(feature, code, name, context)
        if places and (code or name):
            reach = _reach(values, code, name, context, made)
            reaches.append({**reach, "places": places})
            if reach["spans"][0]["level"] is None:
                skipped.add("phenomenon", "unknown-colour", code, name)
    zone = {"zone": "rivers", "made": made.isoformat() if made else None, "is_old": is_old}
    return Reading({"zones": [zone], "hazards": [] if is_old else reaches}, skipped)


def _reach(
    values: Mapping[str, Any], code: str, name: str, context: ReadingContext, made: dt.datetime | None
) -> dict[str, Any]:
    number = whole_number(_named(values, _LEVELS))
    level = number if number in COLOURS else None
    # Without hours in the source, an end that does not move with each reading: the midnight after the next 24 hours.
    first = (made or context.now).astimezone(context.zone)
    begins = dt.datetime.combine(first.date(), dt.time(), context.zone)
    span = {
        "begins": (made or begins).isoformat(),
        "ends": dt.datetime.combine(first.date() + dt.timedelta(days=2), dt.time(), context.zone).isoformat(),
        "level": level, "colour": COLOURS.get(level or 0, ""),
    }  # fmt: skip
    return {"zone": "rivers", "code": code or name, "name": name or code, "spans": [span]}


def _places_of(feature: Mapping[str, Any], code: str, name: str, context: ReadingContext) -> list[int]:
    """Return the numbers of the places that a reach concerns."""
    if context.zones:
        wanted = {_folded(each) for each in context.zones}
        return list(range(max(1, len(context.places)))) if wanted & {_folded(code), _folded(name)} else []
    lines = list(_lines(feature.get("geometry")))
    return [
        number for number, (latitude, longitude) in enumerate(context.places)
        if any(_is_near(line, latitude, longitude) for line in lines)
    ]  # fmt: skip


def _lines(geometry: object) -> Iterator[list[Any]]:
    if not isinstance(geometry, dict) or not isinstance(geometry.get("coordinates"), list):
        return
    parts = geometry["coordinates"]
    yield from [parts] if geometry.get("type") == "LineString" else [each for each in parts if isinstance(each, list)]


def _is_near(line: list[Any], latitude: float, longitude: float) -> bool:
    """Return whether a line comes near a point: on a plane that touches the earth there, in kilometres."""
    shrink = math.cos(math.radians(latitude))
    before: tuple[float, float] | None = None
    for point in line[:MAX_POINTS]:
        try:
            east = math.radians(float(point[0]) - longitude) * shrink * _EARTH_KM
            north = math.radians(float(point[1]) - latitude) * _EARTH_KM
        except (TypeError, ValueError, IndexError):
            before = None
            continue
        if _distance_from_origin(before or (east, north), (east, north)) <= NEAR_KM:
            return True
        before = (east, north)
    return False


def _distance_from_origin(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the distance between the origin and a stretch."""
    along = end[0] - start[0], end[1] - start[1]
    length = along[0] ** 2 + along[1] ** 2
    share = -(start[0] * along[0] + start[1] * along[1]) / length if length else 0.0
    share = min(1.0, max(0.0, share))
    return math.hypot(start[0] + share * along[0], start[1] + share * along[1])


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    values = feature.get("properties")
    return values if isinstance(values, dict) else {}


def _named(values: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((values[name] for name in names if values.get(name) is not None), None)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(
        "".join(each if each.isalnum() else " " for each in plain if not unicodedata.combining(each)).split()
    )
