"""Whether a publication keeps to the hours of a rule of the charter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from beffroi_content.model import ScheduleRule as TimedRule
from beffroi_content.timeline.calendar import LocalCalendar
from beffroi_server.accounts.models import Town

_SOLSTICES = ((6, 21), (12, 21))
"""Days between whose sunrises and sunsets those of all days of a year lie, for windows that move with the sun."""


def is_within_hours(
    start: dt.time,
    end: dt.time,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    rule: TimedRule | None,
    town: Town,
) -> bool:
    """Tell whether something is on between two times of day only.

    Args:
        start: The first time of day at which it may be on, in local time.
        end: When it must be off.
        starts_at: When it begins.
        ends_at: When it ends; None: never.
        rule: The rule that shows it at its hours; None: it is on around the clock.
        town: The town: its clock, and where its sun rises.
    """
    calendar = _calendar_of(town)
    first = starts_at.astimezone(calendar.zone)
    last = ends_at.astimezone(calendar.zone) if ends_at else None
    if last is not None and last.date() == first.date() and start <= first.time() and last.time() <= end:
        return True
    windows = list(_windows(rule, first.year, calendar)) if rule is not None else []
    # One that ends at or before its beginning passes midnight.
    return bool(windows) and all(start <= opens < closes <= end for opens, closes in windows)


def _windows(rule: TimedRule, year: int, calendar: LocalCalendar) -> Iterator[tuple[dt.time, dt.time]]:
    for month, number in _SOLSTICES:
        day = dt.date(year, month, number)
        for window in rule.times:
            yield calendar.wall_clock_time(window.start, day), calendar.wall_clock_time(window.end, day)


def _calendar_of(town: Town) -> LocalCalendar:
    zone = ZoneInfo(town.time_zone)
    if town.latitude is None or town.longitude is None:
        return LocalCalendar(zone)
    return LocalCalendar(zone, town.latitude, town.longitude)
