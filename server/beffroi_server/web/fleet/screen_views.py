"""Pages of screens: the list, one screen with its state, its settings, and the commands to its player."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from beffroi_content.wire.reports import PlayerReport
from beffroi_server.alerts import queries as alerts
from beffroi_server.fleet import player_boxes, screen_scopes, screenshots, services, sound_trials
from beffroi_server.fleet.box_models import PlayerBox
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.outputs import ScreenOutput
from beffroi_server.fleet.slugs import free_slug
from beffroi_server.monitoring import clock_text, screen_overview, status_text
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.monitoring.screen_selection import filter_screens, overviews_in_scope
from beffroi_server.schedule import queries as schedule
from beffroi_server.web.access import UserRequest, for_technicians, for_users
from beffroi_server.web.fleet import sound_text
from beffroi_server.web.fleet.capture_views import capture_panel
from beffroi_server.web.fleet.forms import ScreenForm
from beffroi_server.web.fleet.hours_text import hours_lines
from beffroi_server.web.fleet.screen_cards import build_card, upcoming_changes
from beffroi_server.web.fleet.screen_choices import FIELDS, find_choices, search_name
from beffroi_server.web.form_scopes import limit_rows, screen_of
from beffroi_server.web.notifications.attention_views import screen_history, wrong_since
from beffroi_server.web.requests import paginate

SCREENS_PER_PAGE = 50
_CLASS_FIELDS = ("name", "width", "height")
"""What the name of a class is made of."""
CHANGES_SHOWN = 8


@for_users("GET")
def screen_list(request: UserRequest) -> HttpResponse:
    """List the screens with their states."""
    filters = {name: request.GET.get(name, "") for name in ("search", "group")}
    page = paginate(
        request, filter_screens(overviews_in_scope(timezone.now(), request.user), **filters), SCREENS_PER_PAGE
    )
    # Of a screen, its class is all that an overview does not have.
    narrow = Screen.objects.select_related("screen_class").only(*(f"screen_class__{name}" for name in _CLASS_FIELDS))
    listed = narrow.in_bulk([each.screen.pk for each in page])
    context = {
        "page": page,
        "rows": [
            (each, listed[each.screen.pk].screen_class, status_text.state_text(each.state, each.silent_since))
            for each in page
            if each.screen.pk in listed
        ],
        "groups": screen_scopes.listed_groups(request.user),
        **filters,
    }
    return render(request, "fleet/screens.html", context)


@for_users("POST")
def screen_choices(request: UserRequest) -> HttpResponse:
    """Return the boxes of a form's list of screens for the words of its search; what is ticked stays."""
    field = request.GET.get("field", FIELDS[0])
    if field not in FIELDS:
        raise Http404
    search = request.POST.get(search_name(field), "")
    found = find_choices(field, limit_rows(Screen.objects.all()), request.POST.getlist(field), search)
    return render(request, "fleet/screens_found.html", {"screens": found, "is_swapped": True})


@for_users("GET")
def screen_detail(request: UserRequest, slug: str) -> HttpResponse:
    """Show everything that is known about one screen."""
    found = screen_of(slug, Screen.objects.select_related("screen_class", "state").prefetch_related("groups"))
    if found.enrolled_at is not None:
        services.request_screenshots_of([found])
    return render(request, "fleet/screen.html", _detail_context(found, request))


@for_users("GET")
def screen_problems(request: UserRequest, slug: str) -> HttpResponse:
    """Return what a screen cannot show although a rule says so: its programme is compiled to find out."""
    found = screen_of(slug, Screen.objects.select_related("screen_class"))
    return render(request, "fleet/screen_problems.html", {"problems": schedule.programme_problems(found)})


@for_technicians("GET", "POST")
def screen_add(request: UserRequest) -> HttpResponse:
    """Add a screen, and go on to its player."""
    form = ScreenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = form.instance
        added.slug = free_slug(Screen, added.name)
        services.save_screen(added, user=request.user, groups=form.selected_rows("groups"))
        messages.success(request, _("%(name)s has been added. Next, its player.") % {"name": added.name})
        return redirect(f"{reverse('pair')}?{urlencode({'screen': added.slug})}")
    return render(request, "fleet/screen_form.html", {"form": form}, status=422 if form.errors else 200)


@for_technicians("GET", "POST")
def screen_edit(request: UserRequest, slug: str) -> HttpResponse:
    """Change the settings of a screen."""
    found = screen_of(slug)
    form = ScreenForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        services.save_screen(form.instance, user=request.user, groups=form.selected_rows("groups"))
        messages.success(request, _("%(name)s has been saved.") % {"name": form.instance.name})
        return redirect("screen", slug)
    # The form has changed the instance; the page is headed by the saved name.
    context = {"form": form, "screen": Screen.objects.get(pk=found.pk)}
    return render(request, "fleet/screen_form.html", context, status=422 if form.errors else 200)


