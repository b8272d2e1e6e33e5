"""Alerts on the public page: those in force, with past ones, each with an address, and as Atom and JSON.

Requests of the public have threads of their own, so that a crowd of readers delays neither officers nor screens.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings as server
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.languages import LANGUAGES
from beffroi_server.channels import browser_subscribers, subscribers
from beffroi_server.library.models import PublicSettings
from beffroi_server.outlets import public_alerts
from beffroi_server.public.conditional import StableAtomFeed, text_as_html
from beffroi_server.public.shown_alerts import ShownAlert, shown_alerts
from beffroi_server.public.views import for_anybody


@for_anybody
def alert_list(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """List the alerts in force, and those of the last days."""
    now = timezone.now()
    context = {
        "settings": settings,
        "alerts": shown_alerts(request, settings, public_alerts.alerts_in_force(now)),
        "past": shown_alerts(request, settings, public_alerts.past_alerts(settings, now)),
        "offers_mail": subscribers.are_open(),
        "offers_browser": browser_subscribers.are_open(),
    }
    return _fresh(render(request, "public/alerts.html", context))


@for_anybody
def alert_page(request: HttpRequest, settings: PublicSettings, pk: uuid.UUID) -> HttpResponse:
    """Show one alert."""
    found = public_alerts.public_alert(settings, pk, timezone.now())
    if found is None:
        raise Http404
    codes = [settings.town.locale, *(each["language"] for each in found.translations)]
    context = {
        "settings": settings,
        "shown": shown_alerts(request, settings, [found])[0],
        "languages": [(code, LANGUAGES[code].own) for code in codes if code in LANGUAGES] if codes[1:] else [],
        "is_page": True,
    }
    return _fresh(render(request, "public/alert.html", context))


@for_anybody
def alerts_json(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """Return the alerts in force and those of the last days as JSON."""
    now = timezone.now()
    body = {
        "town": settings.town.name,
        "in_force": [_values(each) for each in shown_alerts(request, settings, public_alerts.alerts_in_force(now))],
        "past": [_values(each) for each in shown_alerts(request, settings, public_alerts.past_alerts(settings, now))],
    }
    return _fresh(JsonResponse(body, json_dumps_params={"ensure_ascii": False}))


@for_anybody
def alerts_atom(request: HttpRequest, settings: PublicSettings) -> HttpResponse:
    """Return the alerts in force and those of the last days as Atom."""
    now = timezone.now()
    feed = StableAtomFeed(
        title=_("Alerts of %(town)s") % {"town": settings.town.name}, link=_address("public-alerts"), description="",
        language=settings.town.locale, feed_url=_address("public-alerts-atom"), author_name=settings.town.name,
    )  # fmt: skip
    rows = [*public_alerts.alerts_in_force(now), *public_alerts.past_alerts(settings, now)]
    for each in shown_alerts(request, settings, rows):
        alert, link = each.alert, _address("public-alert", each.alert.pk)
        head = each.over if each.is_over else each.level
        said = "\n".join(filter(None, (alert.instruction, alert.description)))
        marked = f"{each.mark.split(' – ')[0]} · {head}" if each.mark else head
        feed.add_item(
            title=f"{marked} · {alert.title}", link=link,
            description=text_as_html(said) if not each.is_over else "",
            unique_id=f"urn:uuid:{alert.pk}", pubdate=alert.issued_at,
            updateddate=alert.ends_at if each.is_over else alert.issued_at, categories=[alert.level],
            author_name=alert.source,
        )  # fmt: skip
    return _fresh(HttpResponse(feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"))


def _values(each: ShownAlert) -> dict[str, Any]:
    alert = each.alert
    return {
        "id": str(alert.pk), "url": _address("public-alert", alert.pk), "level": alert.level, "status": alert.status,
        "hazard": alert.hazard, "language": each.language, "title": alert.title, "instruction": alert.instruction,
        "description": alert.description, "places": each.places, "source": alert.source, "phone": alert.phone,
        "link": alert.link, "issued_at": alert.issued_at.isoformat(), "ends_at": alert.ends_at.isoformat(),
        "is_open_ended": alert.is_open_ended, "corrects": str(alert.corrects_id) if alert.corrects_id else None,
    }  # fmt: skip


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = f"public, max-age={public_alerts.MAX_AGE_S}"
    return response


def _address(name: str, *arguments: Any) -> str:
    return f"{server.PUBLIC_URL}{reverse(name, args=arguments)}"
