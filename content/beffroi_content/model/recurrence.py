"""Recurrence rules of RFC 5545, for days.

Times of day are left to the schedule rule. A day is tested by its own properties (weekday, position in the month,
number of periods since the start), without counting up from the start: a rule of ten years ago costs as little as one
of today. Only COUNT needs counting, and its last day is remembered.

Source: RFC 5545, 3.3.10. As there, the start itself counts only if the rule names it, as python-dateutil has it too.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

MOST_OCCURRENCES = 1_000
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_WEEKDAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_DAY = dt.timedelta(days=1)
_FARTHEST = 200 * 366
"""Days after which a rule that has not reached its count is over."""


class RecurrenceFrequency(StrEnum):
    """Periods in which a rule repeats."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A parsed rule. Numbers are as in the RFC: months from 1, days of the month from 1, or from -1 backwards."""

    frequency: RecurrenceFrequency
    interval: int = 1
    count: int | None = None
    until: dt.date | None = None
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    year_days: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    """Pairs of the ordinal within the month or year, 0 for every one, and the ISO weekday."""
    positions: frozenset[int] = frozenset()
    """Which of the days of a period count; empty: all."""
    week_start: int = 1

    @classmethod
    def parse(cls, text: str) -> Recurrence:
        """Return the rule of a text such as ``FREQ=MONTHLY;BYDAY=1TU``.

        Raises:
            ValueError: it is not a rule, or names hours or weeks of the year; the message says what to write.
        """
        return _parse_rule(text)

    def includes_day(self, day: dt.date, start: dt.date) -> bool:
        """Tell whether a rule that starts on ``start`` names a day."""
        if day < start or (self.until is not None and day > self.until):
            return False
        if not _names_day(self, start, day):
            return False
        return self.count is None or day <= _last_occurrence(self, start)


def _names_day(rule: Recurrence, start: dt.date, day: dt.date) -> bool:
    """Tell whether the rule names a day, disregarding its end."""
    if not rule.positions:
        return _matches_day(rule, start, day)
    return _periods_between(rule, start, day) % rule.interval == 0 and day in _days_at_positions(
        rule, start, _period_around(rule, day)
    )


def _matches_day(rule: Recurrence, start: dt.date, day: dt.date) -> bool:
    if _periods_between(rule, start, day) % rule.interval:
        return False
    # A rule that names no days repeats the day of its start (RFC 5545, 3.3.10: information missing from the rule is
    # taken from DTSTART).
    bare = not (rule.month_days or rule.year_days or rule.weekdays)
    months = rule.months or (
        frozenset({start.month}) if bare and rule.frequency is RecurrenceFrequency.YEARLY else rule.months
    )
    if months and day.month not in months:
        return False
    if bare:
        return _is_same_day(rule.frequency, start, day)
    return _in_month(rule, day) and _in_year(rule, day) and _on_weekday(rule, day)


def _is_same_day(frequency: RecurrenceFrequency, start: dt.date, day: dt.date) -> bool:
    if frequency is RecurrenceFrequency.DAILY:
        return True
    if frequency is RecurrenceFrequency.WEEKLY:
        return day.weekday() == start.weekday()
    return day.day == start.day


def _in_month(rule: Recurrence, day: dt.date) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    return not rule.month_days or day.day in rule.month_days or day.day - length - 1 in rule.month_days


def _in_year(rule: Recurrence, day: dt.date) -> bool:
    if not rule.year_days:
        return True
    number, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
    return number in rule.year_days or number - length - 1 in rule.year_days


def _on_weekday(rule: Recurrence, day: dt.date) -> bool:
    if not rule.weekdays:
        return True
    weekday = day.isoweekday()
    if (0, weekday) in rule.weekdays:
        return True
    if all(ordinal == 0 for ordinal, _ in rule.weekdays):
        return False
    if rule.frequency is RecurrenceFrequency.YEARLY and not rule.months:
        position, length = day.timetuple().tm_yday, 366 if calendar.isleap(day.year) else 365
    else:
        position, length = day.day, calendar.monthrange(day.year, day.month)[1]
    # The first Tuesday is among days 1 to 7, the last one among the last seven days of the period.
    forwards, backwards = (position - 1) // 7 + 1, -((length - position) // 7 + 1)
    return (forwards, weekday) in rule.weekdays or (backwards, weekday) in rule.weekdays


def _periods_between(rule: Recurrence, start: dt.date, day: dt.date) -> int:
    """Return how many periods lie between the start and a day."""
    if rule.frequency is RecurrenceFrequency.DAILY:
        return (day - start).days
    if rule.frequency is RecurrenceFrequency.WEEKLY:
        return (_first_day_of_week(rule, day) - _first_day_of_week(rule, start)).days // 7
    months = (day.year - start.year) * 12 + day.month - start.month
    return months if rule.frequency is RecurrenceFrequency.MONTHLY else day.year - start.year


def _first_day_of_week(rule: Recurrence, day: dt.date) -> dt.date:
    return day - dt.timedelta(days=(day.isoweekday() - rule.week_start) % 7)


