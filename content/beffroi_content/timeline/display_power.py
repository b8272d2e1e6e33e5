"""Display power by the hours of a screen: on, dimmed or off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from beffroi_content.model import (
    AlertLevel,
    HeldAlert,
    Manifest,
    PowerState,
    ScheduleRule,
    ScreenHours,
    SpecialHours,
)
from beffroi_content.timeline.alerts import active_phases, alert_phases, next_planned_start
from beffroi_content.timeline.calendar import LAST_MS, LocalCalendar, applying_ranges, local_midnight, local_time
from beffroi_content.timeline.moment import FAR_MS, ClockState, Moment

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

    It is on in an emergency, whatever its hours and even where a person has switched it off, and while the time is not
    known.
    """
    emergencies = active_phases(alert_phases(alerts, moment), AlertLevel.EMERGENCY, moment.unix_ms)
    if emergencies:
        return DisplayPower(PowerState.ON, 100, max(phase.ends_ms for phase in emergencies))
    grave = [held for held in alerts if held.alert.level is AlertLevel.EMERGENCY]
    found, start_ms = _power_without_alerts(manifest, moment), next_planned_start(grave, moment)
    return found if start_ms >= (found.until_ms or FAR_MS) else replace(found, until_ms=start_ms)


def _power_without_alerts(manifest: Manifest | None, moment: Moment) -> DisplayPower:
    if manifest is None or moment.clock is ClockState.UNKNOWN:
        return _FULLY_ON
    settings, calendar = manifest.settings, LocalCalendar.of_manifest(manifest)
    return power_by_hours(settings.hours, settings.special_hours, settings.off_until_ms, calendar, moment.unix_ms)


def power_by_hours(
    usual: Sequence[ScreenHours],
    special: Sequence[SpecialHours],
    off_until_ms: int | None,
    calendar: LocalCalendar,
    unix_ms: int,
) -> DisplayPower:
    """Return the state of a display by its hours, whatever alerts there are.

    Args:
        usual: The first that fits an instant decides.
        special: Of single days.
        off_until_ms: Until then a person has switched it off; None: nobody has.
        calendar: That of the screen.
        unix_ms: The instant.
    """  # fmt: skip
    now = min(max(unix_ms, 0), LAST_MS)
    if off_until_ms is not None and now < off_until_ms:
        return DisplayPower(PowerState.OFF, 0, off_until_ms)
    if not usual and not special:
        return _FULLY_ON
    today = local_time(now, calendar.zone).date()
    hours, open_at = _open_ranges(usual, special, calendar, today, _LOOK_AHEAD_DAYS)
    changes = sorted({instant for parts in open_at for part in parts for instant in part if instant > now})
    end = local_midnight(today + _LOOK_AHEAD_DAYS * _DAY, calendar.zone)
    found = _state_at(hours, open_at, now)
    others = (change for change in changes if change < end and _state_at(hours, open_at, change) != found)
    return DisplayPower(*found, next(others, None))


def lit_stretches(manifest: Manifest, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """Return the times from an instant up to another in which the hours of a screen have its display on or dimmed."""
    settings, calendar = manifest.settings, LocalCalendar.of_manifest(manifest)
    first, last = (local_time(instant, calendar.zone).date() for instant in (start_ms, end_ms))
    hours, open_at = _open_ranges(settings.hours, settings.special_hours, calendar, first, (last - first).days + 1)
    inside = {instant for parts in open_at for part in parts for instant in part if start_ms < instant < end_ms}
    found: list[tuple[int, int]] = []
    for since, until in pairwise([start_ms, *sorted(inside), end_ms]):
        if _state_at(hours, open_at, since)[0] is not PowerState.OFF:
            goes_on = bool(found) and found[-1][1] == since
            found.append((found.pop()[0] if goes_on else since, until))
    return found


def _open_ranges(
    usual: Sequence[ScreenHours],
    special_days: Sequence[SpecialHours],
    calendar: LocalCalendar,
    first: dt.date,
    days: int,
) -> tuple[list[ScreenHours], list[list[tuple[int, int]]]]:
    """Return the hours that decide on so many days from the first on, and when each of them holds."""
    # From the day before: its hours may reach over midnight.
    dates = [first + ahead * _DAY for ahead in range(-1, days)]
    special = {day: own for day in dates if (own := _special_hours(special_days, day)) is not None}
    usual_days = [day for day in dates if day not in special]
    # What is said of a single day comes first: of hours that reach into the day from the one before, it wins.
    every_day = frozenset(range(1, 8))
    placed = [(each.replace(weekdays=every_day), [day]) for day, own in special.items() for each in own.hours]
    placed += [(each, usual_days) for each in usual]
    open_at = [
        [part for day in on for part in applying_ranges(_rule_of_hours(each), day, calendar)] for each, on in placed
    ]
    return [each for each, _ in placed], open_at


def _special_hours(special_days: Sequence[SpecialHours], day: dt.date) -> SpecialHours | None:
    return next((each for each in special_days if each.days.first <= day <= each.days.last), None)


def _state_at(
    hours: Sequence[ScreenHours], open_at: Sequence[Sequence[tuple[int, int]]], instant: int
) -> tuple[PowerState, int]:
    for each, parts in zip(hours, open_at, strict=True):
        if any(start <= instant < stop for start, stop in parts):
            return each.state, {PowerState.ON: 100, PowerState.DIM: each.brightness, PowerState.OFF: 0}[each.state]
    return PowerState.ON, 100


def _rule_of_hours(hours: ScreenHours) -> ScheduleRule:
    return ScheduleRule(id="hours", name="", playlist="none", weekdays=hours.weekdays, times=(hours.window,))
