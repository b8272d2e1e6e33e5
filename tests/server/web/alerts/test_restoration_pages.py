"""What an officer sees and does after a database was restored."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_server.alerts import queries, reported_showings, services
from beffroi_server.alerts.models import Alert
from beffroi_server.delivery import outbox
from beffroi_server.fleet.events import ReportedAlerts
from beffroi_server.fleet.models import ScreenState
from beffroi_server.fleet.targets import EVERYWHERE

OLDER = "This database is older than what the screens hold."
UNKNOWN = "Screens show an alert that this database does not know."


@pytest.fixture
def client(keyring) -> Client:
    return Client(HTTP_ACCEPT_LANGUAGE="en")


@pytest.fixture
def as_bob(client, bob, hall) -> Client:
    client.force_login(bob)
    return client


@pytest.fixture
def flood(db, keyring, hall) -> Alert:
    """An alert that the screens know the end of."""
    alert = services.broadcast_alert(
        level="emergency", title="Flood", source="Town hall", targets=EVERYWHERE, duration_min=60, user=None
    )
    newer = 10 + 1000 * round(timezone.now().timestamp() + 60)
    reported_showings.note_reports([ReportedAlerts("hall", {"all/alerts": newer}, frozenset())])
    return alert


def test_nothing_is_said_in_ordinary_service(as_bob):
    assert OLDER not in page_text(as_bob.get("/"))
    assert "agree on the alerts" in page_text(as_bob.get("/alerts/restoration/"))


@pytest.mark.parametrize(("button", "runs"), [("restart", True), ("drop", False)])
def test_a_person_says_whether_an_alert_is_still_in_progress(as_bob, flood, button, runs):
    assert OLDER in page_text(as_bob.get("/"))
    page = page_text(as_bob.get("/alerts/restoration/"))
    assert "Flood" in page
    assert "Show it again" in page
    assert as_bob.post(f"/alerts/{flood.pk}/{button}/").status_code == 302
    assert bool(queries.active_alerts(timezone.now())) is runs
    assert not queries.held_back_alerts()
    assert as_bob.post("/alerts/restoration/close/").status_code == 302
    assert OLDER not in page_text(as_bob.get("/"))


def test_an_alert_that_is_held_back_is_not_said_to_be_on(as_bob, flood, hall):
    ScreenState.objects.create(screen=hall, online=True)
    Alert.objects.update(issued_at=timezone.now() - dt.timedelta(minutes=2))
    assert "held back" in page_text(as_bob.get("/alerts/"))
    page = page_text(as_bob.get(f"/alerts/{flood.pk}/"))
    assert "Held back: the screens know of its end" in page
    assert not any(words in page for words in ("In progress", "too long", "End the alert"))
    assert 'href="/alerts/restoration/">Check the alerts' in page


def test_an_unknown_alert_is_named_on_every_page_and_taken_off(as_bob, hall):
    name = str(uuid.uuid4())
    reported_showings.note_reports([ReportedAlerts("hall", {"all/alerts": 5}, frozenset({name}))])
    assert UNKNOWN in page_text(as_bob.get("/"))
    page = page_text(as_bob.get("/alerts/restoration/"))
    assert name in page
    assert "Town hall" in page
    assert as_bob.post("/alerts/take-off/", {"alert": name}).status_code == 302
    assert UNKNOWN not in page_text(as_bob.get("/"))


@pytest.mark.parametrize(
    "address", ["restoration/close/", "take-off/", "11111111-2222-4333-8444-555555555555/restart/", "x/drop/"]
)
def test_odd_requests_harm_nothing(as_bob, address):
    assert as_bob.post(f"/alerts/{address}", {"alert": "x" * 10_000}).status_code in (302, 404)


@pytest.mark.parametrize("who", ["alice", "charlie"])
def test_others_may_look_and_not_decide(client, request, flood, who):
    client.force_login(request.getfixturevalue(who))
    page = page_text(client.get("/alerts/restoration/"))
    assert "Flood" in page
    assert "Show it again" not in page
    assert client.post(f"/alerts/{flood.pk}/restart/").status_code == 403


@pytest.mark.parametrize(
    ("problem", "said"), [("refused", "The broker refuses"), ("lost", "no connection to the broker")]
)
def test_a_broker_that_does_not_do_its_part_is_named(as_bob, monkeypatch, problem, said):
    publisher = outbox.OutboxPublisher(None, lambda: problem)
    monkeypatch.setattr(outbox, "_installed", publisher)
    assert said in page_text(as_bob.get("/"))
