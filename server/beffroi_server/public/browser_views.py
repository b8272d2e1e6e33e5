"""The page on which a browser is told to show alerts, what is stored of it, and the script that shows them.

It uses no session and no cookie. A browser is known by the secret of its own subscription, which it sends itself.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from beffroi_server.channels import browser_subscribers
from beffroi_server.channels.subscribers import TooManySubscriptions
from beffroi_server.library.models import PublicSettings
from beffroi_server.public.subscription_views import BrowserForm, for_residents, note_wish, wait_problem
from beffroi_server.public.views import for_anybody

BODY_LIMIT = 8_192
"""Bytes of a wish at most."""
_WORKER = Path(__file__).parent / "static" / "public" / "alert-worker.js"


@for_residents("GET")
def browser_page(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """Show the form; its script asks the browser and sends what it answers."""
    key = browser_subscribers.public_key() if browser_subscribers.are_open() else ""
    if not key:
        raise Http404
    context = {
        "settings": settings, "form": BrowserForm(), "key": key,
        "purpose": browser_subscribers.purpose_text(max(browser_subscribers.PURPOSES)),
    }  # fmt: skip
    return render(request, "public/browser.html", context)


@for_residents("POST")
def browser_subscribe(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """Take the wish of a browser in, as JSON."""
    if not browser_subscribers.are_open():
        raise Http404
    body = _body(request)
    form = BrowserForm({"from_level": body.get("from_level"), "groups": body.get("groups") or []})
    if problem := wait_problem(request):
        return JsonResponse({"problem": problem}, status=429)
    if not form.is_valid():
        return JsonResponse({"problem": _("Choose a level.")}, status=422)
    note_wish(request)
    try:
        found = browser_subscribers.subscribe(
            *_credentials(body), from_level=form.cleaned_data["from_level"], groups=form.cleaned_data["groups"]
        )
    except TooManySubscriptions:
        return JsonResponse({"problem": _("Too many requests came at once. Try again in some minutes.")}, status=429)
    except ValidationError as error:
        return JsonResponse({"problem": " ".join(error.messages)}, status=422)
    return JsonResponse(browser_subscribers.stored_data(found), status=201)


@for_residents("POST")
def browser_data(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """Return to a browser what is stored of it."""
    endpoint, _key, secret = _credentials(_body(request))
    found = browser_subscribers.find(endpoint, secret)
    if found is None:
        raise Http404
    return JsonResponse(browser_subscribers.stored_data(found))


@for_residents("POST")
def browser_end(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """Delete what is stored of a browser."""
    endpoint, _key, secret = _credentials(_body(request))
    browser_subscribers.unsubscribe(endpoint, secret)
    return HttpResponse(status=204)


@for_anybody
def alert_worker(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """Return the script that shows alerts, from an address of the public pages: it has power over no other page."""
    return HttpResponse(_WORKER.read_bytes(), content_type="text/javascript; charset=utf-8")


@for_anybody
def app_manifest(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """Return what a phone needs to put the page on its home screen: an iPhone shows messages of no other pages."""
    body = {
        "name": _("Alerts of %(town)s") % {"town": settings.town.name}, "short_name": settings.town.name,
        "start_url": reverse("browser"), "scope": reverse("public-announcements"), "display": "standalone",
        "icons": [{"src": static("beffroi/favicon.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }  # fmt: skip
    return JsonResponse(body, content_type="application/manifest+json")


def _body(request: HttpRequest) -> dict[str, Any]:
    # A page of another site cannot send this type without being asked.
    if request.content_type != "application/json" or len(request.body) > BODY_LIMIT:
        return {}
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _credentials(body: dict[str, Any]) -> tuple[str, str, str]:
    subscription = body.get("subscription")
    subscription = subscription if isinstance(subscription, dict) else {}
    keys = subscription.get("keys")
    keys = keys if isinstance(keys, dict) else {}
    return tuple(str(each or "") for each in (subscription.get("endpoint"), keys.get("p256dh"), keys.get("auth")))  # type: ignore[return-value]
