"""The list of schedule rules: search, filters and sorting, each rule as one sentence with its status."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.timeline.calendar import LocalCalendar
from beffroi_server.core.folded_text import fold_text
from beffroi_server.core.named_relations import read_names
from beffroi_server.fleet import screen_scopes
from beffroi_server.schedule import day_calendars, rule_status, rule_summary
from beffroi_server.schedule.models import Playlist, ScheduleRule
from beffroi_server.web.access import UserRequest, current_town, for_editors, is_htmx
from beffroi_server.web.list_filters import ListState, read_list
from beffroi_server.web.requests import paginate

RULES_PER_PAGE = 50


@dataclass(frozen=True)
class RuleRow:
    """A rule as the list shows it."""

    rule: ScheduleRule
    sentence: str
    outlook: rule_status.RuleStatus
    is_on: bool | None
    """Whether a screen shows it now; None until that was asked of the timeline, which takes a while."""


@for_editors("GET")
def rule_list(request: UserRequest) -> HttpResponse:
    """List every rule as one sentence. Which of them screens show now, the page asks for once it is there."""
    now = timezone.now()
    town = current_town()
    almanac = day_calendars.town_almanac(ZoneInfo(town.time_zone), town)
    within = screen_scopes.rows_in_scope(ScheduleRule.objects.all(), request.user)
    rules = list(within.select_related("playlist"))
    state = _read_state(request, rules)
    is_asked = "shown" in request.GET
    if is_asked or state.words or state.value_of("status"):
        _read_related(rules)
    shown = rule_status.rules_on_screen(rules, now, almanac) if is_asked else set()
    page = paginate(request, list(_found(rules, state, now, almanac)), RULES_PER_PAGE)
    _read_related(list(page))
    rows = [
        RuleRow(
            each,
            rule_summary.saved_rule_sentence(each),
            rule_status.rule_status(each, now, almanac),
            each.pk in shown if is_asked else None,
        )
        for each in page
    ]
    context = {
        "page": page,
        "rows": rows,
        "state": state,
        "is_asked": is_asked,
        "has_playlists": bool(rules) or Playlist.objects.exists(),
    }
    template = "schedule/rule_rows.html" if is_htmx(request) else "schedule/rules.html"
    return render(request, template, context)


def _read_related(rules: list[ScheduleRule]) -> None:
    """Read where and on which days rules are for: of all where a search or a timeline asks, otherwise of a page."""
    read_names((rules, "screens"), (rules, "groups"))
    prefetch_related_objects(rules, "only_on", "never_on")


def _read_state(request: UserRequest, rules: Iterable[ScheduleRule]) -> ListState:
    playlists = {str(rule.playlist_id): rule.playlist.name for rule in rules}
    filters = (
        ("status", _("Status"), [("now", _("applies now")), ("later", _("later")), ("over", _("never again"))]),
        ("playlist", _("Playlist"), sorted(playlists.items(), key=lambda choice: fold_text(choice[1]))),
    )
    return read_list(request, filters, [("priority", _("priority")), ("name", _("name"))])


def _found(
    rules: Iterable[ScheduleRule], state: ListState, now: dt.datetime, almanac: LocalCalendar
) -> Iterable[ScheduleRule]:
    status, playlist = state.value_of("status"), state.value_of("playlist")
    found = [
        rule
        for rule in rules
        if (not playlist or str(rule.playlist_id) == playlist)
        and all(word in _searched_text(rule) for word in state.words)
        and (not status or _status_code(rule, now, almanac) == status)
    ]
    return sorted(found, key=lambda rule: fold_text(rule.name)) if state.sort == "name" else found


def _searched_text(rule: ScheduleRule) -> str:
    places: Iterable[Any] = [*rule.screens.all(), *rule.groups.all()]
    return fold_text(" ".join((rule.name, rule.playlist.name, *(place.name for place in places))))


def _status_code(rule: ScheduleRule, now: dt.datetime, almanac: LocalCalendar) -> str:
    outlook = rule_status.rule_status(rule, now, almanac)
    if outlook.applies:
        return "now"
    return "over" if outlook.is_over else "later"