@for_technicians("POST")
def screen_identify(request: UserRequest, slug: str) -> HttpResponse:
    """Let a screen show its name for some seconds."""
    found = screen_of(slug)
    services.identify_screen(found, user=request.user)
    messages.success(request, _("%(name)s shows its name for 20 seconds.") % {"name": found.name})
    return redirect("screen", slug)


@for_technicians("POST")
def screen_trial_sound(request: UserRequest, slug: str) -> HttpResponse:
    """Have a screen play a chime and say that it is a trial."""
    found = screen_of(slug)
    try:
        sound_trials.play_trial(found, user=request.user)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
    else:
        text = _("%(name)s plays a trial sound. This page says what became of it.")
        messages.success(request, text % {"name": found.name})
    return redirect("screen", slug)


@for_technicians("POST")
def screen_restart(request: UserRequest, slug: str) -> HttpResponse:
    """Restart the player of a screen."""
    found = screen_of(slug)
    services.restart_player(found, user=request.user)
    messages.success(request, _("The player of %(name)s is restarting.") % {"name": found.name})
    return redirect("screen", slug)


@for_technicians("POST")
def screen_box_choose(request: UserRequest, slug: str) -> HttpResponse:
    """Make one of two machines with the same identity the player of a screen."""
    found = screen_of(slug)
    try:
        player_boxes.choose_box(found, request.POST.get("box", ""), user=request.user)
    except PlayerBox.DoesNotExist as error:
        raise Http404 from error
    messages.success(
        request, _("The player of %(name)s is chosen; within a minute the other one shows that it is shut out.")
        % {"name": found.name}
    )  # fmt: skip
    return redirect("screen", slug)


@for_technicians("GET", "POST")
def screen_revoke(request: UserRequest, slug: str) -> HttpResponse:
    """Revoke the credentials of a player, after asking."""
    found = screen_of(slug)
    if request.method == "GET":
        return render(request, "fleet/revoke.html", {"screen": found})
    services.revoke_player(found, user=request.user)
    messages.success(request, _("The player of %(name)s has been revoked.") % {"name": found.name})
    return redirect("screen", slug)


def _machine_problems(report: PlayerReport | None, received_at: dt.datetime | None) -> list[str]:
    if report is None:
        return []
    found = status_text.problem_texts(report.health.problems) if report.health else []
    zone = clock_text.zone_sentence(report.zone, report.at_ms // 1000)
    found += [*clock_text.clock_sentences(report, received_at), zone, status_text.letters_problem(report.machine)]
    return [sentence for sentence in found if sentence]


def _detail_context(screen: Screen, request: HttpRequest) -> dict[str, Any]:
    at = timezone.now()
    contents = ExpectedContents([screen])
    overview = screen_overview.overview_screen(screen, at, contents)
    report = overview.report
    card = build_card(overview, at, contents, wrong_since=wrong_since([screen]).get(screen.pk))
    return {
        "screen": screen,
        "overview": overview,
        "state": card.state,
        "reasons": [status_text.REASON_TEXTS[code] for code in overview.reasons],
        "health_problems": _machine_problems(report, overview.seen_at),
        "card": card,
        "active_alerts": contents.active_alerts(at),
        **screen_history(screen, at),
        "screenshot": screenshots.newest_screenshot(screen),
        # Scripts load them afterwards.
        "problems": schedule.programme_problems(screen) if "problems" in request.GET else None,
        "upcoming": upcoming_changes(screen, at, CHANGES_SHOWN, contents),
        "report": report,
        "health": status_text.health_lines(report),
        "capture": capture_panel(screen, request),
        "is_off": screen.is_switched_off(at),
        "hours": list(hours_lines(screen, timezone.localdate(at))),
        "sound": list(sound_text.sound_lines(screen)),
        "last_sound": _last_sound(report),
        "output": ScreenOutput.parse(screen.output),
        "boxes": _boxes(screen, at),
    }


def _last_sound(report: PlayerReport | None) -> tuple[str, str]:
    alert = report.sound.alert if report is not None and report.sound is not None else None
    return sound_text.last_sound(report, alerts.alert_titles([alert]) if alert is not None else {})


def _boxes(screen: Screen, at: dt.datetime) -> list[dict[str, Any]]:
    """Return the machines that have the identity of a screen, where there is more than one."""
    found = list(PlayerBox.objects.filter(screen=screen))
    keeper = player_boxes.keeper_of(found, at)
    return (
        [{"row": each, "is_player": each == keeper, "is_there": player_boxes.is_there(each, at)} for each in found]
        if len(found) > 1
        else []
    )
