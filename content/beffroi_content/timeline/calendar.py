"""Times at which a schedule rule applies, in the local time of the screen.

A rule applies at an instant if a clock on the wall, read at that instant, is within its days and times. So an hour that
daylight saving repeats counts twice, and one that it skips does not exist (docs/decisions/0007-wall-clock-rules.md).

Most days have 24 hours, and the ranges of a rule on them are plain sums of its times (:func:`applying_ranges`). On the
two days of a year on which the clock changes, all instants at which the answer could change are collected, and the rule
is asked at each of them (:func:`_ranges_by_boundaries`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from beffroi_content.model import DayCalendar, Manifest, ScheduleRule, SunTime, TimeWindow
from beffroi_content.timeline.sun_times import sun_minutes

DAY_MS = 86_400_000
LOOK_BACK_DAYS = 1
LOOK_AHEAD_DAYS = 15
"""From today, or from the first date of a rule that lies ahead: over a weekday whose hour daylight saving skips."""
LAST_MS = 253_402_300_799_999 - 30 * DAY_MS
"""The calendar stands still here, in December 9999: a clock that is wrong by ages must not stop a screen."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_DAY = dt.timedelta(days=1)
_MIDNIGHT = dt.time(0)
_LAST_MINUTE = dt.time(23, 59)
_LAST_START = dt.date(9999, 12, 1)

TimeRange = tuple[int, int]
"""Two instants: from the first up to, not including, the second."""


