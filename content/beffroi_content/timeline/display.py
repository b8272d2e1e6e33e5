"""Whether a display is on, dimmed or off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_content.model import AlertLevel, HeldAlert, Manifest, PowerState, ScheduleRule, ScreenHours
from beffroi_content.timeline.alerts import active, phases
from beffroi_content.timeline.calendar import LAST_MS, Almanac, local_time, midnight, stretches
from beffroi_content.timeline.moment import ClockState, Moment

_DAY = dt.timedelta(days=1)
_LOOK_AHEAD_DAYS = 8
"""A week and a day: screen hours repeat every week."""


@dataclass(frozen=True, slots=True)
class Display:
    """What a display does with its light."""

    state: PowerState
    brightness: int
    """Percent."""
    until_ms: int | None
    """When something else is due; None: not within a week."""


_ON = Display(PowerState.ON, 100, None)


def display(manifest: Manifest | None, alerts: Sequence[HeldAlert], moment: Moment) -> Display:
    """Return what the display of a screen does at a moment.

    It is on in an emergency, whatever its hours, and while nobody knows the time.
    """
    emergencies = active(phases(alerts, moment), AlertLevel.EMERGENCY, moment.unix_ms)
    if emergencies:
        return Display(PowerState.ON, 100, max(phase.ends_ms for phase in emergencies))
    if manifest is None or moment.clock is ClockState.UNKNOWN or not manifest.settings.hours:
        return _ON
    return _by_hours(manifest.settings.hours, Almanac.of(manifest), min(max(moment.unix_ms, 0), LAST_MS))


def _by_hours(hours: Sequence[ScreenHours], almanac: Almanac, now: int) -> Display:
    today = local_time(now, almanac.zone).date()
    days = [today + ahead * _DAY for ahead in range(-1, _LOOK_AHEAD_DAYS)]
    open_at = [[part for day in days for part in stretches(_rule(each), day, almanac)] for each in hours]
    turns = sorted({instant for parts in open_at for part in parts for instant in part if instant > now})
    end = midnight(days[-1] + _DAY, almanac.zone)
    found = _state(hours, open_at, now)
    others = (turn for turn in turns if turn < end and _state(hours, open_at, turn) != found)
    return Display(*found, next(others, None))


def _state(
    hours: Sequence[ScreenHours], open_at: Sequence[Sequence[tuple[int, int]]], instant: int
) -> tuple[PowerState, int]:
    for each, parts in zip(hours, open_at, strict=True):
        if any(start <= instant < stop for start, stop in parts):
            return each.state, {PowerState.ON: 100, PowerState.DIM: each.brightness, PowerState.OFF: 0}[each.state]
    return PowerState.ON, 100


def _rule(hours: ScreenHours) -> ScheduleRule:
    return ScheduleRule(id="hours", name="", playlist="none", weekdays=hours.weekdays, times=(hours.window,))
