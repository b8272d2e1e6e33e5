"""Status of schedule rules: whether a rule is on, when that changes, which rules are visible, what speaks against one.

All of it is asked of the timeline, by which players decide what they show; nothing here decides precedence.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.timeline import calendar, rule_visibilities
from beffroi_content.timeline.calendar import LocalCalendar
from beffroi_server.accounts.models import Town
from beffroi_server.core import formatting
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import Targets
from beffroi_server.schedule import compile_inputs
from beffroi_server.schedule.manifest_compiler import CompileError, PlaylistInput, compile_manifest
from beffroi_server.schedule.models import AnnouncementPlacement, Playlist, ScheduleRule

HORIZON_DAYS = 400
"""Days ahead for which a rule that does not apply is searched for the next time that it does."""
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class RuleStatus:
    """Answer of the calendar for a rule at an instant. As text, it is a sentence for people."""

    applies: bool
    changes_at: dt.datetime | None
    """When that changes; None when it does not in sight: see ``HORIZON_DAYS``."""

    @property
    def is_over(self) -> bool:
        """True for a rule that never applies again."""
        return not self.applies and self.changes_at is None

    def __str__(self) -> str:
        if self.changes_at is None:
            return _("From now on, with no end date.") if self.applies else _("Never again.")
        if self.applies:
            return _("Now, %(until)s.") % {"until": formatting.moment_until(self.changes_at)}
        return _("Next time: %(start)s.") % {"start": formatting.format_moment(self.changes_at)}


def rule_status(rule: ScheduleRule, now: dt.datetime, almanac: LocalCalendar) -> RuleStatus:
    """Return whether a rule applies at an instant, and when that next changes."""
    known, instant = rule.to_content(), unix_ms(now)
    applies = _applies_at(known, instant, almanac)
    starts = itertools.chain([instant], _later_starts(known, instant, almanac, applies=applies))
    changes = (calendar.rule_boundaries(known, start, almanac)[1] for start in starts)
    return RuleStatus(applies, formatting.from_milliseconds(next((ms for ms in changes if ms is not None), None)))


def rules_on_screen(rules: Iterable[ScheduleRule], now: dt.datetime, almanac: LocalCalendar) -> set[int]:
    """Return the primary keys of the rules that at least one screen shows at an instant.

    A rule that applies may still be hidden by a more important one, or have nothing to show. The timeline decides that
    from a manifest; since thousands of screens share a few combinations of rules, it is asked once for each of these.

    Args:
        rules: Every rule there is, with screens and groups (and the screens of these) prefetched.
        now: The instant.
        almanac: Time zone, position and calendars of the town.
    """
    applying = [rule for rule in rules if _applies_at(rule.to_content(), unix_ms(now), almanac)]
    town = compile_inputs.current_town()
    playlists, _unready = compile_inputs.load_playlists({rule.playlist_id for rule in applying}, town)
    placed = _placed_loops(now, town)
    visible: set[int] = set()
    for screen, combination in _combinations(applying, placed):
        # Pages are not counted: that would draw every slide, and their number does not decide which rules are seen.
        named = _named_by(combination, playlists)
        inputs = compile_inputs.inputs_of_rules(screen, town, combination, named, placed=placed.get(screen.pk))
        try:
            manifest = compile_manifest(inputs, lambda _slide, _settings: 1).manifest
        except CompileError:
            # The screen keeps an older programme; its page says so.
            continue
        start = unix_ms(now)
        seen = {each.rule for each in rule_visibilities(manifest, start, start + 1) if each.seen_ms}
        visible |= {rule.pk for rule in combination if rule.to_content().id in seen}
    return visible


def rule_warnings(
    rule: ScheduleRule,
    screens: Sequence[Screen],
    groups: Sequence[ScreenGroup],
    now: dt.datetime,
    almanac: LocalCalendar,
) -> list[str]:
    """Return the reasons for which a valid rule would show nothing, as sentences for people.

    Args:
        rule: The rule, which need not be saved.
        screens: Its screens.
        groups: Its groups.
        now: The instant.
        almanac: Time zone, position and calendars of the town.
    """
    found = []
    if not Targets(rule.everywhere, tuple(groups), tuple(screens)).reached_screens().exists():
        found.append(_("No screen shows it yet: choose screens, or groups that have some."))
    if not _has_slides_ahead(rule.playlist, now):
        found.append(_("Its playlist has nothing to show: add announcements or images that are still valid."))
    if rule_status(rule, now, almanac).is_over:
        found.append(_never_applies_reason(rule, now, almanac.zone))
    return found


def _applies_at(rule: content.ScheduleRule, instant: int, almanac: LocalCalendar) -> bool:
    return calendar.rule_applies(rule, calendar.local_time(instant, almanac.zone), almanac)


def _later_starts(rule: content.ScheduleRule, instant: int, almanac: LocalCalendar, *, applies: bool) -> Iterator[int]:
    """Yield instants from which to look for the next change of a rule, once there is none soon.

    The timeline looks two weeks ahead, which is enough for a player. People also ask about the first Monday of next
    month or the next school holidays, so a rule that does not apply is followed for a year; of a rule that applies,
    only its last day is looked at.
    """
    if not applies:
        yield from (instant + days * _DAY_MS for days in range(calendar.LOOK_AHEAD_DAYS, HORIZON_DAYS, 14))
    elif rule.last_date is not None:
        yield max(instant, calendar.local_midnight(rule.last_date, almanac.zone) - _DAY_MS)


def _placed_loops(now: dt.datetime, town: Town) -> dict[int, PlaylistInput]:
    """Return by screen a loop that stands for the announcements that are published directly on it at an instant."""
    begun = AnnouncementPlacement.objects.exclude(starts_at__gt=now)
    placements = list(compile_inputs.shown_placements(begun).prefetch_related("screens", "groups"))
    found: dict[int, PlaylistInput] = {}
    reach = targets.reach_by_row(placements)
    for placement in placements:
        if reach[placement.pk] - found.keys():
            loop, _unready = compile_inputs.placed_loop([placement], town)
            # One announcement will do: how many there are does not decide which rules are seen.
            found = dict.fromkeys(reach[placement.pk], loop) | found if loop else found
    return found


def _combinations(rules: Sequence[ScheduleRule], placed: Container[int]) -> Iterator[tuple[Screen, list[ScheduleRule]]]:
    """Yield each combination of rules that some screen has, with and without placements, with one of these screens."""
    of_screen: defaultdict[int, set[int]] = defaultdict(set)
    for rule, screens in targets.reach_by_row(rules).items():
        for screen in screens:
            of_screen[screen].add(rule)
    every = {screen.pk: screen for screen in Screen.objects.select_related("screen_class")}
    # Any screen of a combination will do: which rule wins depends on the rules, not on the screen.
    example = {(frozenset(keys), screen in placed): screen for screen, keys in of_screen.items()}
    for (keys, _is_placed), screen in example.items():
        yield every[screen], [rule for rule in rules if rule.pk in keys]


def _named_by(rules: Iterable[ScheduleRule], playlists: dict[int, PlaylistInput]) -> tuple[PlaylistInput, ...]:
    return compile_inputs.playlists_within({rule.playlist_id for rule in rules}, playlists)


def _has_slides_ahead(playlist: Playlist, now: dt.datetime) -> bool:
    """Return whether a playlist has a slide that is shown now or later, listed or filled in automatically."""
    found, _unready = compile_inputs.load_playlists([playlist.pk], compile_inputs.current_town())
    slides = [part for each in found.values() for part in each.slides if not isinstance(part, str)]
    return any(slide.valid_until_ms is None or slide.valid_until_ms > unix_ms(now) for slide in slides)


def _never_applies_reason(rule: ScheduleRule, now: dt.datetime, zone: ZoneInfo) -> str:
    if rule.last_date is not None and rule.last_date < now.astimezone(zone).date():
        return _("It is entirely in the past and no longer has any effect.")
    return _("It never applies: none of its days falls between its dates.")
