"""Hours of a display that differ by day of the week or on single days, as a screen stores them.

``day_hours`` has an entry for each weekday that differs, by its ISO number as text; ``special_days`` has one for each
range of days::

    {"6": {"mode": "hours", "from": "23:30", "until": "08:00"}, "7": {"mode": "off"}}
    [{"first": "2026-12-24", "last": "2026-12-26", "mode": "on"}]

Hours that reach over midnight belong to the day on which they begin.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content

WEEKDAYS = range(1, 8)
MAX_SPECIAL_DAYS = 40
"""Ranges of special days of a screen."""
ALL_DAY = content.TimeWindow(start=dt.time(), end=dt.time())
Window = content.TimeWindow | None
"""The part of a day in which a display is off; None: it is on."""


class DayMode(models.TextChoices):
    """Hours of a display on a day."""

    ON = "on", _("on all day")
    OFF = "off", _("off all day")
    HOURS = "hours", _("off at these hours")


def off_window(entry: Mapping[str, Any]) -> Window:
    """Return when a display is off by an entry of ``day_hours`` or ``special_days``.

    Raises:
        ValueError: the entry is not valid.
        KeyError: a part of it is missing.
    """
    mode = DayMode(entry["mode"])
    if mode is DayMode.HOURS:
        return content.TimeWindow(start=dt.time.fromisoformat(entry["from"]), end=dt.time.fromisoformat(entry["until"]))
    return ALL_DAY if mode is DayMode.OFF else None


def off_hours(usual: Window, day_hours: Mapping[str, Mapping[str, Any]]) -> list[content.ScreenHours]:
    """Return when a display is off in a week.

    Args:
        usual: When it is off on days that do not differ.
        day_hours: Of a screen.
    """
    days: defaultdict[tuple[Any, Any], set[int]] = defaultdict(set)
    for day in WEEKDAYS:
        entry = day_hours.get(str(day))
        window = usual if entry is None else off_window(entry)
        if window is not None:
            days[window.start, window.end].add(day)
    return [
        content.ScreenHours(
            state=content.PowerState.OFF,
            window=content.TimeWindow(start=start, end=end),
            weekdays=frozenset(weekdays),
        )
        for (start, end), weekdays in days.items()
    ]


def special_hours(
    special_days: Iterable[Mapping[str, Any]], dimmed: Iterable[content.ScreenHours], today: dt.date
) -> tuple[content.SpecialHours, ...]:
    """Return the hours of the special days that are not over.

    Args:
        special_days: Of a screen.
        dimmed: When the display is dimmed, on special days too.
        today: Days before are left out.
    """
    found = []
    for entry in special_days:
        days = content.DayRange(first=entry["first"], last=entry["last"])
        window = off_window(entry)
        state = content.PowerState.ON if window is None else content.PowerState.OFF
        own = content.ScreenHours(state=state, window=window or ALL_DAY)
        # Of hours that begin on the day before, those of a special day win; dimming goes on while it is on.
        hours = (*dimmed, own) if window is None else (own, *dimmed)
        if days.last >= today - dt.timedelta(days=1):
            found.append(content.SpecialHours(days=days, hours=hours))
    return tuple(found)
