"""The API of version 1 with all its operations."""

from __future__ import annotations

from django.http import Http404
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

# Each declares its operations when it is imported.
from beffroi_server.api import (  # noqa: F401
    alert_dossiers,
    alert_proposals,
    alerts,
    announcement_drawing,
    announcements,
    channels,
    charter,
    drills,
    editorial_plan,
    enrolment_cards,
    feeds,
    groups,
    incidents,
    layouts,
    media,
    municipalities,
    on_call,
    own_account,
    planned_alerts,
    playlists,
    plays,
    proposals,
    public_outlets,
    publishing,
    restoration,
    rollouts,
    rules,
    scenarios,
    screen_contacts,
    screen_pairings,
    screen_programmes,
    screens,
    town,
    users,
    versions,
    walk_tests,
    warning_sources,
    webhooks,
    words,
)
from beffroi_server.api.operations import refusal_response, router

api = NinjaAPI(
    title="Beffroi",
    version="1",
    description=(
        "What the pages can do, for other programs. Times are given with an offset (RFC 3339); lists come in pages; a "
        "refusal is problem details (RFC 9457) with a sentence, the fields and the next step."
    ),
    docs_url=None,
    openapi_url=None,
    urls_namespace="api-1",
)
api.add_router("", router)
for kind in (Exception, Http404, HttpError, AuthenticationError, ValidationError):
    api.add_exception_handler(kind, refusal_response)  # type: ignore[arg-type]  # it hands over instances
