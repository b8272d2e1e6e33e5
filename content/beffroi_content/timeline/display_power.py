"""Display power by the hours of a screen: on, dimmed or off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from beffroi_content.model import AlertLevel, HeldAlert, Manifest, PowerState, ScheduleRule, ScreenHours
from beffroi_content.timeline.alerts import active_phases, alert_phases
from beffroi_content.timeline.calendar import LAST_MS, LocalCalendar, applying_ranges, local_midnight, local_time
from beffroi_content.timeline.moment import ClockState, Moment

_DAY = dt.timedelta(days=1)
_LOOK_AHEAD_DAYS = 8
"""A week and a day: screen hours repeat every week."""


@dataclass(frozen=True, slots=True)
class DisplayPower:
    """State and brightness of a display, and until when they hold."""

    state: PowerState
    brightness: int
    """Percent."""
    until_ms: int | None
    """The next change; None: not within a week."""


_FULLY_ON = DisplayPower(PowerState.ON, 100, None)


def display_power(manifest: Manifest | None, alerts: Sequence[HeldAlert], moment: Moment) -> DisplayPower:
    """Return the state of a screen's display at a moment.

    It is on in an emergency, whatever its hours, and while the time is not known.
    """
    emergencies = active_phases(alert_phases(alerts, moment), AlertLevel.EMERGENCY, moment.unix_ms)
    if emergencies:
        return DisplayPower(PowerState.ON, 100, max(phase.ends_ms for phase in emergencies))
    if manifest is None or moment.clock is ClockState.UNKNOWN or not manifest.settings.hours:
        return _FULLY_ON
    return _power_by_hours(
        manifest.settings.hours, LocalCalendar.of_manifest(manifest), min(max(moment.unix_ms, 0), LAST_MS)
    )


def _power_by_hours(hours: Sequence[ScreenHours], calendar: LocalCalendar, now: int) -> DisplayPower:
    today = local_time(now, calendar.zone).date()
    open_at = _open_ranges(hours, calendar, today, _LOOK_AHEAD_DAYS)
    changes = sorted({instant for parts in open_at for part in parts for instant in part if instant > now})
    end = local_midnight(today + _LOOK_AHEAD_DAYS * _DAY, calendar.zone)
    found = _state_at(hours, open_at, now)
    others = (change for change in changes if change < end and _state_at(hours, open_at, change) != found)
    return DisplayPower(*found, next(others, None))


def lit_stretches(manifest: Manifest, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """Return the times from an instant up to another in which the hours of a screen have its display on or dimmed."""
    hours, calendar = manifest.settings.hours, LocalCalendar.of_manifest(manifest)
    first, last = (local_time(instant, calendar.zone).date() for instant in (start_ms, end_ms))
    open_at = _open_ranges(hours, calendar, first, (last - first).days + 1) if hours else []
    inside = {instant for parts in open_at for part in parts for instant in part if start_ms < instant < end_ms}
    found: list[tuple[int, int]] = []
    for since, until in pairwise([start_ms, *sorted(inside), end_ms]):
        if _state_at(hours, open_at, since)[0] is not PowerState.OFF:
            goes_on = bool(found) and found[-1][1] == since
            found.append((found.pop()[0] if goes_on else since, until))
    return found


def _open_ranges(
    hours: Sequence[ScreenHours], calendar: LocalCalendar, first: dt.date, days: int
) -> list[list[tuple[int, int]]]:
    """Return when each of some screen hours holds, on so many days from the first on."""
    # From the day before: its hours may reach over midnight.
    dates = [first + ahead * _DAY for ahead in range(-1, days)]
    return [[part for day in dates for part in applying_ranges(_rule_of_hours(each), day, calendar)] for each in hours]


def _state_at(
    hours: Sequence[ScreenHours], open_at: Sequence[Sequence[tuple[int, int]]], instant: int
) -> tuple[PowerState, int]:
    for each, parts in zip(hours, open_at, strict=True):
        if any(start <= instant < stop for start, stop in parts):
            return each.state, {PowerState.ON: 100, PowerState.DIM: each.brightness, PowerState.OFF: 0}[each.state]
    return PowerState.ON, 100


def _rule_of_hours(hours: ScreenHours) -> ScheduleRule:
    return ScheduleRule(id="hours", name="", playlist="none", weekdays=hours.weekdays, times=(hours.window,))