@dataclass(frozen=True, slots=True)
class LocalCalendar:
    """The place and the holidays of a screen: days and times of day depend on them, besides the rule."""

    zone: ZoneInfo
    latitude: float = 48.86
    """Degrees north."""
    longitude: float = 2.35
    """Degrees east."""
    calendars: Mapping[str, frozenset[dt.date]] = field(default_factory=dict)

    @classmethod
    def of_manifest(cls, manifest: Manifest) -> LocalCalendar:
        """Return the calendar of a screen."""
        settings = manifest.settings
        town = settings.town
        return cls(time_zone_of(settings.time_zone), town.latitude, town.longitude, days_by_name(manifest.calendars))

    def is_day_of(self, names: Iterable[str], day: dt.date) -> bool:
        """Tell whether a day is in one of some calendars."""
        return any(day in self.calendars.get(name, ()) for name in names)

    def wall_clock_time(self, time: dt.time | SunTime, day: dt.date) -> dt.time:
        """Return the time that the clock on the wall shows at a time of day that may move with the sun."""
        if isinstance(time, dt.time):
            return time
        minutes = sun_minutes(day, time.event, self.latitude, self.longitude) + time.offset_minutes
        moment = dt.datetime.combine(day, _MIDNIGHT, dt.UTC) + dt.timedelta(minutes=int(minutes // 1))
        local = moment.astimezone(self.zone)
        if local.date() == day:
            return local.time()
        return _MIDNIGHT if local.date() < day else _LAST_MINUTE


def days_by_name(calendars: Iterable[DayCalendar]) -> dict[str, frozenset[dt.date]]:
    """Return the days of each calendar."""
    return {
        each.id: frozenset(
            span.first + offset * _DAY for span in each.days for offset in range((span.last - span.first).days + 1)
        )
        for each in calendars
    }


@lru_cache(maxsize=64)
def time_zone_of(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name."""
    return ZoneInfo(name)


def local_time(unix_ms: int, zone: ZoneInfo) -> dt.datetime:
    """Return local time at an instant, as a clock on the wall shows it: without offset."""
    return (_EPOCH + min(max(unix_ms, 0), LAST_MS) * _MILLISECOND).astimezone(zone).replace(tzinfo=None)


def rule_applies(rule: ScheduleRule, local: dt.datetime, calendar: LocalCalendar) -> bool:
    """Tell whether a rule applies when the clock on the wall shows ``local``."""
    if not rule.times:
        return applies_on_day(rule, local.date(), calendar)
    return any(
        window_contains(
            window,
            local,
            calendar,
            applies_on_day(rule, local.date(), calendar),
            applies_on_day(rule, _day_before(local), calendar),
        )
        for window in rule.times
    )


def window_contains(
    window: TimeWindow, local: dt.datetime, calendar: LocalCalendar, today: bool, yesterday: bool
) -> bool:
    """Tell whether a window that is open today, yesterday or on both days is open when the clock shows ``local``."""
    time, day = local.time(), local.date()
    start, end = calendar.wall_clock_time(window.start, day), calendar.wall_clock_time(window.end, day)
    # A window that passes midnight has two parts: the evening of today and, below, the morning after yesterday.
    if today and (start <= time < end if start < end else time >= start):
        return True
    return yesterday and time < end and _passes_midnight(window, day - _DAY, calendar)


def applies_on_day(rule: ScheduleRule, day: dt.date, calendar: LocalCalendar) -> bool:
    """Tell whether a rule applies on a local day, whatever its times."""
    if day in rule.except_dates or day in rule.extra_dates:
        return day not in rule.except_dates
    if (rule.first_date and day < rule.first_date) or (rule.last_date and day > rule.last_date):
        return False
    if day.isoweekday() not in rule.weekdays or not _is_in_season(rule, day, calendar):
        return False
    recurrence = rule.parsed_recurrence
    return recurrence is None or rule.first_date is None or recurrence.includes_day(day, rule.first_date)


def _is_in_season(rule: ScheduleRule, day: dt.date, calendar: LocalCalendar) -> bool:
    wanted = not rule.only_on or calendar.is_day_of(rule.only_on, day)
    return wanted and not calendar.is_day_of(rule.never_on, day)


def applying_ranges(rule: ScheduleRule, day: dt.date, calendar: LocalCalendar) -> list[TimeRange]:
    """Return the ranges in which a rule applies between a local midnight and the next, in order."""
    begin, end = local_midnight(day, calendar.zone), local_midnight(day + _DAY, calendar.zone)
    if utc_offset(begin, calendar.zone) != utc_offset(end, calendar.zone):
        return _ranges_by_boundaries(rule, day, (begin, end), calendar)
    today = applies_on_day(rule, day, calendar)
    if not rule.times:
        return [(begin, end)] if today else []
    found = [
        (begin + start, begin + stop)
        for window in rule.times
        for start, stop in _window_ranges(
            window, day, calendar, today, lambda: applies_on_day(rule, day - _DAY, calendar)
        )
    ]
    return _merge_ranges(found)


def applying_ms(rule: ScheduleRule, start_ms: int, end_ms: int, calendar: LocalCalendar) -> int:
    """Return for how many milliseconds a rule applies from an instant up to another."""
    day, total = local_time(start_ms, calendar.zone).date() - _DAY, 0
    while local_midnight(day, calendar.zone) < min(end_ms, LAST_MS):
        for start, stop in applying_ranges(rule, day, calendar):
            total += max(0, min(stop, end_ms) - max(start, start_ms))
        day += _DAY
    return total


def rule_boundaries(rule: ScheduleRule, unix_ms: int, calendar: LocalCalendar) -> tuple[int | None, int | None]:
    """Return the instants at which a rule last began or ceased to apply, and at which it next does.

    None: not within the days that the timeline looks back or ahead.
    """
    if not rule.is_dated:
        return None, None
    today = local_time(unix_ms, calendar.zone).date()
    return _last_boundary(rule, unix_ms, today, calendar), _next_boundary(rule, unix_ms, today, calendar)


@lru_cache(maxsize=1_024)
def local_midnight(day: dt.date, zone: ZoneInfo) -> int:
    """Return the instant at which a local day begins."""
    return unix_of(dt.datetime.combine(day, _MIDNIGHT, zone))


def utc_offset(unix_ms: int, zone: ZoneInfo) -> dt.timedelta | None:
    """Return the offset of local time from UTC at an instant."""
    return (_EPOCH + unix_ms * _MILLISECOND).astimezone(zone).utcoffset()


def unix_of(moment: dt.datetime) -> int:
    """Return the first millisecond since 1970 that is not before a moment."""
    return -((_EPOCH - moment) // _MILLISECOND)


def _day_before(local: dt.datetime) -> dt.date:
    return local.date() - _DAY


def _passes_midnight(window: TimeWindow, day: dt.date, calendar: LocalCalendar) -> bool:
    return calendar.wall_clock_time(window.end, day) <= calendar.wall_clock_time(window.start, day)


def _window_ranges(
    window: TimeWindow, day: dt.date, calendar: LocalCalendar, today: bool, yesterday: Callable[[], bool]
) -> Iterator[TimeRange]:
    """Yield the ranges in which a window is open on a day of 24 hours, in milliseconds since its midnight."""
    start, end = (
        _milliseconds_of_day(calendar.wall_clock_time(window.start, day)),
        _milliseconds_of_day(calendar.wall_clock_time(window.end, day)),
    )
    if end and _passes_midnight(window, day - _DAY, calendar) and yesterday():
        yield 0, end
    if today:
        yield start, end if start < end else DAY_MS


def _milliseconds_of_day(time: dt.time) -> int:
    return ((time.hour * 60 + time.minute) * 60 + time.second) * 1000 + -(-time.microsecond // 1000)


def _merge_ranges(found: list[TimeRange]) -> list[TimeRange]:
    merged: list[TimeRange] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        elif start < end:
            merged.append((start, end))
    return merged


def _ranges_by_boundaries(
    rule: ScheduleRule, day: dt.date, around: TimeRange, calendar: LocalCalendar
) -> list[TimeRange]:
    """Return the ranges in which a rule applies on a day on which the clock is put forward or back.

    Local times cannot be added up on such a day. Between two neighbouring candidates the answer cannot change, so it is
    enough to ask at the first instant of each piece. Candidates of the neighbouring days are needed, since a window
    may pass midnight and the change itself may, too.
    """
    begin, end = around
    nearby = {
        instant for offset in (-1, 0, 1) for instant in _candidate_boundaries(rule, day + offset * _DAY, calendar)
    }
    cuts = [begin, *sorted(instant for instant in nearby if begin < instant < end), end]
    return _merge_ranges(
        [
            (start, stop)
            for start, stop in pairwise(cuts)
            if rule_applies(rule, local_time(start, calendar.zone), calendar)
        ]
    )


def _last_boundary(rule: ScheduleRule, unix_ms: int, today: dt.date, calendar: LocalCalendar) -> int | None:
    days = (today + offset * _DAY for offset in range(-LOOK_BACK_DAYS, 2))
    return max(
        (instant for day in days for instant in _boundaries_of_day(rule, day, calendar) if instant <= unix_ms),
        default=None,
    )


def _next_boundary(rule: ScheduleRule, unix_ms: int, today: dt.date, calendar: LocalCalendar) -> int | None:
    # A rule that ended days ago will not apply again: most rules of an old programme cost nothing here.
    newest = max((date for date in (rule.last_date, *rule.extra_dates) if date), default=None)
    if rule.last_date is not None and newest is not None and today - newest > 2 * _DAY:
        return None
    # A day early: where the clock goes back over midnight, a later date may come first.
    start = max(today, min(_first_date(rule) or today, _LAST_START)) - _DAY
    found: int | None = None
    for ahead in range(LOOK_AHEAD_DAYS + 1):
        day = start + ahead * _DAY
        coming = [instant for instant in _boundaries_of_day(rule, day, calendar) if instant > unix_ms]
        # One more day after the first find: where the clock goes back over midnight, it may have an earlier one.
        if found is not None:
            return min([found, *coming])
        found = min(coming, default=None)
    return found


def _first_date(rule: ScheduleRule) -> dt.date | None:
    return min((rule.first_date, *rule.extra_dates)) if rule.first_date else None


def _boundaries_of_day(rule: ScheduleRule, day: dt.date, calendar: LocalCalendar) -> list[int]:
    """Return the instants of a local day at which the rule begins or ceases to apply."""
    # A rule without times changes at midnight only, and only where neighbouring days differ.
    around = {applies_on_day(rule, day + offset * _DAY, calendar) for offset in (-1, 0, 1)}
    if around == {False} or (not rule.times and len(around) == 1):
        return []

    def at(instant: int) -> bool:
        return rule_applies(rule, local_time(instant, calendar.zone), calendar)

    return [instant for instant in _candidate_boundaries(rule, day, calendar) if at(instant) != at(instant - 1)]


def _candidate_boundaries(rule: ScheduleRule, day: dt.date, calendar: LocalCalendar) -> Iterator[int]:
    """Yield the instants of a local day at which a rule may begin or cease to apply."""
    yield from _clock_changes(day, calendar.zone)
    yield from _instants_of(dt.datetime.combine(day, _MIDNIGHT), calendar.zone)
    for time in {calendar.wall_clock_time(time, day) for window in rule.times for time in (window.start, window.end)}:
        yield from _instants_of(dt.datetime.combine(day, time), calendar.zone)


@lru_cache(maxsize=4096)
def _instants_of(local: dt.datetime, zone: ZoneInfo) -> frozenset[int]:
    """Return the instants at which the clock on the wall may show ``local``: two where an hour is repeated."""
    return frozenset(unix_of(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))


@lru_cache(maxsize=256)
def _clock_changes(day: dt.date, zone: ZoneInfo) -> tuple[int, ...]:
    """Return the instants of a local day at which its offset from UTC changes."""
    start, end = local_midnight(day, zone), local_midnight(day + _DAY, zone)
    if utc_offset(start, zone) == utc_offset(end, zone):
        return ()
    # zoneinfo does not tell when a zone changes: the millisecond is found by bisection, 27 steps for a day.
    while end - start > 1:
        middle = (start + end) // 2
        if utc_offset(middle, zone) == utc_offset(start, zone):
            start = middle
        else:
            end = middle
    return (end,)
