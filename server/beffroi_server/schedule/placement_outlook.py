"""Outlook of an announcement: its share of each screen and its next showing, now and as a proposed placement has it.

Asked of the player's own resolver, with the manifests that screens were sent. Screens at which the same rules and
placements are aimed are alike: one of them is asked for all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import AlikeScreens, Targets
from beffroi_server.library import preview
from beffroi_server.library.errors import SlideNotDrawable
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import compile_inputs, queries
from beffroi_server.schedule.compile_inputs import PLACED_ID
from beffroi_server.schedule.models import AnnouncementPlacement, Entry, ScheduleRule
from beffroi_server.schedule.programme_changes import ProgrammeChange, compare_programmes, typical_moment
from beffroi_server.schedule.screen_time import WEEK_MS, ScreenTime, slides_time

MOST_SAMPLES = 6
"""Sets of screens that are told apart; of the others only the number is said."""


@dataclass(frozen=True)
class ProposedPlacement:
    """A placement that need not be saved, of an announcement that need not be saved."""

    targets: Targets
    slide: content.Slide
    """The slide that it would make, with any number of pages."""


@dataclass(frozen=True)
class ScreensOutlook:
    """How some screens that are alike show an announcement."""

    screens: AlikeScreens
    before: ScreenTime
    after: ScreenTime
    """The same as ``before`` where nothing is proposed."""
    problem: str = ""
    """Why these screens cannot draw it."""
    change: ProgrammeChange | None = None
    """What changes on the first of these screens at a typical hour."""

    @property
    def where_text(self) -> str:
        """The screens as a phrase: the name of the only one, or their number with an example."""
        if self.screens.count == 1:
            return self.screens.first.name
        values = {"count": self.screens.count, "name": self.screens.first.name}
        return _("%(count)d screens, such as %(name)s") % values

    @property
    def is_changed(self) -> bool:
        """Whether it was shown before, and gets another share."""
        return self.before.shown_ms > 0 and self.before.share_text != self.after.share_text


@dataclass(frozen=True)
class AnnouncementOutlook:
    """How screens show an announcement, the largest set of alike screens first."""

    lines: Sequence[ScreensOutlook]
    further: int
    """Screens of which nothing is said: they are too different from each other."""
    count: int
    """All screens that are concerned."""

    @property
    def change(self) -> ProgrammeChange | None:
        """What changes at a typical hour, on a screen of the largest set."""
        found = next((line.change for line in self.lines if line.change), None)
        return replace(found, count=self.count) if found else None

    @property
    def next_line(self) -> ScreensOutlook | None:
        """Where it is shown next."""
        shown = [line for line in self.lines if line.after.next_ms is not None]
        return min(shown, key=lambda line: line.after.next_ms or 0, default=None)


def announcement_outlook(
    announcement: Announcement, now: dt.datetime, proposed: ProposedPlacement | None = None
) -> AnnouncementOutlook:
    """Return how screens show an announcement in the week from now on, or from its beginning on.

    Args:
        announcement: A saved one, or one with a key that nothing else has.
        now: The instant.
        proposed: What a form proposes; None takes what is saved.
    """
    concerned = proposed.targets.reached_screens() if proposed else screens_showing(announcement)
    placements = compile_inputs.shown_placements(AnnouncementPlacement.objects.all())
    sets, count = targets.screens_alike(concerned, ScheduleRule.objects.all(), placements, most=MOST_SAMPLES)
    manifests = queries.known_manifests([alike.first for alike in sets])
    window = _window_of(proposed.slide if proposed else None, now)
    lines = [
        _screens_outlook(alike, manifests[alike.first.pk], str(announcement.pk), window, proposed)
        for alike in sets
        if alike.first.pk in manifests
    ]
    return AnnouncementOutlook(lines, count - sum(line.screens.count for line in lines), count)


def proposed_placement(
    announcement: Announcement,
    places: Targets,
    *,
    text: Announcement,
    starts_at: dt.datetime | None,
    ends_at: dt.datetime | None,
    duration_s: int,
) -> ProposedPlacement:
    """Return a placement that a form proposes.

    Args:
        announcement: The announcement, for its key.
        places: Where.
        text: The announcement as it is being written.
        starts_at: From when; None: at once.
        ends_at: Until when; None: without an end.
        duration_s: Seconds on screen.
    """
    entry = Entry(announcement=text, duration_s=duration_s, valid_from=starts_at, valid_until=ends_at)
    slide = compile_inputs.slide_of_entry(entry, compile_inputs.current_town())
    identifier = f"announcement-{announcement.pk}-{PLACED_ID}"
    return ProposedPlacement(places, slide.model_copy(update={"id": identifier}))


def screens_showing(announcement: Announcement) -> QuerySet[Screen]:
    """Return the screens at which a saved announcement is aimed: by its placement, or by rules of its playlists."""
    lists = Q(playlist__entries__announcement=announcement)
    if announcement.label:
        lists |= Q(playlist__category__folded=fold_text(announcement.label))
    placed = targets.screens_reached_by(AnnouncementPlacement.objects.filter(announcement=announcement))
    listed = targets.screens_reached_by(ScheduleRule.objects.filter(lists))
    return Screen.objects.filter(Q(pk__in=placed.values("pk")) | Q(pk__in=listed.values("pk")))


def with_placed_slide(manifest: content.Manifest, announcement: str, slide: content.Slide | None) -> content.Manifest:
    """Return a manifest in which an announcement that is published directly has another slide, or none."""
    own = f"announcement-{announcement}-{PLACED_ID}"
    before = next((each for each in manifest.playlists if each.id == PLACED_ID), None)
    others = [name for name in (before.slides if before else ()) if name != own]
    names = (slide.id, *others) if slide else tuple(others)
    loop = content.Playlist(id=PLACED_ID, name=PLACED_ID, slides=names)
    rule = content.ScheduleRule(id=PLACED_ID, name=PLACED_ID, playlist=PLACED_ID, weight=0)
    return manifest.model_copy(
        update={
            "slides": (*(each for each in manifest.slides if each.id != own), *([slide] if slide else [])),
            "playlists": (*(each for each in manifest.playlists if each.id != PLACED_ID), loop),
            "rules": (*(each for each in manifest.rules if each.id != PLACED_ID), *([rule] if names else [])),
        }
    )


def slides_of(manifest: content.Manifest, announcement: str) -> frozenset[str]:
    """Return the identifiers of all slides of a manifest that show an announcement."""
    return frozenset(each.id for each in manifest.slides if compile_inputs.announcement_id_of(each.id) == announcement)


def _screens_outlook(
    screens: AlikeScreens,
    manifest: content.Manifest,
    announcement: str,
    window: tuple[int, int],
    proposed: ProposedPlacement | None,
) -> ScreensOutlook:
    before = slides_time(manifest, slides_of(manifest, announcement), *window)
    if proposed is None:
        return ScreensOutlook(screens, before, before)
    slide = proposed.slide.shown_in(manifest.settings.languages, manifest.settings.locale)
    try:
        pages = preview.page_count(slide, manifest.settings)
    except SlideNotDrawable as fault:
        return ScreensOutlook(screens, before, before, problem=fault.detail or fault.code)
    changed = with_placed_slide(manifest, announcement, slide.model_copy(update={"pages": pages}))
    after = slides_time(changed, slides_of(changed, announcement), *window)
    change = compare_programmes(manifest, changed, screens.first.name, _typical_moment(window), screens.count)
    return ScreensOutlook(screens, before, after, change=change)


def _typical_moment(window: tuple[int, int]) -> dt.datetime:
    start, end = (dt.datetime.fromtimestamp(ms / 1000, timezone.get_current_timezone()) for ms in window)
    return typical_moment(lambda local: start <= local < end, start)


def _window_of(slide: content.Slide | None, now: dt.datetime) -> tuple[int, int]:
    """Return the week that is looked at: from now or the beginning of a slide on, no longer than until its end."""
    start = unix_ms(now)
    if slide is None:
        return start, start + WEEK_MS
    start = max(start, slide.valid_from_ms or 0)
    return start, max(start + 1, min(start + WEEK_MS, slide.valid_until_ms or start + WEEK_MS))
