"""The page that enrols a player for a screen: a command with a one-time code, and the state of the enrolment."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.fleet import services
from beffroi_server.fleet.models import Screen
from beffroi_server.web.access import UserRequest, for_technicians, is_htmx
from beffroi_server.web.form_scopes import screen_of


@never_cache
@for_technicians("GET", "POST")
def screen_enrolment(request: UserRequest, slug: str) -> HttpResponse:
    """Show the state of the enrolment; POST makes a new code, which is shown once.

    An open page asks with the stage that it shows, and gets 204 until that has changed.
    """
    found = screen_of(slug, Screen.objects.select_related("state"))
    command = _new_command(request, found) if request.method == "POST" else {}
    context = {"screen": found, **command, **_enrolment_state(found)}
    if is_htmx(request):
        if request.GET.get("stage") == context["stage"]:
            return HttpResponse(status=204)
        return render(request, "fleet/enrolment_state.html", context)
    return render(request, "fleet/enrolment.html", context)


def _new_command(request: UserRequest, screen: Screen) -> dict[str, Any]:
    try:
        code, command = services.open_enrolment(screen, user=request.user)
    except KeysMissing as error:
        messages.error(request, str(error))
        return {}
    return {"code": code, "command": command}


def _enrolment_state(screen: Screen) -> dict[str, Any]:
    now = timezone.now()
    is_open = bool(screen.enrolment_code_sha256) and (screen.enrolment_expires_at or now) > now
    is_online = getattr(screen, "state", None) is not None and screen.state.online
    # The page knows its stage and asks for the next one: enrolled, online, code still open.
    stage = f"{bool(screen.enrolled_at)}-{is_online}-{is_open}"
    return {"open": is_open, "online": is_online, "stage": stage}
