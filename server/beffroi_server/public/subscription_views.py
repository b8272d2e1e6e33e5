"""Pages by which residents subscribe to alerts by mail, confirm, read what is stored of them, and leave.

They use no session and no cookie; what protects them are the link that only the mailbox gets, and limits.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from beffroi_content.model import AlertLevel
from beffroi_server.channels import subscribers
from beffroi_server.channels.models import Subscriber
from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.outlets.subscriptions import public_settings

asking_throttle = AttemptThrottle(5, 120)
"""By network: five wishes at once, then one in two minutes."""
everybody_throttle = AttemptThrottle(60, 10)
"""All wishes together: a storm of them sends no storm of mails."""


class BrowserForm(forms.Form):
    """Form of a resident: level, places."""

    from_level = forms.ChoiceField(
        label=gettext_lazy("Tell me of alerts from this level on"), choices=subscribers.LEVELS, initial=AlertLevel.ALERT
    )
    groups = forms.ModelMultipleChoiceField(
        ScreenGroup.objects.none(), label=gettext_lazy("Only in these places (none chosen: everywhere)"),
        required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        chosen = subscribers.saved_settings()
        if chosen.pk is not None:
            self.fields["groups"].queryset = chosen.groups.all()  # type: ignore[attr-defined]


class SubscriptionForm(BrowserForm):
    """Form of a resident who wants mail: address, level, places."""

    address = forms.CharField(
        label=gettext_lazy("Mail address"), max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )  # fmt: skip
    field_order = ("address", "from_level", "groups")

    def clean_address(self) -> str:
        """Return the address.

        Raises:
            ValidationError: it is none.
        """
        address = str(self.cleaned_data["address"]).strip()
        try:
            validate_email(address)
        except ValidationError:
            raise ValidationError(_("Write the address as name@example.org.")) from None
        return address


def for_residents(*methods: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Return a decorator for pages that anybody may open, without cookie, in the time of the town; never cached."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @never_cache
        @require_http_methods(list(methods))
        @wraps(view)
        def open_view(request: HttpRequest, **values: Any) -> HttpResponse:
            settings = public_settings()
            if settings is None:
                raise Http404
            with timezone.override(ZoneInfo(settings.town.time_zone)):
                response = view(request, settings, **values)
            # The address of a page opens it: it is told to no other site, and to no search engine.
            response["Referrer-Policy"] = "no-referrer"
            response["X-Robots-Tag"] = "noindex"
            return response

        return open_view

    return decorate


@for_residents("GET", "POST")
def subscribe_page(request: HttpRequest, settings: Any) -> HttpResponse:
    """Show the form; POST takes a wish in. The answer says nothing of who is subscribed already."""
    if not subscribers.are_open():
        raise Http404
    form = SubscriptionForm(request.POST if request.method == "POST" else None)
    status, is_sent, problem = 200, False, ""
    if request.method == "POST":
        status = 422
        if form.is_valid():
            status, problem = _take_wish(request, form)
            is_sent = not problem
    context = {
        "settings": settings, "form": form, "is_sent": is_sent, "problem": problem,
        "purpose": subscribers.purpose_text(max(subscribers.PURPOSES)),
    }  # fmt: skip
    return render(request, "public/subscribe.html", context, status=status)


@for_residents("GET", "POST")
def confirm_page(request: HttpRequest, settings: Any, token: str) -> HttpResponse:
    """Ask for the press that confirms, since mail programs open links by themselves; POST confirms."""
    confirmed = subscribers.confirm(token) if request.method == "POST" else None
    is_waiting = confirmed is None and request.method == "GET" and subscribers.waiting_for(token) is not None
    context = {"settings": settings, "confirmed": confirmed, "is_waiting": is_waiting}
    status = 200 if confirmed or is_waiting else 410
    return render(request, "public/subscription_confirm.html", context, status=status)


@for_residents("GET")
def own_page(request: HttpRequest, settings: Any, pk: uuid.UUID) -> HttpResponse:
    """Show a subscriber what is stored, with the button that deletes it."""
    found = Subscriber.objects.filter(pk=pk).first()
    data = subscribers.stored_data(found) if found is not None else None
    level = subscribers.level_text(found.from_level) if found is not None else ""
    context = {"settings": settings, "subscriber": found, "data": data, "level": level}
    return render(request, "public/subscription.html", context, status=200 if found else 410)


@for_residents("GET")
def own_data(request: HttpRequest, settings: Any, pk: uuid.UUID) -> HttpResponse:
    """Return what is stored of a subscriber as a file."""
    found = Subscriber.objects.filter(pk=pk).first()
    if found is None:
        raise Http404
    response = JsonResponse(subscribers.stored_data(found), json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="subscription.json"'
    return response


@for_residents("GET", "POST")
def end_page(request: HttpRequest, settings: Any, pk: uuid.UUID) -> HttpResponse:
    """Show the button that unsubscribes; POST does it, from there or from a mail program (RFC 8058)."""
    if request.method == "POST":
        subscribers.unsubscribe(pk)
    found = Subscriber.objects.filter(pk=pk).first()
    return render(request, "public/subscription_end.html", {"settings": settings, "subscriber": found})


def wait_problem(request: HttpRequest) -> str:
    """Return why no wish is taken in from there now; empty where one is."""
    network = network_of(request.META.get("REMOTE_ADDR", ""))
    if asking_throttle.wait_s(network) or everybody_throttle.wait_s(""):
        return _("Too many requests came at once. Try again in some minutes.")
    return ""


def note_wish(request: HttpRequest) -> None:
    """Count a wish."""
    asking_throttle.record_failure(network_of(request.META.get("REMOTE_ADDR", "")))
    everybody_throttle.record_failure("")


def _take_wish(request: HttpRequest, form: SubscriptionForm) -> tuple[int, str]:
    """Take a wish in; return the status of the answer, and what is wrong."""
    if problem := wait_problem(request):
        return 429, problem
    note_wish(request)
    chosen = form.cleaned_data
    language = translation.get_language() or "fr"
    try:
        subscribers.subscribe(
            chosen["address"], from_level=chosen["from_level"], groups=chosen["groups"],
            language="en" if language.startswith("en") else "fr",
        )  # fmt: skip
    except subscribers.TooManySubscriptions:
        return 429, _("Too many requests came at once. Try again in some minutes.")
    return 200, ""
