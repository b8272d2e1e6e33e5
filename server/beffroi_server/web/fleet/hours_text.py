"""Hours of a screen as text: the usual ones, days of the week that differ, the next special days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from beffroi_server.core.formatting import format_day, format_hour
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.screen_hours import DayMode

SPECIAL_DAYS_SHOWN = 4


def hours_lines(screen: Screen, today: dt.date) -> Iterator[str]:
    """Yield the hours of a screen, a line for each kind of day."""
    if screen.off_from is not None and screen.off_until is not None:
        yield _off_text(screen.off_from, screen.off_until)
    else:
        yield str(DayMode.ON.label)
    for day, entry in sorted(screen.day_hours.items()):
        yield _("%(day)s: %(hours)s") % {"day": str(WEEKDAYS[int(day) - 1]).capitalize(), "hours": _entry_text(entry)}
    coming = [entry for entry in screen.special_days if entry["last"] >= today.isoformat()]
    for entry in coming[:SPECIAL_DAYS_SHOWN]:
        yield _("%(day)s: %(hours)s") % {"day": _days_text(entry), "hours": _entry_text(entry)}


def _entry_text(entry: Mapping[str, Any]) -> str:
    if entry["mode"] == DayMode.HOURS:
        return _off_text(dt.time.fromisoformat(entry["from"]), dt.time.fromisoformat(entry["until"]))
    return str(DayMode(entry["mode"]).label)


def _off_text(start: dt.time, end: dt.time) -> str:
    return _("off from %(start)s to %(end)s") % {"start": format_hour(start), "end": format_hour(end)}


def _days_text(entry: Mapping[str, str]) -> str:
    first, last = (format_day(dt.date.fromisoformat(entry[name])) for name in ("first", "last"))
    return first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}
