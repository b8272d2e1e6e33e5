"""Reader of calendars (iCalendar, RFC 5545)."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from beffroi_server.core.text import shorten_text
from beffroi_server.feeds.readers.reading import TITLE_LENGTH, FeedContentError, Reading, ReadingContext
from beffroi_server.feeds.readers.text import plain_text

MAX_EVENTS, EVENT_HORIZON = 60, dt.timedelta(days=120)
"""Events of a calendar at most, and how far ahead they may be."""


def read_calendar(content: bytes, context: ReadingContext) -> Reading:
    """Return the coming events of an iCalendar file (RFC 5545), with each repetition as an event of its own.

    Raises:
        FeedContentError: it is not a calendar.
    """
    import icalendar  # noqa: PLC0415 - other kinds do without
    import recurring_ical_events  # noqa: PLC0415 - likewise

    try:
        found = recurring_ical_events.of(icalendar.Calendar.from_ical(content), skip_bad_series=True)
        # What began this morning may still be going on.
        events = found.between(context.now - dt.timedelta(hours=12), context.now + EVENT_HORIZON)
    except Exception as error:
        raise FeedContentError("not-a-calendar") from error
    shown = [event for each in events if (event := _event_fields(each, context.zone)) is not None]
    shown.sort(key=lambda event: (event["starts"], event["title"]))
    return Reading({"events": shown[:MAX_EVENTS]})


def _event_fields(event: Any, zone: ZoneInfo) -> dict[str, Any] | None:
    title = shorten_text(plain_text(str(event.get("SUMMARY", ""))), TITLE_LENGTH)
    if not title or str(event.get("STATUS", "")).upper() == "CANCELLED":
        return None
    starts = _local_time(event["DTSTART"].dt, zone)
    ends = _local_time(event["DTEND"].dt, zone) if "DTEND" in event else None
    return {
        "title": title,
        "starts": starts.isoformat(),
        "ends": ends.isoformat() if ends and ends > starts else None,
        "place": shorten_text(plain_text(str(event.get("LOCATION", ""))), 80),
    }


def _local_time(moment: dt.date, zone: ZoneInfo) -> dt.datetime:
    if not isinstance(moment, dt.datetime):
        return dt.datetime.combine(moment, dt.time())
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)
