"""Pages of the hours of a screen, and the buttons that switch its display off and on."""

from __future__ import annotations

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.core import formatting
from beffroi_server.fleet import services
from beffroi_server.web.access import UserRequest, for_switchers, for_technicians
from beffroi_server.web.fleet.hours_forms import hours_form
from beffroi_server.web.form_scopes import screen_of

MORNING = dt.time(6)
HOURS_OFFERED = ("1", "4")
"""Hours for which a display may be switched off; besides those until the next morning, and for a week."""


@for_technicians("GET", "POST")
def screen_hours(request: UserRequest, slug: str) -> HttpResponse:
    """Set the hours of a screen."""
    found = screen_of(slug)
    form = hours_form(request.POST if request.method == "POST" else None, found)
    if request.method == "POST" and form.is_valid():
        for name, value in form.stored_values().items():
            setattr(found, name, value)
        services.save_screen(found, user=request.user)
        messages.success(request, _("The hours of %(name)s have been saved.") % {"name": found.name})
        return redirect("screen-hours" if "more" in request.POST else "screen", slug)
    context = {"form": form, "screen": found}
    return render(request, "fleet/hours.html", context, status=422 if form.errors else 200)


@for_switchers("POST")
def screen_off(request: UserRequest, slug: str) -> HttpResponse:
    """Switch the display of a screen off for a time."""
    found = screen_of(slug)
    until = _end_of(request.POST.get("duration", ""))
    services.switch_off(found, until, user=request.user)
    values = {"name": found.name, "until": formatting.moment_until(until)}
    messages.success(request, _("%(name)s is switched off %(until)s. Emergencies are still shown.") % values)
    return redirect("screen", slug)


@for_switchers("POST")
def screen_on(request: UserRequest, slug: str) -> HttpResponse:
    """Let the display of a screen follow its hours again."""
    found = screen_of(slug)
    services.switch_on(found, user=request.user)
    messages.success(request, _("%(name)s follows its hours again.") % {"name": found.name})
    return redirect("screen", slug)


def _end_of(duration: str) -> dt.datetime:
    """Return until when a choice of the page switches a display off; the next morning where it is none."""
    now = timezone.localtime()
    if duration in HOURS_OFFERED:
        return now + dt.timedelta(hours=int(duration))
    if duration == "week":
        return now + dt.timedelta(days=7)
    day = now.date() if now.time() < MORNING else now.date() + dt.timedelta(days=1)
    return dt.datetime.combine(day, MORNING, now.tzinfo)
