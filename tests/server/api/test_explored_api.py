"""Every operation, asked with values that its document allows and others: no fault, no answer that is not documented.

``make explore-api`` asks each of them more often, and for every edge of its document.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis import checks

from beffroi_server.alerts import services as alerts
from beffroi_server.api import callers
from beffroi_server.api.document import openapi_document
from beffroi_server.channels.models import Channel
from beffroi_server.drills.models import Drill
from beffroi_server.feeds.models import Feed, FeedKind
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.library.plan_models import PlannedAnnouncement
from beffroi_server.outside_warnings.models import WarningSource
from beffroi_server.schedule.charter_models import CharterRule
from beffroi_server.wsgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("existing_rows")]
EXAMPLES = int(os.environ.get("BEFFROI_API_EXAMPLES", "1"))
CHECKED = [
    checks.not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
    checks.response_schema_conformance, checks.response_headers_conformance,
]  # fmt: skip
CONFIGURATION = schemathesis.Config.from_dict({"phases": {"coverage": {"enabled": EXAMPLES > 20}}})


def _schema() -> Any:
    loaded = schemathesis.openapi.from_dict(openapi_document(), config=CONFIGURATION)
    loaded.app = application
    return loaded


schema = _schema()


@pytest.fixture
def existing_rows(api, keyring, playlist, quay, hall, dora, monkeypatch) -> dict[str, Any]:
    """Return what there is, by the parameters of addresses that name it; all callers may send as much as they like."""
    for throttle in (callers.request_throttle, callers.alert_throttle):
        monkeypatch.setattr(throttle, "wait_s", lambda _key: 0.0)
    entry = playlist.entries.get()
    alert = alerts.broadcast_alert(
        level="information", title="Crue", source="Mairie", targets=EVERYWHERE, duration_min=5, user=None
    )
    feed = Feed.objects.create(name="Bibliothèque", kind=FeedKind.CALENDAR, address="https://example.org/a.ics")
    channel = Channel.objects.create(name="Liste", kind="mail", recipients="a@example.org")
    source = WarningSource.objects.create(name="Météo", kind="webhook")
    rule = CharterRule.objects.create(subject="title-length", amount=60)
    planned = PlannedAnnouncement.objects.create(title="Fête", due_on="2026-12-24")
    drill = Drill.objects.create(title="Exercice", alert={}, started_at=timezone.now())
    return {
        "channel_id": channel.pk, "source_id": source.pk, "charter_rule_id": rule.pk, "planned_id": planned.pk,
        "drill_id": str(drill.pk), "way": "mail", "token_id": dora.api_tokens.get().pk,
        "announcement_id": str(entry.announcement_id), "playlist_id": playlist.pk, "entry_id": entry.pk,
        "rule_id": playlist.rules.get().pk, "alert_id": str(alert.pk), "feed_id": feed.pk, "slug": "quay",
        "user_id": dora.pk, "class_id": quay.screen_class_id, "screen_class": quay.screen_class_id,
    }  # fmt: skip


@pytest.fixture(autouse=True)
def kept_connection() -> Iterator[None]:
    """Let requests go on with the connection of the test, as Django's own client does."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
def test_no_fault_and_no_answer_that_is_not_documented(case, api, existing_rows):
    # Half of the addresses name something that there is; the other half whatever was thought up.
    if hash(json.dumps(case.path_parameters, default=str, sort_keys=True)) % 2:
        case.path_parameters |= {name: existing_rows[name] for name in case.path_parameters if name in existing_rows}
    case.call_and_validate(headers={"Authorization": f"Bearer {api.token}"}, checks=CHECKED)
