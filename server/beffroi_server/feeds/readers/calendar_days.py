"""Reader of special days: the days that the events of a calendar take, such as school holidays."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from beffroi_server.core.text import shorten_text
from beffroi_server.feeds.readers import school_calendar
from beffroi_server.feeds.readers.calendar_events import CalendarEvent, NamedRange, read_events
from beffroi_server.feeds.readers.calendar_times import DAY, MIDNIGHT
from beffroi_server.feeds.readers.reading import Reading, ReadingContext, SkippedParts

YEARS_BACK, YEARS_AHEAD = 1, 5
"""Years before and after the present one in which repetitions are written out."""
MAX_RANGES = 20_000
NAME_LENGTH = 80
_FIRST, _LAST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
"""Days that a calendar of days can hold."""


def read_days(content: bytes, context: ReadingContext) -> Reading:
    """Return the days that the events of a calendar take, in order.

    Events that take place once count whenever they are; repetitions are written out around the present year, or in
    ``context.year``. Of a calendar of school holidays only the holidays count, see ``school_calendar``.

    Returns:
        ``ranges`` with ``first``, ``last``, ``name`` and ``places``, and ``places``, all that are named there.

    Raises:
        FeedContentError: it is not a calendar.
    """
    skipped = SkippedParts()
    present = context.year or context.now.astimezone(context.zone).year
    first, last = (0, 0) if context.year else (YEARS_BACK, YEARS_AHEAD)
    window = dt.date(present - first, 1, 1), dt.date(present + last, 12, 31)
    events = read_events(content, context.zone, *window, skipped, single_outside=True)
    ranges = [(_range_of(event), event) for event in events]
    found = school_calendar.holidays_of(ranges, skipped) if school_calendar.is_school_calendar(ranges) else None
    kept = sorted(
        {
            _within(each)
            for each in (found if found is not None else [days for days, _ in ranges])
            if each.last >= _FIRST
        },
        key=lambda each: (each.first, each.last, each.name),
    )
    if context.year:
        kept = [each for each in kept if each.first <= window[1] and each.last >= window[0]]
    if len(kept) > MAX_RANGES:
        skipped.add("event", "too-many", "", f"{len(kept) - MAX_RANGES}")
    return Reading(
        {
            "ranges": [
                {
                    "first": each.first.isoformat(),
                    "last": each.last.isoformat(),
                    "name": shorten_text(each.name, NAME_LENGTH),
                    "places": list(each.places),
                }
                for each in kept[:MAX_RANGES]
            ],
            "places": sorted({place for each in kept for place in each.places}),
        },
        skipped,
    )


def _range_of(event: CalendarEvent) -> NamedRange:
    first = last = event.starts.date()
    if event.ends is not None:
        last = event.ends.date()
        # The midnight at which an event ends is none of its days.
        if event.ends.time() == MIDNIGHT and last > first:
            last -= DAY
    return NamedRange(first, last, event.title)


def _order(days: NamedRange) -> tuple[dt.date, dt.date, str]:
    return days.first, days.last, days.name


def _within(days: NamedRange) -> NamedRange:
    return replace(days, first=min(max(days.first, _FIRST), _LAST), last=min(max(days.last, _FIRST), _LAST))
