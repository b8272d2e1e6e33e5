"""Whether a rule is on at an instant, when it next is, and what speaks against it: by the timeline's own calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from beffroi_content.timeline import calendar
from beffroi_content.timeline.calendar import LocalCalendar
from beffroi_server.core import formatting
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.schedule.models import Entry, Playlist, RuleMode, ScheduleRule


@dataclass(frozen=True)
class RuleStatus:
    """What the calendar says of a rule at an instant."""

    applies: bool
    turn: dt.datetime | None
    """When that changes; None when it does not within sight."""

    @property
    def is_over(self) -> bool:
        """Whether the rule is never on again."""
        return not self.applies and self.turn is None

    def __str__(self) -> str:
        if self.turn is None:
            return _("From now on, with no end date.") if self.applies else _("Never again.")
        if self.applies:
            return _("Now, until %(end)s.") % {"end": formatting.format_moment(self.turn)}
        return _("Next time: %(start)s.") % {"start": formatting.format_moment(self.turn)}


def rule_status(rule: ScheduleRule, now: dt.datetime, almanac: LocalCalendar) -> RuleStatus:
    """Return whether a rule applies at an instant, and when that next changes."""
    known, instant = rule.to_content(), unix_ms(now)
    applies = calendar.rule_applies(known, calendar.local_time(instant, almanac.zone), almanac)
    return RuleStatus(applies, formatting.from_milliseconds(calendar.rule_boundaries(known, instant, almanac)[1]))


def rules_on_screen(rules: Iterable[ScheduleRule], now: dt.datetime, almanac: LocalCalendar) -> set[int]:
    """Return the keys of those rules that some screen shows now; what is more important may hide a rule.

    Args:
        rules: Every rule there is.
        now: The instant.
        almanac: The town's days.
    """
    filled = set(valid_entries(now).values_list("playlist", flat=True))
    eligible = [rule for rule in rules if rule.playlist_id in filled and rule_status(rule, now, almanac).applies]
    all_screens = set(Screen.objects.values_list("pk", flat=True))
    reached = {rule.pk: _reached(rule, all_screens) for rule in eligible}
    return {rule.pk for rule in eligible if reached[rule.pk] - _hidden(rule, eligible, reached)}


def valid_entries(now: dt.datetime) -> QuerySet[Entry]:
    """Return the entries that may be shown at an instant."""
    return Entry.objects.filter(
        Q(valid_from=None) | Q(valid_from__lte=now), Q(valid_until=None) | Q(valid_until__gt=now)
    )


def rule_warnings(
    rule: ScheduleRule,
    screens: Sequence[Screen],
    groups: Sequence[ScreenGroup],
    now: dt.datetime,
    almanac: LocalCalendar,
) -> list[str]:
    """Return why a rule that may be saved shows nothing, in sentences for people."""
    found = []
    if not _targeted_screens(rule, screens, groups).exists():
        found.append(_("No screen shows it yet: choose screens, or groups that have some."))
    if not _has_more(rule.playlist, now):
        found.append(_("Its playlist has nothing to show: add announcements or images that are still valid."))
    if rule_status(rule, now, almanac).is_over:
        found.append(_never_applies_reason(rule, now, almanac.zone))
    return found


def _never_applies_reason(rule: ScheduleRule, now: dt.datetime, zone: ZoneInfo) -> str:
    if rule.last_date is not None and rule.last_date < now.astimezone(zone).date():
        return _("It is entirely in the past and no longer has any effect.")
    return _("It never applies: none of its days falls between its dates.")


def _has_more(playlist: Playlist, now: dt.datetime) -> bool:
    return playlist.entries.filter(Q(valid_until=None) | Q(valid_until__gt=now)).exists()


def _targeted_screens(rule: ScheduleRule, screens: Sequence[Screen], groups: Sequence[ScreenGroup]) -> QuerySet[Screen]:
    if rule.everywhere:
        return Screen.objects.all()
    return Screen.objects.filter(Q(pk__in=[screen.pk for screen in screens]) | Q(groups__in=groups))


def _reached(rule: ScheduleRule, all_screens: set[int]) -> set[int]:
    if rule.everywhere:
        return all_screens
    return {screen.pk for screen in rule.screens.all()} | {
        screen.pk for group in rule.groups.all() for screen in group.screens.all()
    }


def _hidden(rule: ScheduleRule, eligible: Sequence[ScheduleRule], reached: dict[int, set[int]]) -> set[int]:
    return {screen for other in eligible if _beats(other, rule) for screen in reached[other.pk]}


def _beats(other: ScheduleRule, rule: ScheduleRule) -> bool:
    """Tell whether a rule shows nothing where the other one is on too, as the timeline decides it."""
    if other.mode == RuleMode.INTERJECT:
        return False
    if other.priority != rule.priority:
        return other.priority > rule.priority
    if other.mode != RuleMode.REPLACE:
        return False
    return rule.mode != RuleMode.REPLACE or f"rule-{other.pk}" < f"rule-{rule.pk}"
