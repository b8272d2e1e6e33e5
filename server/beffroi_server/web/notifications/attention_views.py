"""What needs attention: the list on the home page, its own page with the history, and the pulse of open pages."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts.models import User
from beffroi_server.core.read_once import read_once
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen
from beffroi_server.notifications import incident_texts, incidents, outage_history
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.schedule.proposals import proposals_to_decide
from beffroi_server.web.access import UserRequest, current_town, for_users, is_htmx
from beffroi_server.web.notifications import server_views
from beffroi_server.web.requests import paginate

LISTED = 4
"""Incidents on the home page at most; the page of its own has them all."""
HISTORY_PER_PAGE = 40
SCREENS_PER_PAGE = 50
OUTAGES_SHOWN = 15


@for_users("GET")
def pulse(request: UserRequest) -> HttpResponse:
    """Tell an open page that the server is there, and how many things need attention and approval."""
    counts = {
        "problems": incidents.open_incidents(request.user).count(),
        "proposals": proposals_to_decide(request.user).count() if request.user.may_edit else 0,
    }
    response = JsonResponse(counts)
    response["Cache-Control"] = "no-store"
    return response


@for_users("GET")
def attention_list(request: UserRequest) -> HttpResponse:
    """Return the list of the home page again, or 204 where it has not changed."""
    context = attention_context(request)
    if request.GET.get("known") == context["attention_mark"]:
        return HttpResponse(status=204)
    return render(request, "notifications/attention_live.html", context)


@for_users("GET")
def attention_page(request: UserRequest) -> HttpResponse:
    """Show all that needs attention, the outages of the past, and the availability of screens."""
    now = timezone.now()
    visible = incidents.visible_incidents(request.user).select_related("screen", "acknowledged_by")
    over = paginate(request, visible.exclude(ended_at=None, right_since=None), HISTORY_PER_PAGE)
    screens = screen_scopes.screens_in_scope(request.user).filter(enrolled_at__isnull=False)
    available = outage_history.availability_of(screens[:SCREENS_PER_PAGE], now)
    context = {
        **attention_context(request, limit=None),
        "page": over,
        "history": history_rows(over.object_list, now),
        "available": sorted(available, key=lambda each: (each.percents[-1] is None, each.percents[-1] or 0.0)),
        "more_screens": max(0, screens.count() - SCREENS_PER_PAGE),
        "months": current_town().outages_months,
        **server_views.server_context(request.user),
    }
    return render(request, "notifications/attention.html", context)


@for_users("POST")
def acknowledge(request: UserRequest, pk: int) -> HttpResponse:
    """Note that the user takes care of something."""
    found = get_object_or_404(incidents.visible_incidents(request.user), pk=pk)
    done = incidents.acknowledge(found, user=request.user)
    if is_htmx(request):
        return render(request, "notifications/attention_live.html", attention_context(request))
    if done:
        messages.success(request, _("Colleagues can see that you are taking care of it."))
    else:
        messages.info(request, _("Somebody is already taking care of it, or it is over."))
    return redirect("attention")


@for_users("POST")
def acknowledge_all(request: UserRequest) -> HttpResponse:
    """Note that the user takes care of everything that nobody takes care of."""
    count = incidents.acknowledge_all(user=request.user)
    if count:
        text = ngettext("You are taking care of %(count)d thing.", "You are taking care of %(count)d things.", count)
        messages.success(request, text % {"count": count})
    else:
        messages.info(request, _("Somebody is already taking care of it, or it is over."))
    return redirect("attention")


def attention_context(request: HttpRequest, limit: int | None = LISTED) -> dict[str, Any]:
    """Return what the list of what needs attention shows, with a mark that changes with it."""
    user = request.user
    assert isinstance(user, User)
    found = _open_incidents(user)
    group = incident_texts.silent_group(found)
    grouped = {each.pk for each in group}
    rows = [incident_row(each, user) for each in found if each.pk not in grouped]
    context: dict[str, Any] = {
        "attention_rows": rows[:limit],
        "attention_more": max(0, len(rows) - limit) if limit is not None else 0,
        "attention_group": incident_texts.group_sentence(group) if group else "",
        "attention_group_rows": [incident_row(each, user) for each in group],
        "attention_count": len(found),
        "attention_untaken": sum(each.acknowledged_at is None for each in found),
    }
    rendered = render_to_string("notifications/attention_items.html", context, request)
    # The token against forged requests is another each time.
    text = "".join(line for line in rendered.splitlines() if "csrfmiddlewaretoken" not in line)
    return {**context, "attention_mark": hashlib.sha256(text.encode()).hexdigest()[:16]}


def incident_row(incident: Incident, user: User) -> dict[str, Any]:
    """Return an incident as lists show it."""
    return {
        "incident": incident,
        "sentence": incident_texts.incident_sentence(incident),
        "step": incident_texts.next_step(incident, user),
        "path": incident_texts.incident_path(incident, user),
        "person": incident_texts.person_name(incident.acknowledged_by) if incident.acknowledged_at else "",
    }


def history_rows(found: Any, now: dt.datetime) -> list[dict[str, Any]]:
    """Return incidents as a history shows them: what, from, until, how long, who took care."""
    return [
        {
            "incident": each,
            "title": incident_texts.incident_title(each),
            "reason": incident_texts.reason_text(each),
            "span": incident_texts.span_text(each),
            "seconds": round(each.lasted(now).total_seconds()),
            "person": incident_texts.person_name(each.acknowledged_by) if each.acknowledged_at else "",
        }
        for each in found
    ]


def screen_history(screen: Screen, now: dt.datetime) -> dict[str, Any]:
    """Return the history of one screen for its page: the newest incidents, and its availability."""
    return {
        "outages": history_rows(outage_history.outages_of(screen, OUTAGES_SHOWN), now),
        "availability": outage_history.availability_of([screen], now)[0],
    }


def wrong_since(screens: Iterable[Screen], user: User | None = None) -> dict[int, dt.datetime]:
    """Return since when screens need attention, by their keys; those that do not are left out.

    Args:
        screens: The screens.
        user: Whose ``attention_context`` stands on the same page, so that what is open is read once.
    """
    keys = [screen.pk for screen in screens]
    if user is not None:
        wrong = [each for each in _open_incidents(user) if each.occasion == Occasion.SCREEN_WRONG]
        return {each.screen_id: each.began_at for each in wrong if each.screen_id in keys}
    found = incidents.open_incidents(None).filter(occasion=Occasion.SCREEN_WRONG, screen__in=keys)
    return {key: at for key, at in found.values_list("screen", "began_at") if key is not None}


@read_once
def _open_incidents(user: User) -> list[Incident]:
    """Return what needs a user's attention, the newest first, with its screens."""
    return list(incidents.open_incidents(user).select_related("screen", "acknowledged_by"))
