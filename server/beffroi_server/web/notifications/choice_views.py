"""Page of a user's own notifications: what, by which ways, when; a test of each way, and what failed last."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from beffroi_server.accounts.models import User
from beffroi_server.core import mail, webhooks
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.notifications import choices, notices, push_messages
from beffroi_server.notifications.models import Notice, PushSubscription, Way, choice_of
from beffroi_server.web.access import UserRequest, for_users
from beffroi_server.web.notifications.forms import NotificationForm

BODY_LIMIT = 4_096
"""Bytes of a subscription at most."""


@never_cache
@for_users("GET", "POST")
def choice_edit(request: UserRequest) -> HttpResponse:
    """Show and change what the user is told."""
    own, choice = User.objects.get(pk=request.user.pk), choice_of(request.user)
    form = NotificationForm(own, choice, request.POST or None)
    if request.method == "POST" and form.is_valid():
        choices.save_choice(*form.apply())
        messages.success(request, _("Your notifications have been saved."))
        return redirect("notification-choice")
    context = {
        "form": form,
        "has_mail_server": mail.is_configured(),
        "secret": choice.webhook_secret,
        "push_key": _push_key(),
        "browsers": PushSubscription.objects.filter(user=request.user).order_by("created_at"),
        **_way_context(request),
    }
    return render(request, "notifications/choice.html", context, status=422 if form.errors else 200)


@for_users("GET")
def way_states(request: UserRequest) -> HttpResponse:
    """Return what was last sent by each way, for a page that waits for the outcome of a test."""
    return render(request, "notifications/way_states.html", _way_context(request))


@for_users("POST")
def send_test(request: UserRequest, way: str) -> HttpResponse:
    """Queue a test by one way; the page tells the outcome."""
    if way not in Way.values:
        raise Http404
    waiting = Notice.objects.filter(user=request.user, way=way, kind="test", due_at__isnull=False).exists()
    if not waiting:
        notices.queue_test(request.user, Way(way), timezone.now())
    return redirect("notification-choice")


@for_users("POST")
def renew_secret(request: UserRequest) -> HttpResponse:
    """Make a new secret for the user's webhook; the former one is void at once."""
    choice = choice_of(request.user)
    choice.webhook_secret = webhooks.new_secret()
    choices.save_choice(request.user, choice)
    messages.success(request, _("There is a new secret: enter it at the receiver."))
    return redirect("notification-choice")


@for_users("POST")
def browser_add(request: UserRequest) -> HttpResponse:
    """Store a browser's subscription, sent by its script as JSON."""
    try:
        found = json.loads(request.body[:BODY_LIMIT])
        endpoint, keys = str(found["endpoint"]), found["keys"]
        public_key, auth_secret = str(keys["p256dh"]), str(keys["auth"])
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"error": "malformed"}, status=400)
    if webhooks.address_problem(endpoint) or not _fits(endpoint, public_key, auth_secret):
        return JsonResponse({"error": "malformed"}, status=400)
    choices.add_browser(
        request.user, endpoint=endpoint, public_key=public_key, auth_secret=auth_secret,
        browser=_browser_name(request.headers.get("User-Agent", "")), now=timezone.now(),
    )  # fmt: skip
    return JsonResponse({"ok": True})


@for_users("POST")
def browser_remove(request: UserRequest, pk: int) -> HttpResponse:
    """Send nothing more to a browser."""
    get_object_or_404(PushSubscription, pk=pk, user=request.user).delete()
    messages.success(request, _("Nothing more is sent to this browser."))
    return redirect("notification-choice")


def _way_context(request: UserRequest) -> dict[str, Any]:
    states = [{"way": way, "label": way.label, **_way_state(request.user, way)} for way in Way]
    return {"states": states, "is_waiting": any(each["waiting"] for each in states)}


def _way_state(user: User, way: Way) -> dict[str, Any]:
    """Return the newest attempt by a way, and whether a test waits."""
    own = Notice.objects.filter(user=user, way=way)
    last = own.filter(attempted_at__isnull=False).order_by("-attempted_at").first()
    return {"last": last, "waiting": own.filter(kind="test", due_at__isnull=False, attempts=0).exists()}


def _push_key() -> str:
    """Return the key that browsers subscribe with; empty where it can neither be read nor made."""
    try:
        return push_messages.public_key()
    except (OSError, KeysMissing):
        return ""


def _fits(endpoint: str, public_key: str, auth_secret: str) -> bool:
    lengths = (endpoint.startswith("https://"), 0 < len(public_key) <= 200, 0 < len(auth_secret) <= 100)
    return all(lengths) and (endpoint + public_key + auth_secret).isprintable()


def _browser_name(agent: str) -> str:
    """Return what a browser calls itself, as people know it: “Firefox, Android”."""
    names = ("Firefox", "Edg", "SamsungBrowser", "OPR", "Chrome", "Safari")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
    browser = next((name for name in names if name in agent), "")
    system = next((name for name in systems if name in agent), "")
    return ", ".join(filter(None, ({"Edg": "Edge", "OPR": "Opera"}.get(browser, browser), system)))
