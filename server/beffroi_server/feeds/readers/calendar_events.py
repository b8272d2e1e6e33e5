"""Events of iCalendar that take place between two days, each repetition as an event of its own.

An event that is odd costs itself only, and is named among what was skipped. Private events are left out: the calendar
of an office holds appointments that are nobody’s business (RFC 5545, 3.8.1.3).
"""

from __future__ import annotations

import bisect
import datetime as dt
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from beffroi_server.feeds.readers.calendar_lines import CalendarComponent, read_components
from beffroi_server.feeds.readers.calendar_repetition import (
    Repetition,
    RepetitionError,
    excluded_key,
    read_repetition,
    start_key,
)
from beffroi_server.feeds.readers.calendar_spans import EventSpan, read_span
from beffroi_server.feeds.readers.calendar_times import (
    DAY,
    CalendarDuration,
    CalendarMoment,
    CalendarZones,
    parse_moment,
)
from beffroi_server.feeds.readers.reading import SkippedParts

PROCESSOR_BUDGET_S = 2.5
"""Seconds of processor time for repetitions; events after that are skipped, so that the others are still shown."""
MAX_OCCURRENCES = 50_000
_PUBLIC = {"PUBLIC"}
_LONGEST = dt.timedelta(days=800)
"""An event that repeats lasts this long at most as far as looking back for its start goes."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """An event as it takes place once. Times are those of the town, without offset."""

    title: str
    """Empty where none is given."""
    place: str
    starts: dt.datetime
    ends: dt.datetime | None
    """The first moment after it; None where no end is given."""
    whole_days: bool
    source: CalendarComponent


@dataclass(frozen=True, slots=True)
class NamedRange:
    """Days in a row with the name of their event, and the places for which they count; none means everywhere."""

    first: dt.date
    last: dt.date
    name: str
    places: tuple[str, ...] = ()


@dataclass(slots=True)
class _Series:
    """An event as it is written: where it takes place first, and how it repeats."""

    component: CalendarComponent
    zones: CalendarZones
    span: EventSpan
    replaces: CalendarMoment | None
    """The start that it replaces in the series of its ``UID`` (RECURRENCE-ID)."""
    and_later: bool
    sequence: tuple[int, str]
    hidden: str
    """Reason for which it is not shown; empty otherwise."""
    repetition: Repetition | None = None
    """None until it was read."""


class _Changes:
    """The events of a ``UID`` that take the place of repetitions of another."""

    def __init__(self, changes: list[_Series]) -> None:
        self.all = changes
        self._named = [(each.replaces, each) for each in changes if each.replaces is not None]
        self._later = sorted(
            ((moment.instant, each) for moment, each in self._named if each.and_later), key=lambda pair: pair[0]
        )
        self._keys: dict[tuple[int, bool], set[dt.datetime | dt.date]] = {}

    def replaced_keys(self, start: CalendarMoment) -> set[dt.datetime | dt.date]:
        """Return the keys of the starts that are replaced, each alone, of a series with a first start."""
        kind = id(start.zone), start.is_day
        if kind not in self._keys:
            self._keys[kind] = {excluded_key(moment, start) for moment, each in self._named if not each.and_later}
        return self._keys[kind]

    def later_change(self, moment: CalendarMoment) -> _Series | None:
        """Return the change of this start and all later ones that holds at a start."""
        number = bisect.bisect_right(self._later, moment.instant, key=lambda pair: pair[0]) if self._later else 0
        return self._later[number - 1][1] if number else None


def read_events(
    content: bytes,
    zone: dt.tzinfo,
    first: dt.date,
    last: dt.date,
    skipped: SkippedParts,
    *,
    single_outside: bool = False,
) -> list[CalendarEvent]:
    """Return the events of a stream of calendars that take place between two local days, in no order.

    Args:
        content: The file.
        zone: The town’s time zone.
        first: First local day.
        last: Last local day; an event may go on afterwards.
        skipped: Receives what is left out.
        single_outside: Whether what takes place once counts before and after these days, too.

    Raises:
        FeedContentError: it is not a calendar.
    """
    groups: dict[object, list[_Series]] = {}
    for calendar in read_components(content, skipped):
        zones = CalendarZones(calendar, zone)
        is_cancelled = "CANCEL" in calendar.words_of("METHOD")
        for component in calendar.parts:
            if component.name == "VEVENT" and (series := _read_series(component, zones, is_cancelled, skipped)):
                name = next((each.value.strip() for each in component.all_of("UID")), "") or id(component)
                groups.setdefault(name, []).append(series)
    return _Unrolling(zone, first, last, skipped, single_outside).events_of(groups.values())


class _Unrolling:
    """Writes series out between two days, within a budget of processor time."""

    def __init__(
        self, zone: dt.tzinfo, first: dt.date, last: dt.date, skipped: SkippedParts, single_outside: bool
    ) -> None:
        self._zone, self._first, self._last, self._single_outside = zone, first, last, single_outside
        self._skipped = skipped
        self._deadline = time.process_time() + PROCESSOR_BUDGET_S

    def events_of(self, groups: Iterable[list[_Series]]) -> list[CalendarEvent]:
        found: list[CalendarEvent] = []
        # What takes place once costs nearly nothing: it is never given up for what repeats.
        for group in sorted(groups, key=_repeats):
            if len(found) >= MAX_OCCURRENCES or self._is_late():
                for series in group:
                    self._skip(series, "too-complex")
                continue
            found += self._events_of_group(group)
        return found[:MAX_OCCURRENCES]

    def _events_of_group(self, group: list[_Series]) -> Iterator[CalendarEvent]:
        masters = _newest([each for each in group if each.replaces is None])
        changes = self._changes_of(group, masters)
        for master in masters:
            if self._is_late():
                self._skip(master, "too-complex")
            else:
                yield from self._shown(master, self._events_of_master(master, changes))
        for change in changes.all:
            if not change.and_later or not masters:
                yield from self._shown(change, self._event_at(change, change.span, change.span.start))

    def _changes_of(self, group: list[_Series], masters: list[_Series]) -> _Changes:
        changes = _newest([each for each in group if each.replaces is not None])
        if any(master.hidden == "private" for master in masters):
            # What belongs to a private series is no less private where its own class is missing.
            changes = [replace(each, hidden="private") for each in changes]
        return _Changes([each for each in changes if not any(self._is_outdated(each, master) for master in masters)])

    def _is_outdated(self, change: _Series, master: _Series) -> bool:
        """Tell whether a newer version of a series does without the start that a change replaces."""
        if change.replaces is None or change.sequence[0] >= master.sequence[0] or self._is_late():
            return False
        start, key = master.span.start, excluded_key(change.replaces, master.span.start)
        day = change.replaces.in_zone(start.zone).date()
        starts = self._repetition_of(master).starts_between(day - DAY, day + DAY)
        return all(start_key(moment) != key for moment, _ in starts)

    def _events_of_master(self, master: _Series, changes: _Changes) -> Iterator[CalendarEvent]:
        replaced = changes.replaced_keys(master.span.start)
        for moment, length in self._starts_of(master):
            if start_key(moment) in replaced or moment.local.date() in replaced:
                continue
            current = changes.later_change(moment)
            if current is None:
                span = replace(master.span, length=length) if length else master.span
                yield from self._event_at(master, span, moment)
            elif current.replaces is not None and not current.hidden:
                moved = moment.local + (current.span.start.local - current.replaces.local)
                yield from self._event_at(current, current.span, replace(current.span.start, local=moved))

    def _starts_of(self, series: _Series) -> Iterator[tuple[CalendarMoment, CalendarDuration | None]]:
        repetition = self._repetition_of(series)
        if repetition.is_single:
            yield series.span.start, None
            return
        back = min(series.span.longest, _LONGEST)
        # A day on either side: zones differ by less.
        yield from repetition.starts_between(self._first - back - DAY, self._last + DAY)

    def _repetition_of(self, series: _Series) -> Repetition:
        if series.repetition is None:
            try:
                series.repetition = read_repetition(series.component, series.span.start, series.zones)
            except RepetitionError:
                self._skip(series, "repetition")
                series.repetition = Repetition(series.span.start)
        return series.repetition

    def _is_late(self) -> bool:
        return time.process_time() > self._deadline

    def _event_at(self, series: _Series, span: EventSpan, start: CalendarMoment) -> Iterator[CalendarEvent]:
        starts, ends, whole_days = span.local_times(start, self._zone)
        over = ends if ends and ends > starts else starts + (DAY if whole_days else dt.timedelta(seconds=1))
        is_within = starts.date() <= self._last and over > dt.datetime.combine(self._first, dt.time())
        if is_within or (self._single_outside and not _repeats([series])):
            component = series.component
            title, place = component.text_of("SUMMARY"), component.text_of("LOCATION")
            yield CalendarEvent(title, place, starts, ends, whole_days, component)

    def _shown(self, series: _Series, events: Iterator[CalendarEvent]) -> Iterator[CalendarEvent]:
        if not series.hidden:
            yield from events
        elif next(events, None) is not None:
            self._skip(series, series.hidden)

    def _skip(self, series: _Series, reason: str) -> None:
        name = "" if series.hidden == "private" else series.component.text_of("SUMMARY")
        self._skipped.add("event", reason, series.component.line, name)


def _repeats(group: list[_Series]) -> bool:
    return any(each.component.has("RRULE") or each.component.has("RDATE") for each in group)


def _read_series(
    component: CalendarComponent, zones: CalendarZones, is_cancelled: bool, skipped: SkippedParts
) -> _Series | None:
    hidden = "cancelled" if is_cancelled or "CANCELLED" in component.words_of("STATUS") else ""
    # A class that is not known counts as private (RFC 5545, 3.8.1.3).
    if component.words_of("CLASS") - _PUBLIC:
        hidden = "private"
    span = read_span(component, zones, skipped, is_private=hidden == "private")
    if span is None:
        return None
    replaces, and_later = None, False
    for each in component.all_of("RECURRENCE-ID"):
        replaces = replaces or parse_moment(each.value, each.parameters, zones)
        and_later = and_later or each.parameters.get("RANGE", "").upper() == "THISANDFUTURE"
    return _Series(component, zones, span, replaces, and_later, _sequence_of(component), hidden)


def _sequence_of(component: CalendarComponent) -> tuple[int, str]:
    numbers = [int(word) for word in component.words_of("SEQUENCE") if re.fullmatch("[0-9]{1,12}", word)]
    written = component.words_of("LAST-MODIFIED") or component.words_of("DTSTAMP")
    return max(numbers, default=0), max(written, default="")


def _newest(group: list[_Series]) -> list[_Series]:
    """Return the newest version of each event of a ``UID``.

    Programs that give several events one ``UID`` are common: those that differ in their start are all kept, as long as
    no version number says that one replaces the other.
    """
    if len(group) < 2:
        return group
    newest = max((each.sequence[0] for each in group if each.replaces is None), default=0)
    kept: dict[object, _Series] = {}
    for each in group:
        if each.replaces is None and each.sequence[0] < newest:
            continue
        key = start_key(each.span.start) if each.replaces is None else start_key(each.replaces)
        if key not in kept or each.sequence >= kept[key].sequence:
            kept[key] = each
    return list(kept.values())
