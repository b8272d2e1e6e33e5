"""When a schedule rule applies, in the local time of the screen.

A rule applies at an instant if the clock on the wall, read at that instant, is within its dates, weekdays and
times. So an hour that daylight saving repeats counts twice, and one that it skips does not exist.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo

from beffroi_content.model import ScheduleRule, TimeWindow

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
_LAST_START = dt.date(9999, 12, 1)


def local_time(unix_ms: int, zone: ZoneInfo) -> dt.datetime:
    """Return what the clock on the wall shows, without offset."""
    return (_EPOCH + min(max(unix_ms, 0), LAST_MS) * _MILLISECOND).astimezone(zone).replace(tzinfo=None)


def applies(rule: ScheduleRule, local: dt.datetime) -> bool:
    """Tell whether a rule applies when the clock on the wall shows ``local``."""
    if not rule.times:
        return _on_day(rule, local.date())
    return any(_within(rule, window, local) for window in rule.times)


def boundaries(rule: ScheduleRule, unix_ms: int, zone: ZoneInfo) -> tuple[int | None, int | None]:
    """Return when the rule last began or ceased to apply up to that instant, and when it next does.

    None: not within the days that the timeline looks back or ahead.
    """
    if not rule.is_dated:
        return None, None
    today = local_time(unix_ms, zone).date()
    return _last_turn(rule, unix_ms, today, zone), _next_turn(rule, unix_ms, today, zone)


def _last_turn(rule: ScheduleRule, unix_ms: int, today: dt.date, zone: ZoneInfo) -> int | None:
    days = (today + offset * _DAY for offset in range(-LOOK_BACK_DAYS, 2))
    return max((instant for day in days for instant in _turns(rule, day, zone) if instant <= unix_ms), default=None)


def _next_turn(rule: ScheduleRule, unix_ms: int, today: dt.date, zone: ZoneInfo) -> int | None:
    if rule.last_date is not None and today - rule.last_date > 2 * _DAY:
        return None
    # A day early: where the clock goes back over midnight, a later date may come first.
    start = max(today, min(rule.first_date or today, _LAST_START)) - _DAY
    found: int | None = None
    for offset in range(LOOK_AHEAD_DAYS + 1):
        turns = [instant for instant in _turns(rule, start + offset * _DAY, zone) if instant > unix_ms]
        if found is not None:
            return min([found, *turns])
        found = min(turns, default=None)
    return found


def _on_day(rule: ScheduleRule, day: dt.date) -> bool:
    return (
        day.isoweekday() in rule.weekdays
        and (rule.first_date is None or rule.first_date <= day)
        and (rule.last_date is None or day <= rule.last_date)
    )


def _within(rule: ScheduleRule, window: TimeWindow, local: dt.datetime) -> bool:
    time, day = local.time(), local.date()
    if window.start < window.end:
        return window.start <= time < window.end and _on_day(rule, day)
    if time >= window.start:
        return _on_day(rule, day)
    return time < window.end and _on_day(rule, day - _DAY)


def _turns(rule: ScheduleRule, day: dt.date, zone: ZoneInfo) -> list[int]:
    """Return the instants of a local day at which the rule begins or ceases to apply."""
    if not rule.times and _on_day(rule, day - _DAY) == _on_day(rule, day) == _on_day(rule, day + _DAY):
        return []
    return [
        instant
        for instant in _candidates(rule, day, zone)
        if applies(rule, local_time(instant, zone)) != applies(rule, local_time(instant - 1, zone))
    ]


def _candidates(rule: ScheduleRule, day: dt.date, zone: ZoneInfo) -> Iterator[int]:
    yield from _clock_changes(day, zone)
    for time in {time for window in rule.times for time in (window.start, window.end)} or {_MIDNIGHT}:
        yield from _instants(dt.datetime.combine(day, time), zone)


@lru_cache(maxsize=4096)
def _instants(local: dt.datetime, zone: ZoneInfo) -> frozenset[int]:
    """Return the instants at which the clock on the wall may show ``local``: two where an hour is repeated."""
    return frozenset(_unix(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))


@lru_cache(maxsize=256)
def _clock_changes(day: dt.date, zone: ZoneInfo) -> tuple[int, ...]:
    """Return the instants of a local day at which its offset from UTC changes."""
    start = _unix(dt.datetime.combine(day, _MIDNIGHT, zone))
    end = _unix(dt.datetime.combine(day + _DAY, _MIDNIGHT, zone))
    if _offset(start, zone) == _offset(end, zone):
        return ()
    while end - start > 1:
        middle = (start + end) // 2
        if _offset(middle, zone) == _offset(start, zone):
            start = middle
        else:
            end = middle
    return (end,)


def _offset(unix_ms: int, zone: ZoneInfo) -> dt.timedelta | None:
    return (_EPOCH + unix_ms * _MILLISECOND).astimezone(zone).utcoffset()


def _unix(moment: dt.datetime) -> int:
    """Return the first millisecond that is not before a moment."""
    return -((_EPOCH - moment) // _MILLISECOND)
