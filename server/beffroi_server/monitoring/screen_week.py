"""Week of a screen: playlists by the hour, the share of each slide, and rules that are never seen.

All of it is computed by the timeline from the manifest, as the player does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from beffroi_content import model as content
from beffroi_content.timeline import RuleStretch, calendar_grid, idle_stretches, rule_visibilities, shown_ms
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring import expected_frames as expected
from beffroi_server.schedule.layouts import BAND_PREFIX
from beffroi_server.schedule.models import DayCalendar

DAYS_SHOWN = 7
PALETTE_SIZE = 6
"""Colours that the stylesheet has for combinations of playlists."""
MAX_SLIDES = 40
_DAY = dt.timedelta(days=1)
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class DayPart:
    """Part of a day in which the same playlists are on."""

    start: dt.datetime
    end: dt.datetime
    playlists: tuple[str, ...]
    """Names; none while nothing is scheduled."""
    left: float
    """Begin, in percent of the day."""
    width: float
    """Length, in percent of the day."""
    colour: int
    """0 for nothing, otherwise the same number for the same playlists."""


@dataclass(frozen=True)
class WeekDay:
    """Local day with its parts in order."""

    date: dt.date
    parts: tuple[DayPart, ...]

    @property
    def drawn(self) -> tuple[DayPart, ...]:
        """The parts in which something is scheduled."""
        return tuple(part for part in self.parts if part.playlists)


@dataclass(frozen=True)
class SlideShare:
    """Part of the week for which a slide is shown, in hours and percent."""

    name: str
    hours: float
    percent: float


@dataclass(frozen=True)
class ScreenWeek:
    """Seven days of a screen, from today on."""

    days: tuple[WeekDay, ...]
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
    colours: dict[tuple[str, ...], int] = {}
    names = {playlist.id: playlist.name for playlist in manifest.playlists}
    days = tuple(
        WeekDay(
            today + number * _DAY,
            tuple(
                _day_part(stretch, (start, end), names, colours, zone)
                for stretch in calendar_grid(manifest, start, end)[main]
            ),
        )
        for number, (start, end) in enumerate(pairwise(starts))
    )
    shown = shown_ms(manifest, starts[0], starts[-1])[main]
    slides = {slide.id: slide.name for slide in manifest.slides if not slide.id.startswith(BAND_PREFIX)}
    whole = starts[-1] - starts[0]
    shares = tuple(
        SlideShare(slides[name], ms / _HOUR_MS, 100 * ms / whole) for name, ms in shown.most_common() if name in slides
    )
    idle = idle_stretches(manifest, starts[0], starts[-1])[main]
    return ScreenWeek(
        days=days,
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


def _day_part(
    stretch: RuleStretch,
    day: tuple[int, int],
    names: dict[str, str],
    colours: dict[tuple[str, ...], int],
    zone: ZoneInfo,
) -> DayPart:
    playlists = tuple(dict.fromkeys(names[each] for each in stretch.playlists))
    length = day[1] - day[0]
    colour = 0
    if playlists:
        colour = colours.setdefault(playlists, len(colours) % PALETTE_SIZE + 1)
    return DayPart(
        start=dt.datetime.fromtimestamp(stretch.since_ms / 1000, zone),
        end=dt.datetime.fromtimestamp(stretch.until_ms / 1000, zone),
        playlists=playlists,
        left=round(100 * (stretch.since_ms - day[0]) / length, 3),
        width=round(100 * (stretch.until_ms - stretch.since_ms) / length, 3),
        colour=colour,
    )
