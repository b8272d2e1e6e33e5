"""Readers of feeds, one module for each kind.

A reader takes content that strangers wrote and returns the fields of a widget, with a list of the parts that it left
out: one odd part never costs the whole feed. Readers run in a process with limits on memory and time, see
``__main__``. They work without Django, which would cost more time to load than the parsing takes.
"""

# ruff: noqa: PLC0415
from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

from beffroi_server.feeds.readers.reading import FeedContentError, Reading, ReadingContext

Reader = Callable[[bytes, ReadingContext], Reading]


def reader_of(kind: str) -> Reader:  # noqa: PLR0911
    """Return the reader of a kind of feed, and load no other: what one needs takes most of the time of a reading.

    Args:
        kind: A value of ``feeds.models.FeedKind``; ``days``, which people import; ``vigilance-spans`` or
            ``river-levels``, which warnings are made of.

    Raises:
        KeyError: there is none.
    """
    match kind:
        case "calendar":
            from beffroi_server.feeds.readers.calendar import read_calendar

            return read_calendar
        case "days":
            from beffroi_server.feeds.readers.calendar_days import read_days

            return read_days
        case "news":
            from beffroi_server.feeds.readers.news import read_news

            return read_news
        case "table":
            from beffroi_server.feeds.readers.tables import read_table

            return read_table
        case "weather":
            from beffroi_server.feeds.readers.weather import read_weather

            return read_weather
        case "vigilance":
            from beffroi_server.feeds.readers.vigilance import read_vigilance

            return read_vigilance
        case "vigilance-spans":
            from beffroi_server.feeds.readers.vigilance_spans import read_spans

            return read_spans
        case "river-levels":
            from beffroi_server.feeds.readers.river_levels import read_river_levels

            return read_river_levels
    raise KeyError(kind)


def read_feed(
    kind: str,
    zone: str,
    content: bytes,
    *,
    now: dt.datetime | None = None,
    department: str = "",
    kept: Mapping[str, Any] | None = None,
    year: int | None = None,
    zones: Sequence[str] = (),
    places: Sequence[Sequence[float]] = (),
) -> dict[str, Any]:
    """Read a feed, and return what was found as JSON has it.

    Args:
        kind: As :func:`reader_of` takes it.
        zone: The town's time zone, an IANA name.
        content: The feed as it was fetched.
        now: The instant for which is read; None: the present.
        department: Number of the department, for vigilance.
        kept: ``kept`` of the last reading of this feed.
        year: The year whose days are wanted, of special days.
        zones: Departments or reaches that are wanted, of charts that warnings are made of.
        places: Latitude and longitude of the places of the town, for reaches of rivers.

    Returns:
        ``{"data": fields of the widget, "skipped": parts, "skipped_count": number, "kept": values}``, or
        ``{"code": reason}``.
    """
    place = ZoneInfo(zone)
    moment = dt.datetime.now(place) if now is None else now.astimezone(place)
    try:
        context = ReadingContext(
            place, moment, department, kept or {}, tuple(zones), tuple((each[0], each[1]) for each in places), year
        )
        found = reader_of(kind)(content, context)
    except FeedContentError as error:
        return {"code": str(error)}
    except (MemoryError, RecursionError):
        return {"code": "too-complex"}
    return {
        "data": found.data,
        "skipped": [asdict(part) for part in found.skipped.named],
        "skipped_count": found.skipped.count,
        "kept": found.kept,
    }
