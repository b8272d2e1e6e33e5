"""Page of the channels, for administrators: add, try, switch off, delete; and the outcomes beside an alert."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.alerts.models import LEVEL_CHOICES, Alert
from beffroi_server.channels import browser_subscribers, channel_services, service_addresses, subscribers
from beffroi_server.channels.models import (
    BrowserSubscriber,
    Channel,
    ChannelAct,
    ChannelKind,
    ChannelMessage,
    Subscriber,
    SubscriptionSettings,
)
from beffroi_server.core import mail
from beffroi_server.core.csv_rows import csv_lines
from beffroi_server.web.access import UserRequest, current_town, for_administrators, for_users
from beffroi_server.web.channels import told_channels
from beffroi_server.web.forms import StyledForm, StyledModelForm


class ChannelForm(StyledForm):
    """Form of a new channel."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    kind = forms.ChoiceField(
        label=gettext_lazy("Sends to"), widget=forms.RadioSelect,
        choices=[(kind.value, kind.label) for kind in (ChannelKind.SERVICE, ChannelKind.MAIL)],
    )  # fmt: skip
    secret = forms.CharField(
        label=gettext_lazy("Address of the service"), max_length=1_000, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "As appriseit.com writes it, such as octopush://login/key/+33612345678 or "
            "mastodons://token@mastodon.social. It holds the password of the service and is not shown again."
        ),
    )  # fmt: skip
    recipients = forms.CharField(
        label=gettext_lazy("Mail addresses"), max_length=10_000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line. For residents who ask for it themselves, use subscriptions instead."),
    )  # fmt: skip
    from_level = forms.ChoiceField(label=gettext_lazy("From this level on"), choices=LEVEL_CHOICES)
    with_exercises = forms.BooleanField(label=gettext_lazy("Exercises and tests too"), required=False)
    max_length = forms.IntegerField(
        label=gettext_lazy("Characters of a message at most"), min_value=100, max_value=5_000, initial=480,
        help_text=gettext_lazy("Whole sentences are left out beyond it. One SMS holds 160, three hold 480."),
    )  # fmt: skip
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES)

    def clean(self) -> dict[str, Any]:
        """Check that the part is filled in that the kind needs."""
        values = super().clean() or self.cleaned_data
        needed = "secret" if values.get("kind") == ChannelKind.SERVICE else "recipients"
        if values.get("kind") and not values.get(needed) and needed not in self.errors:
            self.add_error(needed, _("Fill in this field for this kind of channel."))
        return values


class SubscriptionSettingsForm(StyledModelForm):
    """Form of whether residents may subscribe."""

    class Meta:
        model = SubscriptionSettings
        fields = ("is_on", "browsers_are_on", "groups")
        widgets = {"groups": forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"})}


@for_administrators("GET", "POST")
def channel_page(request: UserRequest) -> HttpResponse:
    """List the channels; POST adds one."""
    initial = {"kind": ChannelKind.SERVICE, "from_level": "alert", "language": current_town().locale}
    form = ChannelForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            added = channel_services.save_channel(_channel_of(form), user=request.user)
        except ValidationError as refused:
            form.add_error(None, refused.messages)
        else:
            messages.success(request, _("“%(name)s” has been added. Try it now.") % {"name": added.name})
            return redirect("channels")
    return render(request, "channels/channels.html", _page_context(form), status=422 if form.errors else 200)


@for_administrators("POST")
def channel_try(request: UserRequest, pk: int) -> HttpResponse:
    """Send a trial message in the next seconds."""
    found = get_object_or_404(Channel, pk=pk)
    channel_services.try_channel(found, user=request.user)
    messages.success(request, _("A trial message is being sent to “%(name)s”.") % {"name": found.name})
    return redirect("channels")


@for_administrators("POST")
def channel_switch(request: UserRequest, pk: int) -> HttpResponse:
    """Switch a channel on or off."""
    found = get_object_or_404(Channel, pk=pk)
    channel_services.switch_channel(found, is_on=request.POST.get("on") == "1", user=request.user)
    return redirect("channels")


@for_administrators("POST")
def channel_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a channel."""
    found = get_object_or_404(Channel, pk=pk)
    channel_services.delete_channel(found, user=request.user)
    messages.success(request, _("“%(name)s” has been deleted.") % {"name": found.name})
    return redirect("channels")


@for_administrators("POST")
def subscription_settings(request: UserRequest) -> HttpResponse:
    """Save whether residents may subscribe, and to which places."""
    chosen = subscribers.saved_settings()
    form = SubscriptionSettingsForm(request.POST, instance=chosen)
    if form.is_valid():
        subscribers.save_settings(chosen, form.cleaned_data["groups"], user=request.user)
        messages.success(request, _("The subscriptions have been saved."))
    return redirect("channels")


@for_administrators("POST")
def subscribers_csv(request: UserRequest) -> StreamingHttpResponse:
    """Return all subscribers as a table. By POST: it is recorded in the audit trail."""
    rows = subscribers.exported_rows(user=request.user)
    response = StreamingHttpResponse(csv_lines(rows, separator=";"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="subscribers.csv"'
    response["Cache-Control"] = "no-store"
    return response


@for_administrators("POST")
def subscriber_delete(request: UserRequest) -> HttpResponse:
    """Delete what is stored of an address."""
    if subscribers.delete_address(request.POST.get("address", "")[:254], user=request.user):
        messages.success(request, _("Whatever was stored of this address has been deleted."))
    else:
        messages.warning(request, _("Nothing is stored of this address."))
    return redirect("channels")


@for_users("GET")
def alert_channels(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Return what became of the messages on an alert, for an open page."""
    context = told_channels.outcomes_context(get_object_or_404(Alert, pk=pk))
    return render(request, "channels/outcomes.html", context)


def _channel_of(form: ChannelForm) -> Channel:
    values = dict(form.cleaned_data)
    if values["kind"] == ChannelKind.SERVICE:
        values["recipients"] = ""
    else:
        values["secret"] = ""
    return Channel(**values)


def _page_context(form: ChannelForm) -> dict[str, Any]:
    channels = list(Channel.objects.all())
    trials = ChannelMessage.objects.filter(act=ChannelAct.TRIAL, channel__in=channels).order_by("created_at")
    newest = {each.channel_id: each for each in trials}
    return {
        "form": form,
        "has_mail": mail.is_configured(),
        "subscriptions": SubscriptionSettingsForm(instance=subscribers.saved_settings()),
        "are_subscriptions_open": subscribers.are_open(),
        "browser_count": BrowserSubscriber.objects.count(),
        "are_browsers_open": browser_subscribers.are_open(),
        "confirmed_count": Subscriber.objects.exclude(confirmed_at=None).count(),
        "waiting_count": Subscriber.objects.filter(confirmed_at=None).count(),
        "rows": [
            {
                "channel": each,
                "service": service_addresses.service_of(each.secret),
                "count": len(each.recipients.split()),
                "trial": newest.get(each.pk),
            }
            for each in channels
        ],
    }  # fmt: skip
