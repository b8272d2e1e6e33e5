"""Page of the contacts of a screen, such as keyed switches, that show a scenario without the server."""

from __future__ import annotations

import shlex
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_server.alerts import local_scenarios
from beffroi_server.alerts.trigger_models import TriggerContact
from beffroi_server.fleet.models import Screen
from beffroi_server.web.access import UserRequest, for_technicians
from beffroi_server.web.form_scopes import screen_of
from beffroi_server.web.forms import RelatedModelForm


class ContactForm(RelatedModelForm):
    """Form of one contact."""

    class Meta:
        model = TriggerContact
        fields: ClassVar = ["number", "scenario", "line", "lasts", "is_active_low", "hold_ms", "chip"]

    def __init__(self, *args: Any, screen: Screen, **kwargs: Any) -> None:
        super().__init__(*args, instance=TriggerContact(screen=screen), **kwargs)
        field = self.fields["scenario"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = local_scenarios.scenarios_at(screen)
        field.empty_label = _("Choose a scenario")


@for_technicians("GET", "POST")
def screen_contacts(request: UserRequest, slug: str) -> HttpResponse:
    """List the contacts of a screen, and add one."""
    found = screen_of(slug)
    form = ContactForm(request.POST if request.method == "POST" else None, screen=found)
    if request.method == "POST" and form.is_valid():
        try:
            local_scenarios.save_contact(form.instance, user=request.user)
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(request, _("Contact %(number)d is set.") % {"number": form.instance.number})
            return redirect("screen-contacts", slug)
    context = {
        "form": form, "screen": found, "contacts": found.contacts.select_related("scenario"),
        "commands": [_command_of(each.name) for each in local_scenarios.scenarios_at(found)],
    }  # fmt: skip
    return render(request, "fleet/contacts.html", context, status=422 if form.errors else 200)


def _command_of(name: str) -> str:
    """Return the command for a scenario as it can be typed: French names have blanks that no keyboard has."""
    return f"sudo beffroi-player trigger {shlex.quote(' '.join(name.split()))}"


@for_technicians("POST")
def contact_remove(request: UserRequest, slug: str, pk: int) -> HttpResponse:
    """Remove a contact."""
    found = get_object_or_404(TriggerContact, pk=pk, screen=screen_of(slug))
    local_scenarios.delete_contact(found, user=request.user)
    return redirect("screen-contacts", slug)
