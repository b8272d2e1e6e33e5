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
LOOK_AHEAD_DAYS = 2
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MILLISECOND = dt.timedelta(milliseconds=1)
_MIDNIGHT = dt.time(0)


def local_time(unix_ms: int, zone: ZoneInfo) -> dt.datetime:
    """Return what the clock on the wall shows, without offset."""
    return (_EPOCH + unix_ms * _MILLISECOND).astimezone(zone).replace(tzinfo=None)


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
    changes = [instant for instant in _candidates(rule, today, zone) if _turns(rule, instant, zone)]
    past = [instant for instant in changes if instant <= unix_ms]
    future = [instant for instant in changes if instant > unix_ms]
    return (max(past) if past else None), (min(future) if future else None)


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
    return time < window.end and _on_day(rule, day - dt.timedelta(days=1))


def _turns(rule: ScheduleRule, instant: int, zone: ZoneInfo) -> bool:
    return applies(rule, local_time(instant, zone)) != applies(rule, local_time(instant - 1, zone))


def _candidates(rule: ScheduleRule, today: dt.date, zone: ZoneInfo) -> Iterator[int]:
    times = {_MIDNIGHT} if not rule.times else {time for w in rule.times for time in (w.start, w.end)}
    for offset in range(-LOOK_BACK_DAYS, LOOK_AHEAD_DAYS + 1):
        day = today + dt.timedelta(days=offset)
        yield from _clock_changes(day, zone)
        for time in times:
            yield from _instants(dt.datetime.combine(day, time), zone)


@lru_cache(maxsize=4096)
def _instants(local: dt.datetime, zone: ZoneInfo) -> frozenset[int]:
    """Return the instants at which the clock on the wall may show ``local``: two where an hour is repeated."""
    return frozenset(_unix(local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))


@lru_cache(maxsize=256)
def _clock_changes(day: dt.date, zone: ZoneInfo) -> tuple[int, ...]:
    """Return the instants of a local day at which its offset from UTC changes."""
    start = _unix(dt.datetime.combine(day, _MIDNIGHT, zone))
    end = _unix(dt.datetime.combine(day + dt.timedelta(days=1), _MIDNIGHT, zone))
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
    return (moment - _EPOCH) // _MILLISECOND
