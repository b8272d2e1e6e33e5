"""Reader of calendars (iCalendar, RFC 5545): the events that an agenda shows next."""

from __future__ import annotations

import datetime as dt
from typing import Any

from beffroi_server.core.text import shorten_text
from beffroi_server.feeds.readers.calendar_events import CalendarEvent, read_events
from beffroi_server.feeds.readers.reading import TITLE_LENGTH, Reading, ReadingContext, SkippedParts

MAX_EVENTS, EVENT_HORIZON = 60, dt.timedelta(days=120)
"""Events of a calendar at most, and how far ahead they may begin."""
MAX_RUNNING = 15
"""Of these, those that began before today, where more begin than there is room for."""
PLACE_LENGTH = 80
_EARLIEST, _LATEST = dt.datetime(1970, 1, 1), dt.datetime(2199, 12, 31)  # noqa: DTZ001 - local times have no zone
"""Times that an agenda can say; what began before or ends later is cut there."""


def read_calendar(content: bytes, context: ReadingContext) -> Reading:
    """Return the events of today and the days ahead, with each repetition as an event of its own.

    Where there are too many, those that begin soonest are kept, with some of those that have gone on for days: a year
    of exhibitions must not push the town council out.

    Raises:
        FeedContentError: it is not a calendar.
    """
    skipped = SkippedParts()
    today = context.now.astimezone(context.zone).date()
    last = (context.now.astimezone(context.zone) + EVENT_HORIZON).date()
    found = _without_repeats(read_events(content, context.zone, today, last, skipped))
    for event in found:
        if not event.title:
            skipped.add("event", "no-title", event.source.line)
    now = context.now.astimezone(context.zone).replace(tzinfo=None)
    shown = [event for event in found if event.title]
    if len(shown) > MAX_EVENTS:
        shown = [event for event in shown if _over_at(event) > now]
    shown.sort(key=lambda event: (event.starts, event.title))
    chosen = _chosen(shown, today)
    if len(shown) > len(chosen):
        skipped.add("event", "too-many", "", f"{len(shown) - len(chosen)}")
    return Reading({"events": [_event_fields(event) for event in chosen]}, skipped)


def _over_at(event: CalendarEvent) -> dt.datetime:
    return event.ends or event.starts + dt.timedelta(hours=1)


def _without_repeats(events: list[CalendarEvent]) -> list[CalendarEvent]:
    """Return the events without those that say the same: exports that are put together have them twice."""
    return list({(each.title, each.place, each.starts, each.ends, each.whole_days): each for each in events}.values())


def _chosen(events: list[CalendarEvent], today: dt.date) -> list[CalendarEvent]:
    midnight = dt.datetime.combine(today, dt.time())
    running = [event for event in events if event.starts < midnight]
    # Those that end soonest matter most.
    running.sort(key=_over_at)
    coming = [event for event in events if event.starts >= midnight]
    room = max(MAX_EVENTS - len(coming), MAX_RUNNING)
    kept = running[:room]
    return sorted([*kept, *coming[: MAX_EVENTS - len(kept)]], key=lambda event: (event.starts, event.title))


def _event_fields(event: CalendarEvent) -> dict[str, Any]:
    starts = min(max(event.starts, _EARLIEST), _LATEST)
    ends = min(max(event.ends, _EARLIEST), _LATEST) if event.ends else None
    return {
        "title": shorten_text(event.title, TITLE_LENGTH),
        "starts": starts.isoformat(),
        "ends": ends.isoformat() if ends and ends > starts else None,
        "place": shorten_text(event.place, PLACE_LENGTH),
        "whole_days": event.whole_days,
    }
