"""What will change: the programme of a screen at a typical hour, before and after a rule or a placement is saved.

Both are resolved as the player does; nothing is saved or drawn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from beffroi_content import model as content
from beffroi_content.timeline import calendar, shown_ms
from beffroi_content.timeline.calendar import LocalCalendar
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets
from beffroi_server.schedule import compile_inputs, queries
from beffroi_server.schedule.manifest_compiler import PlaylistInput
from beffroi_server.schedule.models import ScheduleRule
from beffroi_server.schedule.screen_time import HOUR_MS, percent_text

USUAL_HOUR = dt.time(18)
"""Hour of the day that is shown, since people are on their way then; see :func:`typical_moment`."""
LOOK_AHEAD_DAYS = 14
MOST_ROWS = 8


@dataclass(frozen=True)
class SlideChange:
    """A slide with its share of an hour, before and after."""

    name: str
    before: float
    after: float
    """Percent."""

    @property
    def before_text(self) -> str:
        """The share before as text."""
        return percent_text(self.before) if self.before else "–"

    @property
    def after_text(self) -> str:
        """The share after as text."""
        return percent_text(self.after) if self.after else "–"

    @property
    def is_changed(self) -> bool:
        """Whether somebody would notice."""
        return self.before_text != self.after_text


@dataclass(frozen=True)
class ProgrammeChange:
    """What a change does to screens, with the slides of one of them at a typical hour."""

    count: int
    """Screens that are concerned."""
    screen: str
    """Name of the one that is shown as an example; empty where nothing can be shown."""
    at: dt.datetime
    rows: Sequence[SlideChange] = ()
    further: int = 0
    """Slides that are not listed."""

    @property
    def is_changed(self) -> bool:
        """Whether the example looks different afterwards."""
        return any(row.is_changed for row in self.rows)


def rule_change(rule: ScheduleRule, places: Targets, now: dt.datetime, almanac: LocalCalendar) -> ProgrammeChange:
    """Return what changes once a rule is saved, which need not exist yet.

    Args:
        rule: The rule with its new values.
        places: Its new targets.
        now: The instant.
        almanac: Time zone and calendars of the town.
    """
    known = rule.to_content()
    at = typical_moment(lambda local: calendar.rule_applies(known, local, almanac), now.astimezone(almanac.zone))
    before = targets.screens_reached_by(ScheduleRule.objects.filter(pk=rule.pk))
    after = places.reached_screens()
    concerned = Screen.objects.filter(Q(pk__in=before.values("pk")) | Q(pk__in=after.values("pk")))
    example = after.order_by("name").first() or before.order_by("name").first()
    manifest = queries.known_manifests([example]).get(example.pk) if example else None
    if example is None or manifest is None:
        return ProgrammeChange(concerned.count(), "", at)
    stays = after.filter(pk=example.pk).exists()
    playlists, _unready = compile_inputs.load_playlists([rule.playlist_id], compile_inputs.current_town())
    changed = with_rule(manifest, rule, list(playlists.values()) if stays else None)
    return compare_programmes(manifest, changed, example.name, at, concerned.count())


def compare_programmes(
    before: content.Manifest, after: content.Manifest, screen: str, at: dt.datetime, count: int
) -> ProgrammeChange:
    """Return how the hour from an instant on looks on a screen, before and after.

    Args:
        before: Its manifest.
        after: Its manifest with the change.
        screen: Its name.
        at: The instant.
        count: Screens that are concerned.
    """
    shares = [_hour_shares(manifest, unix_ms(at)) for manifest in (before, after)]
    names = {slide.id: slide.name for manifest in (before, after) for slide in (*manifest.slides, manifest.idle)}
    rows = [
        SlideChange(names[slide], shares[0].get(slide, 0.0), shares[1].get(slide, 0.0))
        for slide in dict.fromkeys([*shares[1], *shares[0]])
    ]
    rows.sort(key=lambda row: (not row.is_changed, -abs(row.after - row.before)))
    return ProgrammeChange(count, screen, at, rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS))


def typical_moment(is_on: Callable[[dt.datetime], bool], now: dt.datetime) -> dt.datetime:
    """Return the next ``USUAL_HOUR`` at which something is on; else the next full hour at which it is; else now.

    Args:
        is_on: Tells whether it is on at a local time.
        now: The instant, in local time.
    """
    evenings = [
        dt.datetime.combine(now.date() + dt.timedelta(days=ahead), USUAL_HOUR, now.tzinfo)
        for ahead in range(LOOK_AHEAD_DAYS)
    ]
    hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [hour + dt.timedelta(hours=ahead) for ahead in range(1, 24 * 7)]
    coming = (each for each in (*evenings, *hours) if each >= now)
    return next((each for each in coming if is_on(each)), now)


def with_rule(
    manifest: content.Manifest, rule: ScheduleRule, playlists: Sequence[PlaylistInput] | None
) -> content.Manifest:
    """Return a manifest with another version of a rule, which need not be saved.

    Args:
        manifest: What a screen shows now.
        rule: The rule.
        playlists: Its playlist with those within it; None takes the rule away.
    """
    known = rule.to_content()
    rules = [each for each in manifest.rules if each.id != known.id]
    if playlists is None:
        return manifest.model_copy(update={"rules": tuple(rules)})
    pages = {slide.id: slide.pages for slide in manifest.slides}
    slides = {slide.id: slide for slide in manifest.slides}
    listed = {each.id: each for each in manifest.playlists}
    for each in playlists:
        shown_in = manifest.settings.languages, manifest.settings.locale
        own = [slide.shown_in(*shown_in) for slide in each.slides if not isinstance(slide, str)]
        names = tuple(part if isinstance(part, str) else part.id for part in each.slides)
        listed[each.id] = content.Playlist(id=each.id, name=each.name, slides=names, order=each.order, take=each.take)
        slides |= {slide.id: slide.model_copy(update={"pages": pages.get(slide.id, 1)}) for slide in own}
    calendars = {each.id: each for each in manifest.calendars}
    for name in ("only_on", "never_on"):
        calendars |= {each.identifier: each.to_content() for each in rule.related_calendars(name)}
    return manifest.model_copy(
        update={
            "rules": (*rules, known),
            "playlists": tuple(listed.values()),
            "slides": tuple(slides.values()),
            "calendars": tuple(calendars.values()),
        }
    )


def _hour_shares(manifest: content.Manifest, at_ms: int) -> dict[str, float]:
    """Return the percent of the hour from an instant on that each slide has in the zone of the loop."""
    shown = shown_ms(manifest, at_ms, at_ms + HOUR_MS)[manifest.layout.zones[0].id]
    return {slide: 100 * ms / HOUR_MS for slide, ms in shown.most_common()}
