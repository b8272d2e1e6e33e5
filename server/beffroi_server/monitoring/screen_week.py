"""Week of a screen: playlists by the hour, the share of each slide, and rules that are never seen.

All of it is computed by the timeline from the manifest, as the player does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from beffroi_content import model as content
from beffroi_content.timeline import idle_stretches, rule_visibilities, shown_ms
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring import expected_frames as expected
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.layouts import BAND_PREFIX

DAYS_SHOWN = 7
MAX_SLIDES = 40
_DAY = dt.timedelta(days=1)
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class SlideShare:
    """Part of the week for which a slide is shown, in hours and percent."""

    name: str
    hours: float
    percent: float


@dataclass(frozen=True)
class ScreenWeek:
    """Seven days of a screen, from today on."""

    shares: tuple[SlideShare, ...]
    unseen: tuple[str, ...]
    """Names of slides that are not shown although rules name their playlists."""
    hidden: tuple[str, ...]
    """Names of rules that apply and are never seen."""
    idle_hours: int
    """Hours in which only the idle slide is shown, rounded up."""


@dataclass(frozen=True)
class CalendarRow:
    """Day calendar with its next days."""

    calendar: DayCalendar
    coming: Sequence[content.DayRange]


def week_of(screen: Screen, now: dt.datetime) -> ScreenWeek:
    """Return the seven local days of a screen from today on.

    Raises:
        CompileError: the screen has no programme, and none can be compiled.
    """
    manifest = expected.current_manifest(screen)
    zone = ZoneInfo(manifest.settings.time_zone)
    today = now.astimezone(zone).date()
    starts = [unix_ms(dt.datetime.combine(today + number * _DAY, dt.time(), zone)) for number in range(DAYS_SHOWN + 1)]
    main = manifest.layout.zones[0].id
    shown = shown_ms(manifest, starts[0], starts[-1])[main]
    slides = {slide.id: slide.name for slide in manifest.slides if not slide.id.startswith(BAND_PREFIX)}
    whole = starts[-1] - starts[0]
    shares = tuple(
        SlideShare(slides[name], ms / _HOUR_MS, 100 * ms / whole) for name, ms in shown.most_common() if name in slides
    )
    idle = idle_stretches(manifest, starts[0], starts[-1])[main]
    return ScreenWeek(
        shares=shares[:MAX_SLIDES],
        unseen=tuple(name for slide, name in slides.items() if slide not in shown),
        hidden=_hidden_rules(manifest, starts[0], starts[-1]),
        idle_hours=-(-sum(one.until_ms - one.since_ms for one in idle) // _HOUR_MS),
    )


def calendar_row(calendar: DayCalendar, today: dt.date) -> CalendarRow:
    """Return a day calendar with the next of its days."""
    coming = [span for span in calendar.to_content().days if span.last >= today]
    return CalendarRow(calendar, coming[:6])


def _hidden_rules(manifest: content.Manifest, start: int, end: int) -> tuple[str, ...]:
    names = {rule.id: rule.name for rule in manifest.rules}
    return tuple(names[one.rule] for one in rule_visibilities(manifest, start, end) if one.is_never_seen)
