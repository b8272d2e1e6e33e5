"""The page "Now": what is on every screen at this moment, and in which state the screens are."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import ngettext

from beffroi_server.fleet import screen_scopes, services
from beffroi_server.monitoring import screen_overview, status_text
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.monitoring.screen_overview import ScreenOverview
from beffroi_server.monitoring.screen_selection import filter_screens, overviews_in_scope
from beffroi_server.web.access import UserRequest, for_users, is_htmx
from beffroi_server.web.fleet.screen_cards import build_card
from beffroi_server.web.notifications.attention_views import attention_context, wrong_since
from beffroi_server.web.requests import paginate

CARDS_PER_PAGE = 24
FILTERS = ("search", "group", "state")


@for_users("GET")
def overview_page(request: UserRequest) -> HttpResponse:
    """Show every screen as it is now; for a page that is open only its cards, or 204 when they have not changed."""
    context = _overview_context(request)
    # The mark is that of the cards as they would be shown, so an open page gets new ones exactly when they differ.
    cards = render_to_string("fleet/now_cards.html", context, request)
    mark = hashlib.sha256(cards.encode()).hexdigest()[:16]
    if is_htmx(request) and request.GET.get("mark") == mark:
        return HttpResponse(status=204)
    if not is_htmx(request):
        context |= attention_context(request)
    template = "fleet/now_live.html" if is_htmx(request) else "fleet/now.html"
    return render(request, template, context | {"cards_html": cards, "mark": mark})


def _overview_context(request: UserRequest) -> dict[str, Any]:
    at = timezone.now()
    overviews = overviews_in_scope(at, request.user)
    filters = {name: request.GET.get(name, "") for name in FILTERS}
    page = paginate(request, filter_screens(overviews, **filters), CARDS_PER_PAGE)
    shown = screen_overview.with_whole_screens(page)
    contents = ExpectedContents(each.screen for each in shown)
    since = wrong_since([each.screen for each in shown], None if is_htmx(request) else request.user)
    context = {
        "cards": [
            build_card(each, at, contents, since.get(each.screen.pk))
            for each in screen_overview.compare_frames(shown, contents)
        ],
        "page": page,
        "active_alerts": contents.active_alerts(at),
        "summary": _fleet_summary(overviews),
        "groups": screen_scopes.listed_groups(request.user),
        "states": [status_text.state_text(code) for code in status_text.STATE_TEXTS],
        "filtered": any(filters.values()),
        **filters,
    }
    _request_screenshots(shown)
    return context


def _request_screenshots(shown: list[ScreenOverview]) -> None:
    """Ask the screens of a page for screenshots for as long as somebody looks at it."""
    services.request_screenshots_of(
        [each.screen for each in shown if each.screen.enrolled_at is not None and each.state != "offline"]
    )


def _fleet_summary(overviews: list[ScreenOverview]) -> dict[str, str]:
    """Return the state of all screens in a sentence, with its colour."""
    others = [each.state for each in overviews if each.state != "right"]
    if not others:
        count = len(overviews)
        sentence = ngettext("The screen shows what is planned.", "All %(count)d screens show what is planned.", count)
        return {"words": sentence % {"count": count}, "colour": "success"}
    parts = [
        ngettext("%(count)d screen: %(state)s", "%(count)d screens: %(state)s", others.count(code))
        % {"count": others.count(code), "state": status_text.STATE_TEXTS[code][0]}
        for code in status_text.STATE_TEXTS
        if code in others
    ]
    is_grave = "wrong" in others or "offline" in others
    return {"words": " · ".join(parts), "colour": "error" if is_grave else "warning"}
