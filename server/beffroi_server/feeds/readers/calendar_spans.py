"""Start and end of an event of iCalendar, as the file has them and as the town’s clock shows them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from beffroi_server.feeds.readers.calendar_lines import CalendarComponent
from beffroi_server.feeds.readers.calendar_times import (
    DAY,
    MIDNIGHT,
    CalendarDuration,
    CalendarMoment,
    CalendarZones,
    parse_duration,
    parse_moment,
)
from beffroi_server.feeds.readers.reading import SkippedParts

LAST_MINUTES = (dt.time(23, 59), dt.time(23, 59, 59))
"""Ends that programs write for the end of a day."""
_WHOLE_DAY_MARKS = ("X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY")


@dataclass(frozen=True, slots=True)
class EventSpan:
    """The first start of an event, and how long it lasts."""

    start: CalendarMoment
    length: CalendarDuration | None
    """None where the file gives no end that makes sense."""

    @property
    def longest(self) -> dt.timedelta:
        """The time that it lasts at most."""
        return self.length.days * DAY + self.length.exact + DAY if self.length else DAY

    def local_times(self, start: CalendarMoment, zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime | None, bool]:
        """Return start and end by the town’s clock, and whether it takes whole days, for one of its starts.

        A day is one by the type of its value. From midnight to midnight, or to the last minute of a day, is what
        programs write for whole days; midnight alone is an hour like any other.
        """
        begin = start.in_zone(zone)
        end = self.length.after(start).in_zone(zone) if self.length else None
        if start.is_day:
            return begin, end or begin + DAY, True
        if end is None:
            return begin, None, False
        if end.time() in LAST_MINUTES and begin.time() == MIDNIGHT:
            end = dt.datetime.combine(end.date() + DAY, MIDNIGHT)
        return begin, end, begin.time() == MIDNIGHT == end.time() and end > begin


def read_span(
    component: CalendarComponent, zones: CalendarZones, skipped: SkippedParts, *, is_private: bool
) -> EventSpan | None:
    """Return the span of an event, or None where it has no start.

    Args:
        component: The event.
        zones: Those of its calendar.
        skipped: Receives what is left out.
        is_private: Whether its title is not named there.
    """

    def skip(reason: str) -> None:
        skipped.add("event", reason, component.line, "" if is_private else component.text_of("SUMMARY"))

    start = _first_moment(component, "DTSTART", zones)
    if start is None:
        skip("bad-start" if component.has("DTSTART") else "no-start")
        return None
    end = _first_moment(component, "DTEND", zones)
    if component.has("DTEND") and end is None:
        skip("bad-end")
    durations = (parse_duration(each.value) for each in component.all_of("DURATION"))
    length = _length_between(start, end) if end else next((each for each in durations if each), None)
    if end and length is None and end.in_zone(zones.zone_of("")) < start.in_zone(zones.zone_of("")):
        skip("end-before-start")
    return _as_whole_days(component, EventSpan(start, length), zones)


def _first_moment(component: CalendarComponent, name: str, zones: CalendarZones) -> CalendarMoment | None:
    found = (parse_moment(each.value, each.parameters, zones) for each in component.all_of(name))
    return next((moment for moment in found if moment), None)


def _length_between(start: CalendarMoment, end: CalendarMoment) -> CalendarDuration | None:
    """Return the length of an event with an end, or None where its end says nothing."""
    if start.is_day or end.is_day:
        last = end.local if end.is_day else end.in_zone(start.zone)
        days = (last.date() - start.local.date()).days + (last.time() != MIDNIGHT)
        if start.is_day:
            # The day after the last one, and of one day often the day itself.
            return CalendarDuration(days, dt.timedelta()) if days > 0 else None
        # A day as the end of an hour: the midnight before it, where the event goes over several days.
        midnight = CalendarMoment(last, start.zone)
        return CalendarDuration(0, midnight.instant - start.instant) if days > 1 else None
    local_end = end.in_zone(start.zone)
    if start.local.time() == MIDNIGHT and local_end > start.local:
        if local_end.time() in LAST_MINUTES:
            local_end = dt.datetime.combine(local_end.date() + DAY, MIDNIGHT)
        if local_end.time() == MIDNIGHT:
            return CalendarDuration((local_end - start.local).days, dt.timedelta())
    exact = end.instant - start.instant
    return CalendarDuration(0, exact) if exact > dt.timedelta() else None


def _as_whole_days(component: CalendarComponent, span: EventSpan, zones: CalendarZones) -> EventSpan:
    """Return the span in days where Outlook marks it as such, whatever its hours."""
    marks = {word for mark in _WHOLE_DAY_MARKS for word in component.words_of(mark)}
    start = span.start
    if start.is_day or not marks & {"TRUE", "1"}:
        return span
    own = zones.zone_of("")
    local = start.in_zone(own)
    if local.time() != MIDNIGHT and start.local.time() == MIDNIGHT:
        local = start.local
    length = span.length
    days = max(1, round((length.days * DAY + length.exact) / DAY)) if length else 1
    day = dt.datetime.combine(local.date(), MIDNIGHT)
    return EventSpan(CalendarMoment(day, own, is_day=True), CalendarDuration(days, dt.timedelta()))
