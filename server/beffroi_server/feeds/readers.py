"""Parsers of feeds, run as a confined process: ``python -m beffroi_server.feeds.readers KIND ZONE [DEPARTMENT]``.

Reads a feed on standard input and writes one line of JSON to standard output: ``{"data": fields of the widget}``, or
``{"code": reason}``. The content comes from strangers, so it is parsed in a process with limits on memory and time
(see ``core.sandbox``). Works without Django, which would cost more time to load than the parsing takes.
"""

from __future__ import annotations

import calendar as calendar_module
import csv
import datetime as dt
import html
import io
import json
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from beffroi_server.core import sandbox
from beffroi_server.core.text import shorten_text

MEMORY_LIMIT = 768 * 1024 * 1024
"""Bytes of address space."""
PROCESSOR_S = 20
MAX_EVENTS, EVENT_HORIZON = 60, dt.timedelta(days=120)
"""Events of a calendar at most, and how far ahead they may be."""
MAX_ITEMS, MAX_ROWS, MAX_COLUMNS = 40, 60, 8
TITLE_LENGTH, CELL_LENGTH = 160, 100
"""Characters of a title, and of a cell of a table."""
PHENOMENON_NAMES = {
    1: "Vent violent", 2: "Pluie-inondation", 3: "Orages", 4: "Crues", 5: "Neige-verglas", 6: "Canicule",
    7: "Grand froid", 8: "Avalanches", 9: "Vagues-submersion",
}  # fmt: skip
"""Phenomena by their number in the API of Météo-France, in French as people know them."""
_SKY_OF_SYMBOL = (
    ("thunder", "storm"), ("snow", "snow"), ("sleet", "snow"), ("showers", "showers"), ("rain", "rain"), ("fog", "fog"),
    ("clearsky", "sun"), ("fair", "sun"), ("partlycloudy", "veiled"), ("cloudy", "cloud"),
)  # fmt: skip
"""Parts of the symbol codes of MET Norway, the gravest first, and the sky that the weather widget draws for each."""


class FeedContentError(Exception):
    """A feed has nothing that can be shown; the argument is the code of the reason."""


def read_calendar(content: bytes, zone: ZoneInfo, now: dt.datetime) -> dict[str, Any]:
    """Return the coming events of an iCalendar file (RFC 5545), with each repetition as an event of its own.

    Raises:
        FeedContentError: it is not a calendar.
    """
    import icalendar  # noqa: PLC0415 - each kind loads what it needs
    import recurring_ical_events  # noqa: PLC0415

    try:
        found = recurring_ical_events.of(icalendar.Calendar.from_ical(content), skip_bad_series=True)
        # What began this morning may still be going on.
        events = found.between(now - dt.timedelta(hours=12), now + EVENT_HORIZON)
    except Exception as error:
        raise FeedContentError("not-a-calendar") from error
    shown = [event for each in events if (event := _event_fields(each, zone)) is not None]
    return {"events": sorted(shown, key=lambda event: (event["starts"], event["title"]))[:MAX_EVENTS]}


def read_news(content: bytes, zone: ZoneInfo, now: dt.datetime) -> dict[str, Any]:
    """Return the newest items of an RSS or Atom feed, with plain text for titles.

    Raises:
        FeedContentError: it is not a feed, or has no item with a title.
    """
    import feedparser  # noqa: PLC0415

    found = feedparser.parse(io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False)
    if not found.entries and found.bozo:
        raise FeedContentError("not-a-feed")
    items: list[dict[str, Any]] = []
    for entry in found.entries:
        title = _plain_text(entry.get("title", ""))
        moment = entry.get("published_parsed") or entry.get("updated_parsed")
        if title:
            published = calendar_module.timegm(moment) * 1000 if moment else None
            items.append({"title": shorten_text(title, TITLE_LENGTH), "published_at_ms": published})
    if not items:
        raise FeedContentError("empty")
    return {"items": sorted(items, key=lambda item: -(item["published_at_ms"] or 0))[:MAX_ITEMS]}


def read_table(content: bytes, zone: ZoneInfo, now: dt.datetime) -> dict[str, Any]:
    """Return the rows of a table in CSV, whatever its encoding and separator; the first row is the heading.

    Raises:
        FeedContentError: it is not a table, is empty, or has too many columns.
    """
    text = _decode_text(content)
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        lines = [[_plain_text(cell) for cell in line] for line in csv.reader(io.StringIO(text), dialect)]
    except csv.Error as error:
        raise FeedContentError("not-a-table") from error
    rows = [line for line in lines if any(line)]
    if len(rows) < 2:
        raise FeedContentError("empty")
    if max(map(len, rows)) > MAX_COLUMNS:
        raise FeedContentError("too-wide")
    heading, *body = [[shorten_text(cell, CELL_LENGTH) for cell in row] for row in rows[: MAX_ROWS + 1]]
    return {"heading": [shorten_text(cell, 60) for cell in heading], "rows": body}


