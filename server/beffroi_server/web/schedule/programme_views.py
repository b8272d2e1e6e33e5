"""Page of the calendar: the slides of any screen or group on any day or week, and why they are on."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from beffroi_server.alerts import planned_alerts
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.monitoring.programme_calendar import programme_calendar
from beffroi_server.monitoring.screen_week import ScreenWeek, week_of
from beffroi_server.schedule.manifest_compiler import CompileError
from beffroi_server.web.access import UserRequest, current_town, for_users
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.requests import parse_number
from beffroi_server.web.select_options import select_options

VIEWS = {"day": 1, "week": 7}
MOST_YEARS = 2
"""Years before and after today that can be looked at."""


@for_users("GET")
def programme(request: UserRequest) -> HttpResponse:
    """Show what a screen, the screens of a group or all screens show on a day or in a week."""
    screens = list(limit_rows(Screen.objects.all()).values_list("slug", "name"))
    groups = list(limit_rows(ScreenGroup.objects.all()))
    places, chosen = _chosen_places(request, screens, groups)
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "day"
    date = _chosen_date(request.GET.get("date", ""))
    first = date - dt.timedelta(days=date.weekday()) if view == "week" else date
    step = dt.timedelta(days=VIEWS[view])
    slug = chosen.removeprefix("s-") if chosen.startswith("s-") else ""
    context = {
        "screen_options": select_options([(f"s-{slug}", name) for slug, name in screens], chosen),
        "group_options": select_options([(f"g-{group.pk}", group.name) for group in groups], chosen),
        "chosen": chosen,
        "view": view,
        "date": date,
        "first": first,
        "last": first + step - dt.timedelta(days=1),
        "before": first - step,
        "after": first + step,
        "today": timezone.localdate(),
        "calendar": programme_calendar(places, first, VIEWS[view]),
        "planned": planned_alerts.occurrences_between(_midnight(first), _midnight(first + step), places, _zone()),
        "slug": slug,
        "week": _week_of(slug) if view == "week" else None,
    }
    return render(request, "schedule/programme.html", context)


def _zone() -> ZoneInfo:
    return ZoneInfo(current_town().time_zone)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), _zone())


def _week_of(slug: str) -> ScreenWeek | None:
    """Return the shares of the coming week of a screen; None for several screens, or without a programme."""
    screen = Screen.objects.select_related("screen_class").filter(slug=slug).first() if slug else None
    try:
        return week_of(screen, timezone.now()) if screen else None
    except CompileError:
        return None


def _chosen_places(
    request: UserRequest, screens: list[tuple[str, str]], groups: list[ScreenGroup]
) -> tuple[Targets, str]:
    """Return the screens that are asked for, with their name in the address: ``s-hall``, ``g-3`` or ``all``."""
    asked = request.GET.get("of", "")
    slugs = [slug for slug, _name in screens]
    if asked.removeprefix("s-") in slugs and asked.startswith("s-"):
        return Targets(screens=tuple(Screen.objects.filter(slug=asked.removeprefix("s-")))), asked
    for group in groups:
        if asked.startswith("g-") and parse_number(asked[2:]) == group.pk:
            return Targets(groups=(group,)), f"g-{group.pk}"
    if asked != "all" and len(slugs) == 1:
        return Targets(screens=tuple(limit_rows(Screen.objects.all())[:1])), f"s-{slugs[0]}"
    is_limited = screen_scopes.scope_group_keys(request.user) is not None
    return Targets(groups=tuple(groups)) if is_limited else EVERYWHERE, "all"


def _chosen_date(text: str) -> dt.date:
    """Return a date from an address: today for what is none, and none that is years away."""
    today = timezone.localdate()
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return today
    return found if abs((found - today).days) <= 366 * MOST_YEARS else today
