"""Pages on alerts after a restoration: which of them are still in progress."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.alerts import queries, reported_showings, restoration
from beffroi_server.alerts.models import Alert
from beffroi_server.web.access import UserRequest, for_officers, for_users


@for_users("GET")
def restoration_page(request: UserRequest) -> HttpResponse:
    """Show what the screens know and this database does not."""
    now = timezone.now()
    context = {
        "restoration": restoration.open_restoration(),
        "held_back": queries.held_back_alerts(),
        "unknown": list(reported_showings.unknown_alerts(now).items()),
        "found": [alert for alert in queries.active_alerts(now) if alert.found_at is not None],
    }
    return render(request, "alerts/restoration.html", context)


@for_officers("POST")
def alert_restart(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an alert again that was held back."""
    restoration.restart_alert(get_object_or_404(Alert, pk=pk), user=request.user)
    return redirect("alert-restoration")


@for_officers("POST")
def alert_drop(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Close an alert that was held back."""
    restoration.drop_alert(get_object_or_404(Alert, pk=pk), user=request.user)
    return redirect("alert-restoration")


@for_officers("POST")
def alert_take_off(request: UserRequest) -> HttpResponse:
    """Take an alert off the screens that this database does not know."""
    count = reported_showings.end_unknown_alert(request.POST.get("alert", "")[:63], user=request.user)
    text = ngettext(
        "The alert is being taken off %(count)d screen.", "The alert is being taken off %(count)d screens.", count
    )
    messages.success(request, text % {"count": count})
    return redirect("alert-restoration")


@for_officers("POST")
def restoration_close(request: UserRequest) -> HttpResponse:
    """Close the notice: somebody has looked."""
    if not restoration.close_restoration(user=request.user):
        messages.warning(request, _("Say first of each alert whether it is still in progress."))
        return redirect("alert-restoration")
    messages.success(request, _("The notice is closed."))
    return redirect("now")