def _period_around(rule: Recurrence, day: dt.date) -> tuple[dt.date, int]:
    """Return the first day and the length of the period that a day lies in."""
    if rule.frequency is RecurrenceFrequency.DAILY:
        return day, 1
    if rule.frequency is RecurrenceFrequency.WEEKLY:
        return _first_day_of_week(rule, day), 7
    if rule.frequency is RecurrenceFrequency.MONTHLY:
        return day.replace(day=1), calendar.monthrange(day.year, day.month)[1]
    return day.replace(month=1, day=1), 366 if calendar.isleap(day.year) else 365


@lru_cache(maxsize=512)
def _days_at_positions(rule: Recurrence, start: dt.date, period: tuple[dt.date, int]) -> frozenset[dt.date]:
    """Return the days of a period that have one of the positions of the rule."""
    first, length = period
    days = [day for offset in range(length) if _matches_day(rule, start, day := first + offset * _DAY)]
    count = len(days)
    return frozenset(days[p - 1 if p > 0 else count + p] for p in rule.positions if 0 < abs(p) <= count)


@lru_cache(maxsize=512)
def _last_occurrence(rule: Recurrence, start: dt.date) -> dt.date:
    """Return the day on which a rule reaches its count."""
    # The only place where days are counted up; the result is kept for the rule and its start.
    named = 0
    for day in _days_from(start):
        named += _names_day(rule, start, day)
        if named == rule.count:
            return day
    return dt.date.max


def _days_from(start: dt.date) -> Iterator[dt.date]:
    most = min(_FARTHEST, dt.date.max.toordinal() - start.toordinal())
    return (start + offset * _DAY for offset in range(most))


@lru_cache(maxsize=1_024)
def _parse_rule(text: str) -> Recurrence:
    parts = dict(_split_part(part) for part in text.upper().removeprefix("RRULE:").split(";") if part)
    if unknown := parts.keys() - _READERS.keys():
        raise ValueError(
            f"a recurrence of days has no {', '.join(sorted(unknown))}; write for example FREQ=WEEKLY;BYDAY=TU"
        )
    if "FREQ" not in parts:
        raise ValueError("a recurrence says FREQ=DAILY, WEEKLY, MONTHLY or YEARLY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise ValueError("a recurrence has a COUNT or an UNTIL, not both")
    fields = {_READERS[name][0]: _READERS[name][1](value) for name, value in parts.items()}
    rule = Recurrence(**fields)  # type: ignore[arg-type]
    if rule.frequency in (RecurrenceFrequency.DAILY, RecurrenceFrequency.WEEKLY) and any(
        ordinal for ordinal, _ in rule.weekdays
    ):
        raise ValueError("a weekday has a number only in FREQ=MONTHLY and FREQ=YEARLY, such as BYDAY=1TU")
    return rule


def _split_part(part: str) -> tuple[str, str]:
    name, found, value = part.partition("=")
    if not found:
        raise ValueError(f"{part!r} is not a part of a recurrence, such as INTERVAL=2")
    return name.strip(), value.strip()


def _number_reader(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,4}", text) or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a number from {low} to {high}")
        return int(text)

    return read


def _number_set_reader(most: int, *, backwards: bool = True) -> Callable[[str], frozenset[int]]:
    read = _number_reader(-most if backwards else 1, most)

    def read_all(text: str) -> frozenset[int]:
        found = frozenset(read(part) for part in text.split(","))
        if 0 in found:
            raise ValueError("0 is no day, month or position")
        return found

    return read_all


def _read_frequency(text: str) -> RecurrenceFrequency:
    if text not in tuple(RecurrenceFrequency):
        raise ValueError(f"FREQ={text} is not one of DAILY, WEEKLY, MONTHLY and YEARLY")
    return RecurrenceFrequency(text)


def _read_until(text: str) -> dt.date:
    try:
        return dt.datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - a day has no time zone
    except ValueError as error:
        raise ValueError(f"UNTIL={text} is not a day, such as UNTIL=20271231") from error


def _read_weekdays(text: str) -> frozenset[tuple[int, int]]:
    found = [_WEEKDAY.fullmatch(part) for part in text.split(",")]
    if not all(found):
        raise ValueError(f"BYDAY={text} does not name weekdays, such as BYDAY=MO,1TU,-1FR")
    return frozenset((int(match[1] or 0), _WEEKDAYS.index(match[2]) + 1) for match in found if match)


def _read_week_start(text: str) -> int:
    if text not in _WEEKDAYS:
        raise ValueError(f"WKST={text} is not a weekday, such as WKST=MO")
    return _WEEKDAYS.index(text) + 1


_READERS: dict[str, tuple[str, Callable[[str], object]]] = {
    "FREQ": ("frequency", _read_frequency),
    "INTERVAL": ("interval", _number_reader(1, 1_000)),
    "COUNT": ("count", _number_reader(1, MOST_OCCURRENCES)),
    "UNTIL": ("until", _read_until),
    "BYMONTH": ("months", _number_set_reader(12, backwards=False)),
    "BYMONTHDAY": ("month_days", _number_set_reader(31)),
    "BYYEARDAY": ("year_days", _number_set_reader(366)),
    "BYDAY": ("weekdays", _read_weekdays),
    "BYSETPOS": ("positions", _number_set_reader(366)),
    "WKST": ("week_start", _read_week_start),
}
