"""Repetition of events (RFC 5545, 3.3.10 and 3.8.5): the starts that lie between two days.

Days are tested by their own properties, as the schedule does it (``beffroi_content.model.recurrence``), so that a
rule means the same in a feed and in a schedule, and one of twenty years ago costs as little as one of today.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product, starmap

from beffroi_content.model.recurrence import Recurrence, RecurrenceFrequency
from beffroi_server.feeds.readers.calendar_lines import CalendarComponent
from beffroi_server.feeds.readers.calendar_times import (
    DAY,
    CalendarDuration,
    CalendarMoment,
    CalendarZones,
    add_exactly,
    parse_duration,
    parse_moment,
)

MAX_VALUES = 5_000
"""Dates of an event that are written out, and occurrences of one that repeats within a day."""
_MAX_COUNT, _MAX_INTERVAL = 100_000, 1_000_000_000
_MAX_TIMES = 96
_FOR_EVER = dt.datetime.max  # noqa: DTZ901 - local times have no zone
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SHORT_STEPS = {"HOURLY": 3_600, "MINUTELY": 60, "SECONDLY": 1}
"""Frequencies within a day, in seconds."""


class RepetitionError(ValueError):
    """A rule of repetition is not understood."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """Where an event repeats, besides its first start."""

    start: CalendarMoment
    rules: tuple[RepeatRule, ...] = ()
    dates: tuple[tuple[CalendarMoment, CalendarDuration | None], ...] = ()
    """Further starts, with a duration of their own where they have one."""
    excluded: frozenset[dt.datetime | dt.date] = frozenset()
    """Keys of starts that are left out; see ``start_key``."""
    excluding_rules: tuple[RepeatRule, ...] = ()

    @property
    def is_single(self) -> bool:
        """Tell whether there is the first start alone."""
        return not (self.rules or self.dates or self.excluded or self.excluding_rules)

    def starts_between(self, first: dt.date, last: dt.date) -> Iterator[tuple[CalendarMoment, CalendarDuration | None]]:
        """Yield the starts whose local day lies between two days, each once."""
        # The keys of a start: its instant, and its day, by which dates without a time name it.
        seen = set(self.excluded)
        for rule in self.excluding_rules:
            seen.update(start_key(each) for each in rule.starts_between(first, last))
        for moment, duration in self._candidates(first, last):
            key = start_key(moment)
            if key not in seen and moment.local.date() not in self.excluded and first <= moment.local.date() <= last:
                seen.add(key)
                yield moment, duration

    def _candidates(self, first: dt.date, last: dt.date) -> Iterator[tuple[CalendarMoment, CalendarDuration | None]]:
        yield self.start, None
        yield from self.dates
        for rule in self.rules:
            for moment in rule.starts_between(first, last):
                yield moment, None


def start_key(moment: CalendarMoment) -> dt.datetime | dt.date:
    """Return what names a start: its day, or its instant."""
    return moment.local.date() if moment.is_day else moment.instant


@dataclass(frozen=True, slots=True)
class RepeatRule:
    """A rule of repetition for one start."""

    start: CalendarMoment
    until: dt.datetime
    """The last local time of the start’s zone."""
    days: Recurrence | None = None
    times: tuple[dt.time, ...] = ()
    weeks: frozenset[int] = frozenset()
    """Numbers of weeks of the year, from 1, or from -1 backwards; empty: all."""
    step: dt.timedelta = dt.timedelta()
    """The exact time between two starts of a rule within a day."""
    step_count: int = MAX_VALUES

    def starts_between(self, first: dt.date, last: dt.date) -> Iterator[CalendarMoment]:
        """Yield the starts that the rule names between two local days, in order."""
        if self.days is None:
            yield from self._steps_between(first, last)
            return
        for day in _candidate_days(self.days, self.start.local.date(), first, min(last, self.until.date())):
            if self.days.includes_day(day, self.start.local.date()) and self._is_in_week(day):
                for time in self.times:
                    local = dt.datetime.combine(day, time)
                    if self.start.local <= local <= self.until:
                        yield replace(self.start, local=local)

    def _steps_between(self, first: dt.date, last: dt.date) -> Iterator[CalendarMoment]:
        ahead = dt.datetime.combine(first, dt.time()) - self.start.local - DAY
        number = max(0, ahead // self.step)
        for _ in range(MAX_VALUES):
            if number >= self.step_count:
                return
            moment = add_exactly(self.start, number * self.step)
            if moment.local > self.until or moment.local.date() > last:
                return
            if moment.local.date() >= first:
                yield moment
            number += 1

    def _is_in_week(self, day: dt.date) -> bool:
        if not self.weeks:
            return True
        year, week, _ = day.isocalendar()
        weeks_of_year = dt.date(year, 12, 28).isocalendar().week
        return week in self.weeks or week - weeks_of_year - 1 in self.weeks


def read_repetition(event: CalendarComponent, start: CalendarMoment, zones: CalendarZones) -> Repetition:
    """Return how an event repeats.

    Raises:
        RepetitionError: a rule is not understood.
    """
    return Repetition(
        start,
        tuple(_parse_rule(each.value, start, zones) for each in event.all_of("RRULE")[:20] if each.value.strip()),
        tuple(_read_dates(event, "RDATE", start, zones)),
        frozenset(key for moment, _ in _read_dates(event, "EXDATE", start, zones) for key in _keys(moment, start)),
        tuple(_parse_rule(each.value, start, zones) for each in event.all_of("EXRULE")[:20] if each.value.strip()),
    )


def excluded_key(moment: CalendarMoment, start: CalendarMoment) -> dt.datetime | dt.date:
    """Return the key of the start that a date names, whether or not both have a time."""
    if start.is_day:
        return moment.in_zone(start.zone).date()
    return start_key(moment)


def _keys(moment: CalendarMoment, start: CalendarMoment) -> set[dt.datetime | dt.date]:
    if moment.is_day or start.is_day:
        return {excluded_key(moment, start)}
    # Programs write an hour of the start’s own clock with the mark of UTC.
    as_written = replace(moment, local=moment.instant.replace(tzinfo=None), zone=start.zone)
    return {start_key(moment), start_key(as_written)}


def _read_dates(
    event: CalendarComponent, name: str, start: CalendarMoment, zones: CalendarZones
) -> Iterator[tuple[CalendarMoment, CalendarDuration | None]]:
    values = [(text, each.parameters) for each in event.all_of(name) for text in each.value.split(",")]
    for text, parameters in values[:MAX_VALUES]:
        begin, _, end = text.strip().partition("/")
        given = {key: value for key, value in parameters.items() if key != "VALUE" or value.upper() == "DATE"}
        moment = parse_moment(begin, given, zones)
        if moment is None:
            continue
        # Where a list names no zone, it is written in that of the start.
        if not moment.is_day and "TZID" not in parameters and begin[-1:] not in "zZ":
            moment = replace(moment, zone=start.zone)
        if name == "RDATE" and start.is_day != moment.is_day:
            local = (
                moment.local.replace(hour=0, minute=0, second=0)
                if start.is_day
                else dt.datetime.combine(moment.local.date(), start.local.time())
            )
            moment = CalendarMoment(local, start.zone, start.is_day)
        yield moment, _period_length(moment, end, given, zones)


def _period_length(
    moment: CalendarMoment, end: str, parameters: dict[str, str], zones: CalendarZones
) -> CalendarDuration | None:
    if not end or moment.is_day:
        return None
    if end[:1] in "pP+-":
        return parse_duration(end)
    ends = parse_moment(end, parameters, zones)
    length = ends.instant - moment.instant if ends and not ends.is_day else dt.timedelta()
    return CalendarDuration(0, min(length, 3_660 * DAY)) if length > dt.timedelta() else None


def _parse_rule(text: str, start: CalendarMoment, zones: CalendarZones) -> RepeatRule:
    parts = _rule_parts(text)
    count, interval = _number_of(parts, "COUNT", _MAX_COUNT), _number_of(parts, "INTERVAL", _MAX_INTERVAL)
    until = _read_until(parts.pop("UNTIL", ""), start, zones)
    if seconds := _SHORT_STEPS.get(parts.get("FREQ", "")):
        if set(parts) - {"FREQ", "WKST"} or start.is_day:
            raise RepetitionError(text)
        step = dt.timedelta(seconds=seconds * (interval or 1))
        if step > 36_600 * DAY:
            raise RepetitionError(text)
        return RepeatRule(start, until, step=step, step_count=count or 2**60)
    times = _read_times(parts, start)
    weeks = _read_weeks(parts, start)
    # Of several times a day, and of weeks, no count is kept.
    if (count and (len(times) > 1 or weeks)) or (weeks and "BYSETPOS" in parts):
        raise RepetitionError(text)
    if parts.get("FREQ") in ("DAILY", "WEEKLY") and "BYDAY" in parts:
        parts["BYDAY"] = re.sub(r"[+-]?[0-9]+", "", parts["BYDAY"])
    try:
        days = Recurrence.parse(";".join(f"{name}={value}" for name, value in parts.items()))
    except ValueError as error:
        raise RepetitionError(text) from error
    return RepeatRule(start, until, replace(days, interval=interval or 1, count=count), times, weeks)


def _rule_parts(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.upper().removeprefix("RRULE:").split(";") if part.strip()]
    parts = {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs}
    if parts.get("RSCALE") == "GREGORIAN":
        del parts["RSCALE"]
        parts.pop("SKIP", None)
    # Parts that begin so are extensions of one program.
    return {name: value for name, value in parts.items() if not name.startswith("X-") and value}


def _number_of(parts: dict[str, str], name: str, most: int) -> int | None:
    text = parts.pop(name, None)
    # Some programs write “no limit” as -1.
    if text is None or re.fullmatch(r"-[0-9]{1,12}", text):
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) == 0:
        raise RepetitionError(f"{name}={text}")
    return min(int(text), most)


def _read_until(text: str, start: CalendarMoment, zones: CalendarZones) -> dt.datetime:
    if not text:
        return _FOR_EVER
    moment = parse_moment(text, {}, zones)
    if moment is None:
        raise RepetitionError(f"UNTIL={text}")
    if moment.is_day:
        return moment.local + DAY - dt.timedelta(seconds=1)
    # Without a zone it is written in that of the start.
    local = moment.in_zone(start.zone) if text[-1] in "zZ" else moment.local
    return local.replace(hour=23, minute=59, second=59) if start.is_day else local


def _read_times(parts: dict[str, str], start: CalendarMoment) -> tuple[dt.time, ...]:
    usual = start.local.time()
    hours, minutes, seconds = (
        _numbers(parts.pop(name, ""), range(limit)) or [value]
        for name, limit, value in (
            ("BYHOUR", 24, usual.hour), ("BYMINUTE", 60, usual.minute), ("BYSECOND", 60, usual.second)
        )
    )  # fmt: skip
    if start.is_day:
        return (dt.time(),)
    if len(hours) * len(minutes) * len(seconds) > _MAX_TIMES:
        raise RepetitionError("too many times")
    return tuple(sorted(starmap(dt.time, product(hours, minutes, seconds))))


def _read_weeks(parts: dict[str, str], start: CalendarMoment) -> frozenset[int]:
    text = parts.pop("BYWEEKNO", "")
    if not text:
        return frozenset()
    if parts.get("FREQ") != RecurrenceFrequency.YEARLY:
        raise RepetitionError(f"BYWEEKNO={text}")
    if not {"BYDAY", "BYMONTHDAY", "BYYEARDAY"} & set(parts):
        parts["BYDAY"] = _WEEKDAYS[start.local.weekday()]
    return frozenset(_numbers(text, range(-53, 54)))


def _numbers(text: str, allowed: range) -> list[int]:
    if not text:
        return []
    if not re.fullmatch(r"[+-]?[0-9]{1,2}(,[+-]?[0-9]{1,2})*", text):
        raise RepetitionError(text)
    found = [int(each) for each in text.split(",")]
    if not all(each in allowed for each in found):
        raise RepetitionError(text)
    return found


def _candidate_days(rule: Recurrence, start: dt.date, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield the days between two that a rule may name: of the simplest rules few."""
    day = max(start, first)
    is_bare = not (rule.month_days or rule.year_days or rule.weekdays)
    if is_bare and rule.frequency is RecurrenceFrequency.WEEKLY:
        day += (start.weekday() - day.weekday()) % 7 * DAY
        while day <= last:
            yield day
            day += 7 * DAY
    elif is_bare and rule.frequency in (RecurrenceFrequency.MONTHLY, RecurrenceFrequency.YEARLY):
        months = range(day.year * 12 + day.month - 1, last.year * 12 + last.month)
        for year, month in (divmod(number, 12) for number in months):
            if start.day <= calendar.monthrange(year, month + 1)[1]:
                found = dt.date(year, month + 1, start.day)
                if day <= found <= last:
                    yield found
    else:
        while day <= last:
            yield day
            day += DAY
