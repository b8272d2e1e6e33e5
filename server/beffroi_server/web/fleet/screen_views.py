"""Screens: what they are, how they are doing, and what can be done with them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.fleet import services
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.monitoring import expected_frames as expected
from beffroi_server.monitoring import screen_overview, status_text
from beffroi_server.schedule import queries as programme
from beffroi_server.schedule.manifest_compiler import CompileError
from beffroi_server.web import wording
from beffroi_server.web.access import UserRequest, for_technicians, for_users, is_htmx
from beffroi_server.web.fleet import overview_views
from beffroi_server.web.fleet.forms import ScreenForm, free_slug

SCREENS_PER_PAGE = 50
CHANGES_SHOWN = 8


@for_users("GET")
def screen_list(request: UserRequest) -> HttpResponse:
    """List the screens with how they are doing."""
    search, group = request.GET.get("search", ""), request.GET.get("group", "")
    known = [
        one
        for one in screen_overview.overview_all(timezone.now())
        if search.casefold() in f"{one.screen.name} {one.screen.place}".casefold()
        and (not group or group in {each.slug for each in one.screen.groups.all()})
    ]
    page = Paginator(known, SCREENS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(one, status_text.state_text(one.state)) for one in page],
        "groups": ScreenGroup.objects.all(),
        "search": search,
        "group": group,
    }
    return render(request, "fleet/screens.html", context)


@for_users("GET")
def screen_detail(request: UserRequest, slug: str) -> HttpResponse:
    """Show all about one screen."""
    found = get_object_or_404(Screen.objects.select_related("screen_class", "state"), slug=slug)
    at = timezone.now()
    known = screen_overview.overview_screen(found, at)
    if found.enrolled_at is not None:
        services.request_screenshots(found)
    context = {
        "screen": found,
        "known": known,
        "state": status_text.state_text(known.state),
        "reasons": [status_text.REASON_TEXTS[code] for code in known.reasons],
        "ailments": status_text.problem_texts(known.report.health.problems)
        if known.report and known.report.health
        else [],
        "card": overview_views.build_card(known, at),
        "shot": screen_overview.newest_screenshot(found),
        "problems": programme.programme_problems(found),
        "upcoming": _upcoming_changes(found),
        "report": known.report,
        "health": status_text.health_lines(known.report),
        "capture": overview_views.capture_panel(found, request),
    }
    return render(request, "fleet/screen.html", context)


@for_technicians("GET", "POST")
def screen_add(request: UserRequest) -> HttpResponse:
    """Add a screen, and go on to its enrolment."""
    form = ScreenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        added = form.instance
        added.slug = free_slug(Screen, added.name)
        services.save_screen(added, user=request.user, groups=form.selected_rows("groups"))
        messages.success(request, _("%(name)s is added. Now its player.") % {"name": added.name})
        return redirect("screen-enrolment", added.slug)
    return render(request, "fleet/screen_form.html", {"form": form}, status=422 if form.errors else 200)


@for_technicians("GET", "POST")
def screen_edit(request: UserRequest, slug: str) -> HttpResponse:
    """Change a screen."""
    found = get_object_or_404(Screen, slug=slug)
    form = ScreenForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        services.save_screen(form.instance, user=request.user, groups=form.selected_rows("groups"))
        messages.success(request, _("%(name)s is saved.") % {"name": form.instance.name})
        return redirect("screen", slug)
    context = {"form": form, "screen": Screen.objects.get(pk=found.pk)}
    return render(request, "fleet/screen_form.html", context, status=422 if form.errors else 200)


@never_cache
@for_technicians("GET", "POST")
def screen_enrolment(request: UserRequest, slug: str) -> HttpResponse:
    """Show how the player gets in; POST makes a new code, which is shown once."""
    found = get_object_or_404(Screen.objects.select_related("state"), slug=slug)
    context: dict[str, Any] = {"screen": found}
    if request.method == "POST":
        try:
            context["code"], context["command"] = services.open_enrolment(found, user=request.user)
        except KeysMissing as error:
            messages.error(request, str(error))
    context["open"] = (
        bool(found.enrolment_code_sha256) and (found.enrolment_expires_at or timezone.now()) > timezone.now()
    )
    context["online"] = getattr(found, "state", None) is not None and found.state.online
    stage = f"{bool(found.enrolled_at)}-{context['online']}-{context['open']}"
    if is_htmx(request):
        if request.GET.get("stage") == stage:
            return HttpResponse(status=204)
        return render(request, "fleet/enrolment_state.html", context | {"stage": stage})
    return render(request, "fleet/enrolment.html", context | {"stage": stage})


@for_technicians("POST")
def screen_capture(request: UserRequest, slug: str) -> HttpResponse:
    """Ask for an exact picture of the glass, and wait for it on the page of the screen."""
    found = get_object_or_404(Screen, slug=slug)
    services.request_capture(found, user=request.user)
    return redirect(overview_views.capture_waiting_address(found))


@for_technicians("POST")
def screen_identify(request: UserRequest, slug: str) -> HttpResponse:
    """Let the screen show its name."""
    found = get_object_or_404(Screen, slug=slug)
    services.identify_screen(found, user=request.user)
    messages.success(request, _("%(name)s shows its name for 20 seconds.") % {"name": found.name})
    return redirect("screen", slug)


@for_technicians("POST")
def screen_restart(request: UserRequest, slug: str) -> HttpResponse:
    """Restart the player."""
    found = get_object_or_404(Screen, slug=slug)
    services.restart_player(found, user=request.user)
    messages.success(request, _("The player of %(name)s restarts.") % {"name": found.name})
    return redirect("screen", slug)


@for_technicians("GET", "POST")
def screen_revoke(request: UserRequest, slug: str) -> HttpResponse:
    """Take from a player its way in, after asking."""
    found = get_object_or_404(Screen, slug=slug)
    if request.method == "GET":
        return render(request, "fleet/revoke.html", {"screen": found})
    services.revoke_player(found, user=request.user)
    messages.success(request, _("The player of %(name)s has no way in any more.") % {"name": found.name})
    return redirect("screen", slug)


def _upcoming_changes(found: Screen) -> list[dict[str, Any]]:
    try:
        manifest = expected.current_manifest(found)
        scenes = expected.upcoming_scenes(found, timezone.now(), CHANGES_SHOWN)
    except CompileError:
        return []
    return [
        {
            "at": wording.from_milliseconds(begins),
            "what": status_text.scene_names(scene),
            "why": status_text.scene_reason(scene, manifest),
        }
        for begins, scene in scenes
    ]
