"""Share of a category among the announcements of a screen, with a publication that is proposed.

The player's own resolver tells it, from the programme that the screen would get: direct placements, rules with their
weights, hours and priorities, playlists, what fills them by itself. Images and videos are no announcements.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from beffroi_content import model as content
from beffroi_content.timeline import lit_stretches, shown_ms
from beffroi_server.accounts.models import Town
from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import compile_inputs, queries
from beffroi_server.schedule.calendar_models import DayCalendar
from beffroi_server.schedule.compile_inputs import PLACED_ID, announcement_id_of
from beffroi_server.schedule.manifest_compiler import CompileError, CompileInputs, PlaylistInput, compile_manifest
from beffroi_server.schedule.models import AnnouncementPlacement, Entry, ScheduleRule
from beffroi_server.schedule.screen_time import WEEK_MS

Named = TypeVar("Named", bound=content.ScheduleRule | PlaylistInput)
FEWEST_FOR_SHARE = 3
"""Announcements that a screen shows already before a share of them means anything."""
MOST_SETS = 6
"""Sets of screens that show the same, of which one is looked at each."""


@dataclass(frozen=True)
class SharedPublication:
    """What is proposed: an announcement, its slide, where, and by which rule (None: directly)."""

    slide: content.Slide
    replaced: str
    """Identifier of the saved announcement whose place it takes."""
    label: str
    places: Targets
    rule: content.ScheduleRule | None
    starts_at: dt.datetime
    ends_at: dt.datetime | None


class CategoryShares:
    """Shares of categories, with the programmes that are read once for several publications.

    Args:
        town: The town.
    """

    def __init__(self, town: Town) -> None:
        self._town = town
        self._inputs: dict[int, CompileInputs | None] = {}
        self._pages: dict[int, dict[str, int]] = {}
        self._shown: dict[tuple[int, str], Counter[str]] = {}

    def highest(self, proposed: SharedPublication, category: str) -> int:
        """Return the highest share of a category on the screens that it reaches, in per cent; 0 where too few are on.

        Screens that show the same are asked for once, and of very different ones the largest sets.
        """
        placements = compile_inputs.shown_placements(AnnouncementPlacement.objects.all())
        reached = proposed.places.reached_screens()
        sets, _count = targets.screens_alike(reached, ScheduleRule.objects.all(), placements, most=MOST_SETS)
        return max((self._share(alike.first, proposed, category) for alike in sets), default=0)

    def _share(self, screen: Screen, proposed: SharedPublication, category: str) -> int:
        shown = self._shown_with(screen, proposed)
        others = shown.keys() - {proposed.replaced, announcement_id_of(proposed.slide.id)}
        total = shown.total()
        if len(others) < FEWEST_FOR_SHARE or not total:
            return 0
        wanted = fold_text(category)
        labels = dict(Announcement.objects.filter(pk__in=others).values_list("pk", "folded_label"))
        taken = sum(shown[str(key)] for key, label in labels.items() if label == wanted)
        if fold_text(proposed.label) == wanted:
            taken += shown[announcement_id_of(proposed.slide.id) or ""]
        return round(100 * taken / total)

    def _shown_with(self, screen: Screen, proposed: SharedPublication) -> Counter[str]:
        """Return for how long each announcement is shown in the week from the publication on."""
        start = unix_ms(proposed.starts_at)
        end = min(start + WEEK_MS, unix_ms(proposed.ends_at)) if proposed.ends_at else start + WEEK_MS
        known = self._inputs_of(screen)
        if known is None or end <= start:
            return Counter()
        inputs = _with_rule(known, proposed, self._town) if proposed.rule else _with_placed(known, proposed)
        key = (screen.pk, f"{start // 60_000} {end} {hash((inputs.playlists, inputs.rules))}")
        if key not in self._shown:
            self._shown[key] = self._resolve(screen, inputs, start, end)
        return self._shown[key]

    def _resolve(self, screen: Screen, inputs: CompileInputs, start: int, end: int) -> Counter[str]:
        pages = self._pages[screen.pk]
        try:
            manifest = compile_manifest(inputs, lambda slide, _settings: pages.get(slide.id, 1)).manifest
        except CompileError:
            return Counter()
        loop, found = manifest.layout.zones[0].id, Counter[str]()
        for since, until in lit_stretches(manifest, start, end):
            for slide, length in shown_ms(manifest, since, until).get(loop, Counter()).items():
                if announcement := announcement_id_of(slide):
                    found[announcement] += length
        return found

    def _inputs_of(self, screen: Screen) -> CompileInputs | None:
        if screen.pk not in self._inputs:
            manifest = queries.known_manifests([screen]).get(screen.pk)
            self._pages[screen.pk] = {slide.id: slide.pages for slide in manifest.slides} if manifest else {}
            try:
                self._inputs[screen.pk] = compile_inputs.load_inputs(screen)
            except CompileError:
                self._inputs[screen.pk] = None
        return self._inputs[screen.pk]


def _with_placed(inputs: CompileInputs, proposed: SharedPublication) -> CompileInputs:
    """Return the inputs with the proposed slide among those that are published directly."""
    before = next((each for each in inputs.playlists if each.id == PLACED_ID), None)
    kept = _without(before.slides if before else (), proposed.replaced)
    placed = PlaylistInput(PLACED_ID, before.name if before else PLACED_ID, (proposed.slide, *kept))
    rule = content.ScheduleRule(id=PLACED_ID, name=placed.name, playlist=PLACED_ID, weight=0)
    return replace(inputs, playlists=_replaced(inputs.playlists, placed), rules=_replaced(inputs.rules, rule))


def _with_rule(inputs: CompileInputs, proposed: SharedPublication, town: Town) -> CompileInputs:
    """Return the inputs with the proposed rule, whose playlist has the proposed slide."""
    rule = proposed.rule
    assert rule is not None
    key = int(rule.playlist.removeprefix("playlist-"))
    if all(each.id != rule.playlist for each in inputs.playlists):
        loaded, _unready = compile_inputs.load_playlists([key], town)
        missing = [each for each in loaded.values() if each.id not in {known.id for known in inputs.playlists}]
        inputs = replace(inputs, playlists=(*inputs.playlists, *missing))
    listed = next((each for each in inputs.playlists if each.id == rule.playlist), None)
    listed = listed or PlaylistInput(rule.playlist, rule.name, ())
    changed = replace(listed, slides=_listing(listed.slides, proposed, inputs.playlists))
    return replace(
        inputs, playlists=_replaced(inputs.playlists, changed), rules=_replaced(inputs.rules, rule),
        calendars=_with_calendars(inputs.calendars, rule),
    )  # fmt: skip


def _listing(
    slides: Sequence[content.Slide | str], proposed: SharedPublication, playlists: Iterable[PlaylistInput]
) -> tuple[content.Slide | str, ...]:
    """Return the slides of a playlist with the proposed one: in its place with its duration, or at the end."""
    within = [slide for each in playlists for slide in each.slides if isinstance(slide, content.Slide)]
    named = {each for each in slides if isinstance(each, str)}
    own = [each for each in slides if isinstance(each, content.Slide) and _shows(each, proposed.replaced)]
    if not own and not (named and any(_shows(each, proposed.replaced) for each in within)):
        return (*slides, proposed.slide)
    longer = {each.id: each.model_copy(update={"duration_ms": proposed.slide.duration_ms}) for each in own[:1]}
    return tuple(longer.get(each.id, each) if isinstance(each, content.Slide) else each for each in slides)


def _with_calendars(
    known: tuple[content.DayCalendar, ...], rule: content.ScheduleRule
) -> tuple[content.DayCalendar, ...]:
    missing = {*rule.only_on, *rule.never_on} - {each.id for each in known}
    if not missing:
        return known
    return (*known, *(each.to_content() for each in DayCalendar.objects.all() if each.identifier in missing))


def _without(slides: Iterable[content.Slide | str], announcement: str) -> tuple[content.Slide | str, ...]:
    return tuple(each for each in slides if isinstance(each, str) or not _shows(each, announcement))


def _shows(slide: content.Slide, announcement: str) -> bool:
    return announcement_id_of(slide.id) == announcement


def _replaced(rows: tuple[Named, ...], row: Named) -> tuple[Named, ...]:
    return (*(each for each in rows if each.id != row.id), row)


def proposed_slide(announcement: Announcement, duration_s: int, starts_at: dt.datetime, ends_at: dt.datetime | None,
                   town: Town) -> content.Slide | None:  # fmt: skip
    """Return the slide that a publication makes; None where the announcement cannot be shown yet."""
    entry = Entry(announcement=announcement, duration_s=duration_s, valid_from=starts_at, valid_until=ends_at)
    try:
        return compile_inputs.slide_of_entry(entry, town)
    except ValueError:
        return None
