"""Page of the outlets: the public page is switched on or off, and webhooks are added, tried and deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from beffroi_server.core import webhooks
from beffroi_server.library.models import PublicSettings
from beffroi_server.outlets import cap_messages, sending, subscriptions
from beffroi_server.outlets.models import CapOutput, WebhookEvent, WebhookSubscription
from beffroi_server.web.access import UserRequest, current_town, for_administrators
from beffroi_server.web.forms import StyledForm, StyledModelForm


class PublicSettingsForm(StyledModelForm):
    """Form of what the public may read."""

    class Meta:
        model = PublicSettings
        fields = ("is_on", "past_days", "introduction", "framed_by")
        widgets = {"introduction": forms.Textarea(attrs={"rows": 3}), "framed_by": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "framed_by": gettext_lazy("One a line, for example https://www.example.org. Empty: none."),
            "past_days": gettext_lazy("0: they leave the page when they leave the screens."),
        }


class CapOutputForm(StyledModelForm):
    """Form of whether and how alerts are given out as CAP."""

    class Meta:
        model = CapOutput
        fields = ("is_on", "contact", "radius_km")
        help_texts = {
            "radius_km": gettext_lazy("Around the place of the town. 0: no circle."),
            "contact": gettext_lazy("Number or address for questions about an alert."),
        }


class WebhookForm(StyledForm):
    """Form of a new webhook."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    address = forms.CharField(
        label=gettext_lazy("Address"), max_length=webhooks.ADDRESS_LENGTH,
        help_text=gettext_lazy("It starts with https://."),
    )  # fmt: skip
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it when"), choices=WebhookEvent.choices, widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one event.")},
    )  # fmt: skip


@for_administrators("GET", "POST")
def outlet_page(request: UserRequest) -> HttpResponse:
    """Show the webhooks and the public page; POST saves what the public may read."""
    chosen = subscriptions.saved_settings(current_town())
    form = PublicSettingsForm(request.POST if request.method == "POST" else None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            subscriptions.save_public_settings(form.instance, user=request.user)
        except ValidationError as refused:
            form.add_error(None, refused)
        else:
            messages.success(request, _("The public page has been saved."))
            return redirect("outlets")
    return _render_page(request, form, WebhookForm(), status=422 if form.errors else 200)


@for_administrators("POST")
def cap_settings(request: UserRequest) -> HttpResponse:
    """Save whether and how alerts are given out as CAP."""
    form = CapOutputForm(request.POST, instance=cap_messages.saved_output())
    if form.is_valid():
        cap_messages.save_output(form.instance, user=request.user)
        messages.success(request, _("The publication of alerts has been saved."))
        return redirect("outlets")
    public = PublicSettingsForm(instance=subscriptions.saved_settings(current_town()))
    return _render_page(request, public, WebhookForm(), cap=form, status=422)


@never_cache
@for_administrators("POST")
def webhook_add(request: UserRequest) -> HttpResponse:
    """Add a webhook, and show its secret, once."""
    form = WebhookForm(request.POST)
    public = PublicSettingsForm(instance=subscriptions.saved_settings(current_town()))
    if form.is_valid():
        try:
            added = subscriptions.save_subscription(WebhookSubscription(**form.cleaned_data), user=request.user)
        except ValidationError as refused:
            form.add_error(None, refused.messages)
        else:
            return _render_page(request, public, WebhookForm(), added=added)
    return _render_page(request, public, form, status=422)


@for_administrators("POST")
def webhook_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a webhook."""
    found = get_object_or_404(WebhookSubscription, pk=pk)
    subscriptions.delete_subscription(found, user=request.user)
    messages.success(request, _("“%(name)s” has been deleted.") % {"name": found.name})
    return redirect("outlets")


@for_administrators("POST")
def webhook_trial(request: UserRequest, pk: int) -> HttpResponse:
    """Send a trial message to a webhook in the next seconds."""
    found = get_object_or_404(WebhookSubscription, pk=pk)
    sending.queue_trial(found)
    messages.success(request, _("A trial message is being sent to “%(name)s”.") % {"name": found.name})
    return redirect("outlets")


def _render_page(
    request: UserRequest, public: PublicSettingsForm, form: WebhookForm, *,
    added: WebhookSubscription | None = None, cap: CapOutputForm | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    labels = dict(WebhookEvent.choices)
    context: dict[str, Any] = {
        "public": public,
        "form": form,
        "added": added,
        "cap": cap or CapOutputForm(instance=cap_messages.saved_output()),
        "is_cap_on": cap_messages.cap_output() is not None,
        "is_on": subscriptions.public_settings() is not None,
        "rows": [
            (each, [labels[name] for name in each.events if name in labels])
            for each in WebhookSubscription.objects.all()
        ],
    }
    return render(request, "outlets/outlets.html", context, status=status)
