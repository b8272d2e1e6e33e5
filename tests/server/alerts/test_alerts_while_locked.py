"""An alert while another program holds the database: on the screens at once, stored as soon as that is free."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_content.model import AlertLevel
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import pending_alerts, queries, services
from beffroi_server.alerts.models import Alert
from beffroi_server.delivery import outbox, signing
from beffroi_server.fleet.targets import EVERYWHERE, Targets

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("keyring", "english")]


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> Iterator[list[tuple[str, tuple[str, ...], int]]]:
    """What went to the broker: topic, titles and sequence of each alert set."""
    if connection.vendor != "sqlite":
        pytest.skip("the lock is one of SQLite")
    found: list[tuple[str, tuple[str, ...], int]] = []

    class Transport:
        def publish(self, topic: str, payload: bytes, **_options: object) -> int | None:
            if not topic.endswith("/alerts"):
                return None
            opened = signing.open_own_document(ALERTS, payload)
            found.append((topic.split("/down/")[1], tuple(alert.title for alert in opened.alerts), opened.sequence))
            return len(found)

    monkeypatch.setattr(services, "LOCK_WAIT_S", 0.01)
    outbox.install_publisher(outbox.OutboxPublisher(Transport()))
    yield found
    outbox.install_publisher(None)
    for alert in pending_alerts.pending_alerts():
        pending_alerts.remove_pending(alert)


@contextmanager
def held_database() -> Iterator[None]:
    """Hold the only lock for writing, as a backup or a tool does."""
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=1)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.rollback()
        other.close()


def broadcast(targets: Targets = EVERYWHERE, **values) -> Alert:
    given = {"level": AlertLevel.EMERGENCY, "title": "Flood", "source": "Town hall", "duration_min": 60, "user": None}
    return services.broadcast_alert(targets=targets, **(given | values))


def restart() -> None:
    """Forget what only the process knows."""
    pending_alerts._pending.clear()
    assert pending_alerts.load_pending() == 1


def test_is_on_the_screens_at_once_and_stored_later(sent, bob):
    broadcast(title="Before")
    begun = time.monotonic()
    with held_database():
        alert = broadcast(user=bob)
        assert time.monotonic() - begun < 5
        assert sent[-1][:2] == ("all/alerts", ("Flood", "Before"))
        assert not Alert.objects.filter(pk=alert.pk).exists()
        assert alert in queries.active_alerts(timezone.now())

    assert services.store_pending_alerts() == 1

    assert Alert.objects.get(pk=alert.pk).issued_by == bob
    assert AuditEvent.objects.filter(action="alert-broadcast", actor="bob").count() == 1
    assert audit.verify_chain()
    assert set(sent[-1][1]) == {"Flood", "Before"}
    assert [each[2] for each in sent] == sorted({each[2] for each in sent}), "sequences rise"
    assert services.store_pending_alerts() == 0


def test_a_correction_takes_the_place_of_the_former_text_at_once(sent):
    former = broadcast()
    with held_database():
        new = broadcast(title="Flood in rue Pasteur", corrects=former, duration_min=None)
        assert sent[-1][:2] == ("all/alerts", ("Flood in rue Pasteur",))
        assert queries.active_alerts(timezone.now()) == [new]

    services.store_pending_alerts()

    former.refresh_from_db()
    assert former.replaced_at is not None
    assert sent[-1][1] == ("Flood in rue Pasteur",)


def test_survives_a_restart(sent, hall, district, data):
    with held_database():
        alert = broadcast(Targets(groups=(district,), screens=(hall,)), token=uuid.uuid4())
        assert {each[0] for each in sent} == {"g-harbour/alerts", "s-hall/alerts"}
    restart()

    services.store_pending_alerts()

    stored = Alert.objects.get(pk=alert.pk)
    assert (list(stored.groups.all()), list(stored.screens.all())) == ([district], [hall])
    assert not list((data / "pending-alerts").iterdir())


def test_is_one_however_often_the_button_is_pressed(sent):
    token = uuid.uuid4()
    with held_database():
        assert broadcast(token=token).pk == broadcast(token=token).pk
    assert broadcast(token=token).pk in {alert.pk for alert in pending_alerts.pending_alerts()}
    services.store_pending_alerts()
    broadcast(token=token)

    assert Alert.objects.count() == 1


def test_is_in_every_set_that_is_made_before_it_is_stored(sent):
    with held_database():
        broadcast()
    broadcast(title="Next")

    assert set(sent[-1][1]) == {"Flood", "Next"}


def test_of_which_nothing_can_be_written_down_is_sent_all_the_same(sent, monkeypatch):
    def fail(_alert: Alert) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(pending_alerts, "_write_file", fail)
    with held_database():
        broadcast()

    assert sent[-1][1] == ("Flood",)
    assert services.store_pending_alerts() == 1


def test_has_a_page_that_says_what_it_waits_for(client, bob, sent):
    client.force_login(bob)
    client.defaults |= {"HTTP_ACCEPT_LANGUAGE": "en"}
    with held_database():
        alert = broadcast(user=bob)
        waiting = page_text(client.get(f"/alerts/{alert.pk}/"))
    assert "was sent to the screens" in waiting
    assert "data-every" in waiting

    services.store_pending_alerts()
    assert "was sent to the screens" not in page_text(client.get(f"/alerts/{alert.pk}/"))


def test_another_fault_is_not_hidden(sent, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OperationalError("no such table")

    monkeypatch.setattr(services, "_store_alert", fail)
    with pytest.raises(OperationalError):
        broadcast()
    assert not sent


def test_published_set_is_never_below_one_that_was_sent_unstored(sent):
    with held_database():
        broadcast()
    newest = sent[-1][2]
    services.store_pending_alerts()

    assert signing.published_document(ALERTS, TopicScope.all_screens()).sequence > newest


def test_pages_are_looked_at_meanwhile(client, bob, hall, sent):
    hall.enrolled_at = timezone.now()
    hall.save()
    client.force_login(bob)
    client.post("/feeds/", {"kind": "weather", "name": "Ciel"})  # leaves a message to show
    begun = time.monotonic()
    with held_database():
        for path in ("/", "/screens/hall/", "/alerts/new/", "/alerts/choose/", "/feeds/", "/images/"):
            assert client.get(path).status_code == 200
    assert time.monotonic() - begun < 15


def test_a_change_that_cannot_be_stored_says_why(client, bob, monkeypatch, sent):
    client.force_login(bob)
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 10")
    try:
        with held_database():
            refused = client.post("/feeds/", {"kind": "weather", "name": "Ciel"}, headers={"Accept-Language": "en"})
    finally:
        connection.close()

    assert refused.status_code == 503
    assert "in use by another program" in page_text(refused)


@pytest.mark.parametrize("act", ["end", "withdraw"])
def test_one_that_waits_is_stored_to_be_ended(client, bob, sent, act):
    """While the database is held nothing is ended, and that is said; later nobody says that there is no such alert."""
    client.force_login(bob)
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 10")
    with held_database():
        alert = broadcast(user=bob)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 10")
        assert client.post(f"/alerts/{alert.pk}/{act}/").status_code == 503
    connection.close()
    assert client.post(f"/alerts/{alert.pk}/{act}/").status_code == 302

    assert queries.active_alerts(timezone.now()) == []
    assert (pending_alerts.pending_alerts(), Alert.objects.get().ended_by) == ([], bob)
    assert AuditEvent.objects.filter(action__startswith="alert-").count() == 2


def test_two_presses_at_once_send_one(sent):
    token = uuid.uuid4()
    with held_database():
        first = broadcast(token=token)
        # The second press was checked before the first one was sent.
        other = services._send_unstored(Alert(token=token, issued_at=first.issued_at), EVERYWHERE)
    assert other == first
    assert len(sent) == 1


def test_one_that_cannot_be_stored_keeps_no_other_waiting(sent, monkeypatch):
    with held_database():
        bad, _good = broadcast(title="Bad"), broadcast(title="Good")
    store = services._store_alert

    def store_most(alert: Alert, *arguments: object, **options: object) -> Alert:
        if alert.pk == bad.pk:
            raise ValueError("cannot be stored")
        return store(alert, *arguments, **options)

    monkeypatch.setattr(services, "_store_alert", store_most)
    with pytest.raises(ValueError, match="cannot be stored"):
        services.store_pending_alerts()
    assert Alert.objects.get().title == "Good"
    assert pending_alerts.pending_alerts() == [bad]


def test_is_stored_though_its_author_and_group_are_gone(sent, bob, hall, district):
    hall.groups.add(district)
    with held_database():
        broadcast(Targets(groups=(district,)), user=bob)
    district.delete()
    type(bob).objects.filter(pk=bob.pk).delete()
    assert services.store_pending_alerts() == 1
    assert Alert.objects.get().issued_by is None
