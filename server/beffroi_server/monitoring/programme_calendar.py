"""Calendar of screens: which slides take turns at what hours of a day, and why, as the player's own resolver has it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from zoneinfo import ZoneInfo

from beffroi_content import model as content
from beffroi_content.timeline import Scene, SlideStretch, SlideTime, lit_stretches, slide_grid
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import targets
from beffroi_server.schedule import compile_inputs, queries
from beffroi_server.schedule.models import AnnouncementPlacement, ScheduleRule
from beffroi_server.schedule.screen_time import percent_text

MOST_SETS = 4
"""Sets of screens that are shown beside each other; of the others only the number is said."""
SLIDES_OF_WEEK = 6
"""Slides that are named for each part of a day in the view of a week."""
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class CalendarReason:
    """A rule by which a slide is shown, with its playlist; neither where the announcement is published directly."""

    rule: int | None = None
    rule_name: str = ""
    playlist: int | None = None
    playlist_name: str = ""


@dataclass(frozen=True)
class CalendarSlide:
    """A slide with its share of a part of a day, and why it is on."""

    name: str
    share: str
    announcement: str = ""
    """Identifier of the announcement that it shows."""
    media: str = ""
    """Key of the media item that it shows."""
    reasons: Sequence[CalendarReason] = ()


@dataclass(frozen=True)
class CalendarPart:
    """A part of a day in which the same slides take turns."""

    start: dt.datetime
    end: dt.datetime
    slides: Sequence[CalendarSlide]
    """None while nothing is scheduled."""

    @property
    def first_slides(self) -> Sequence[CalendarSlide]:
        """The slides that the view of a week names."""
        return self.slides[:SLIDES_OF_WEEK]

    @property
    def further(self) -> int:
        """The number of the others."""
        return max(0, len(self.slides) - SLIDES_OF_WEEK)


@dataclass(frozen=True)
class CalendarDay:
    """A local day, with its parts in order, and the hours in which the display is off."""

    date: dt.date
    parts: Sequence[CalendarPart]
    dark: Sequence[tuple[dt.datetime, dt.datetime]]


@dataclass(frozen=True)
class ScreensCalendar:
    """Days of screens that all show the same."""

    screens: targets.AlikeScreens
    days: Sequence[CalendarDay]


@dataclass(frozen=True)
class ProgrammeCalendar:
    """Days of the screens of a choice, the largest set of alike screens first."""

    sets: Sequence[ScreensCalendar]
    further: int
    """Screens that are not shown: they are too different from each other, or have no programme."""


def programme_calendar(places: targets.Targets, first: dt.date, days: int) -> ProgrammeCalendar:
    """Return the days of some screens, as their present programme has them.

    Args:
        places: The screens.
        first: The first local day.
        days: Number of days.
    """
    sets, count = _alike_sets(places)
    manifests = queries.known_manifests([alike.first for alike in sets], with_changes=True)
    found = [
        ScreensCalendar(alike, calendar_days(manifests[alike.first.pk], first, days))
        for alike in sets
        if alike.first.pk in manifests
    ]
    return ProgrammeCalendar(found, count - sum(each.screens.count for each in found))


def _alike_sets(places: targets.Targets) -> tuple[list[targets.AlikeScreens], int]:
    if not places.everywhere and not places.groups:
        return [targets.AlikeScreens(screen, 1) for screen in places.screens[:MOST_SETS]], len(places.screens)
    placements = compile_inputs.shown_placements(AnnouncementPlacement.objects.all())
    return targets.screens_alike(places.reached_screens(), ScheduleRule.objects.all(), placements, most=MOST_SETS)


def shown_slide(scene: Scene, manifest: content.Manifest) -> CalendarSlide | None:
    """Return the slide of a scene with the rule by which it is on; None for an alert, or where nothing is scheduled."""
    showing = next(iter(scene.showings), None)
    rules = {rule.id: rule for rule in manifest.rules}
    if showing is None or showing.alert or showing.slide is None or showing.reason.rule not in rules:
        return None
    playlists = {playlist.id: playlist.name for playlist in manifest.playlists}
    time = SlideTime(showing.slide.id, (), 0)
    return _calendar_slide(showing.slide.name, time, 1, [rules[showing.reason.rule]], playlists)


def calendar_days(manifest: content.Manifest, first: dt.date, days: int) -> list[CalendarDay]:
    """Return local days of a manifest, in the zone of the loop."""
    zone = ZoneInfo(manifest.settings.time_zone)
    starts = [unix_ms(dt.datetime.combine(first + number * _DAY, dt.time(), zone)) for number in range(days + 1)]
    return [
        CalendarDay(
            first + number * _DAY,
            [_calendar_part(manifest, stretch, zone) for stretch in slide_grid(manifest, _main_zone(manifest), *day)],
            _dark_hours(manifest, day, zone),
        )
        for number, day in enumerate(pairwise(starts))
    ]


def _main_zone(manifest: content.Manifest) -> str:
    return manifest.layout.zones[0].id


def _dark_hours(
    manifest: content.Manifest, day: tuple[int, int], zone: ZoneInfo
) -> list[tuple[dt.datetime, dt.datetime]]:
    edges = [day[0], *(instant for stretch in lit_stretches(manifest, *day) for instant in stretch), day[1]]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return [(_local(since, zone), _local(until, zone)) for since, until in gaps if since < until]


def _calendar_part(manifest: content.Manifest, stretch: SlideStretch, zone: ZoneInfo) -> CalendarPart:
    slides = {slide.id: slide for slide in manifest.slides}
    rules = {rule.id: rule for rule in manifest.rules}
    playlists = {playlist.id: playlist.name for playlist in manifest.playlists}
    length = stretch.until_ms - stretch.since_ms
    shown = [
        _calendar_slide(slides[each.slide].name, each, length, [rules[rule] for rule in each.rules], playlists)
        for each in stretch.slides
        if each.slide in slides
    ]
    return CalendarPart(_local(stretch.since_ms, zone), _local(stretch.until_ms, zone), shown)


def _calendar_slide(
    name: str, time: SlideTime, length: int, rules: Sequence[content.ScheduleRule], playlists: dict[str, str]
) -> CalendarSlide:
    kind, _, rest = time.slide.partition("-")
    return CalendarSlide(
        name=name,
        share=percent_text(100 * time.shown_ms / length),
        announcement=compile_inputs.announcement_id_of(time.slide) or "",
        media=rest.partition("-")[0] if kind == "media" else "",
        reasons=[_reason_of(rule, playlists) for rule in rules],
    )


def _reason_of(rule: content.ScheduleRule, playlists: dict[str, str]) -> CalendarReason:
    key, playlist = _key_in(rule.id, "rule-"), _key_in(rule.playlist, "playlist-")
    if key is None:
        return CalendarReason()
    return CalendarReason(key, rule.name, playlist, playlists.get(rule.playlist, ""))


def _key_in(name: str, prefix: str) -> int | None:
    """Return the primary key in an identifier of a manifest; None for one of another kind."""
    key = name.removeprefix(prefix)
    return int(key) if name.startswith(prefix) and key.isdecimal() else None


def _local(instant_ms: int, zone: ZoneInfo) -> dt.datetime:
    return dt.datetime.fromtimestamp(instant_ms / 1000, zone)