def read_weather(content: bytes, zone: ZoneInfo, now: dt.datetime) -> dict[str, Any]:
    """Return the days of a forecast of MET Norway (API locationforecast 2.0, ``complete``).

    Raises:
        FeedContentError: it is not such a forecast, or has no complete day.
    """
    try:
        steps = json.loads(content)["properties"]["timeseries"]
        moments = [(dt.datetime.fromisoformat(step["time"]).astimezone(zone), step["data"]) for step in steps]
        days = [_daily_forecast(day, moments) for day in sorted({moment.date() for moment, _ in moments})]
    except (ValueError, KeyError, TypeError) as error:
        raise FeedContentError("not-a-forecast") from error
    known = [day for day in days if day is not None]
    if not known:
        raise FeedContentError("empty")
    return {"days": known[:6]}


def read_vigilance(content: bytes, zone: ZoneInfo, now: dt.datetime, department: str = "") -> dict[str, Any]:
    """Return today's vigilance of a department (Météo-France, API DPVigilance v1, ``cartevigilance``).

    Level 1 is green and 4 red; only phenomena above green are named, the gravest first.

    Raises:
        FeedContentError: it is not such a map, or has no such department.
    """
    try:
        periods = json.loads(content)["product"]["periods"]
        today = next(period for period in periods if period["echeance"] == "J")
        domain = next(each for each in today["timelaps"]["domain_ids"] if each["domain_id"] == department)
        items = [(int(one["phenomenon_id"]), int(one["phenomenon_max_color_id"])) for one in domain["phenomenon_items"]]
    except StopIteration as error:
        raise FeedContentError("no-department") from error
    except (ValueError, KeyError, TypeError) as error:
        raise FeedContentError("not-a-vigilance") from error
    known = [
        (PHENOMENON_NAMES[number], level) for number, level in items if number in PHENOMENON_NAMES and 1 <= level <= 4
    ]
    grave = sorted((one for one in known if one[1] > 1), key=lambda one: -one[1])
    return {
        "department": department,
        "level": max((level for _, level in known), default=1),
        "phenomena": [{"name": name, "level": level} for name, level in grave],
    }


READERS: dict[str, Callable[..., dict[str, Any]]] = {
    "calendar": read_calendar,
    "news": read_news,
    "table": read_table,
    "weather": read_weather,
    "vigilance": read_vigilance,
}


def _event_fields(event: Any, zone: ZoneInfo) -> dict[str, Any] | None:
    title = shorten_text(_plain_text(str(event.get("SUMMARY", ""))), TITLE_LENGTH)
    if not title or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    starts = _local_time(event["DTSTART"].dt, zone)
    ends = _local_time(event["DTEND"].dt, zone) if "DTEND" in event else None
    return {
        "title": title,
        "starts": starts.isoformat(),
        "ends": ends.isoformat() if ends and ends > starts else None,
        "place": shorten_text(_plain_text(str(event.get("LOCATION", ""))), 80),
    }


def _local_time(moment: dt.date, zone: ZoneInfo) -> dt.datetime:
    if not isinstance(moment, dt.datetime):
        return dt.datetime.combine(moment, dt.time())
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)


def _daily_forecast(day: dt.date, moments: Iterable[tuple[dt.datetime, Any]]) -> dict[str, Any] | None:
    of_day = [(moment, data) for moment, data in moments if moment.date() == day]
    details = [data["instant"]["details"] for _, data in of_day]
    heats = [each["air_temperature"] for each in details if "air_temperature" in each]
    # The last day of a forecast may end before its warmest hours.
    if not heats or of_day[-1][0].hour < 12:
        return None
    winds = [each["wind_speed"] for each in details if "wind_speed" in each]
    symbols = [
        data[span]["summary"]["symbol_code"]
        for moment, data in of_day
        if 6 <= moment.hour <= 20
        for span in ("next_6_hours", "next_1_hours")
        if span in data
    ]
    return {
        "day": day.isoformat(),
        "sky": _dominant_sky(symbols),
        "low": round(min(heats)) if len(heats) > 2 else None,
        "high": round(max(heats)),
        "wind_kmh": round(max(winds) * 3.6) if winds else None,
    }


def _dominant_sky(symbols: list[str]) -> str:
    """Return the gravest sky among those that last for at least a quarter of the day."""
    for word, sky in _SKY_OF_SYMBOL:
        if symbols and sum(word in symbol for symbol in symbols) * 4 >= len(symbols):
            return sky
    return "unknown"


def _decode_text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _plain_text(text: str) -> str:
    """Return a text on one line, without tags, entities and control characters."""
    text = html.unescape(re.sub(r"<[^<>]{0,2000}>", " ", text))
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()


def read_feed(kind: str, zone: str, content: bytes, **options: str) -> dict[str, Any]:
    """Return ``{"data": fields}`` of the widget for a kind of feed, or ``{"code": reason}``.

    Args:
        kind: A value of ``feeds.models.FeedKind``.
        zone: The town's time zone, an IANA name.
        content: The feed as it was fetched.
        options: Further arguments of the parser of that kind.
    """
    place = ZoneInfo(zone)
    try:
        return {"data": READERS[kind](content, place, dt.datetime.now(place), **options)}
    except FeedContentError as error:
        return {"code": str(error)}
    except (MemoryError, RecursionError):
        return {"code": "too-complex"}


if __name__ == "__main__":
    sandbox.confine_process(MEMORY_LIMIT, PROCESSOR_S)
    named = {"department": sys.argv[3]} if len(sys.argv) > 3 else {}
    print(json.dumps(read_feed(sys.argv[1], sys.argv[2], sys.stdin.buffer.read(), **named)))
