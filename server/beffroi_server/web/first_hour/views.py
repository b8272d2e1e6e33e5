"""Acts of the first hour: hide its list, take over the starter set, end the try-out."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts import services
from beffroi_server.alerts.starter_set import add_starter_set
from beffroi_server.web.access import UserRequest, current_town, for_administrators, for_officers


@for_administrators("POST")
def first_hour_hide(request: UserRequest) -> HttpResponse:
    """Hide the list of first steps for good."""
    town = current_town()
    town.first_steps_hidden_at = timezone.now()
    services.update_setting(town, "first_steps_hidden_at", user=request.user)
    return redirect("now")


@for_officers("POST")
def starter_set_add(request: UserRequest) -> HttpResponse:
    """Take over the starter set, in the language of the screens."""
    added = add_starter_set(current_town(), user=request.user)
    if added:
        sentence = ngettext("%(count)d draft has been added.", "%(count)d drafts have been added.", added)
        messages.success(request, sentence % {"count": added} + " " + _("Read each one through, complete it and save."))
    else:
        messages.info(request, _("The whole starter set is there already."))
    return redirect("scenarios")


@for_administrators("POST")
def try_out_end(request: UserRequest) -> HttpResponse:
    """End the try-out: from now on, everything is meant."""
    town = current_town()
    town.is_try_out = False
    services.update_setting(town, "is_try_out", user=request.user)
    messages.success(request, _("The try-out is over. From now on, alerts are actual unless you choose otherwise."))
    return redirect("now")
