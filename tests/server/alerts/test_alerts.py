"""Alerts: what is in which set, until when, and who has shown it."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import connection
from django.utils import timezone

from beffroi_content.model import AlertForm, AlertLevel, AlertStatus
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import receipts, services
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert, Scenario
from beffroi_server.delivery import key_files, outbox, signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.models import ReceiptRecord, ScreenState
from beffroi_server.fleet.targets import EVERYWHERE, Targets

pytestmark = pytest.mark.usefixtures("keyring")


EVERY_SCREEN = TopicScope.all_screens()


def broadcast(targets: Targets = EVERYWHERE, **values) -> Alert:
    given = {"level": AlertLevel.EMERGENCY, "title": "Flood", "source": "Town hall", "duration_min": 60, "user": None}
    return services.broadcast_alert(targets=targets, **(given | values))


def published(scope: TopicScope = EVERY_SCREEN):
    return signing.published_document(ALERTS, scope)


def later(monkeypatch, **delta: int) -> dt.datetime:
    now = timezone.now() + dt.timedelta(**delta)
    monkeypatch.setattr(timezone, "now", lambda: now)
    return now


class TestBroadcast:
    def test_is_in_the_set_of_all_screens(self, bob):
        alert = broadcast(description="The quays are under water.", instruction="Go upstairs.", user=bob)

        (sent,) = published().alerts
        assert (sent.id, sent.title, sent.description) == (str(alert.pk), "Flood", "The quays are under water.")
        assert sent.ends_at_ms - sent.issued_at_ms == sent.time_to_live_ms == 3_600_000

    def test_is_in_the_set_of_each_target_only(self, quay, hall, district):
        broadcast(Targets(groups=(district,), screens=(hall,)))

        assert len(published(TopicScope.of_group("harbour")).alerts) == 1
        assert len(published(TopicScope.of_screen("hall")).alerts) == 1
        assert published() is None

    def test_everywhere_needs_no_other_target(self, hall):
        broadcast(Targets(everywhere=True, screens=(hall,)))

        assert published(TopicScope.of_screen("hall")) is None

    def test_carries_its_other_languages_to_the_screens_and_into_a_correction(self):
        alert = broadcast(translations=[{"language": "de", "title": " Hochwasser ", "instruction": "", "phone": "1"}])
        corrected = broadcast(title="Flood!", corrects=alert, translations=[{"language": "de", "title": "Hochwasser!"}])
        assert alert.translations == [{"language": "de", "title": "Hochwasser"}]
        (sent,) = published().alerts
        assert [(each.language, each.title) for each in sent.translations] == [("de", "Hochwasser!")]
        changes = AuditEvent.objects.get(action="alert-corrected").detail["changes"]
        assert changes["translations"] == [alert.translations, corrected.translations]

    @pytest.mark.parametrize(
        "wrong", [{"language": "de", "title": ""}, {"language": "xx", "title": "Hochwasser"}, {"title": "Hochwasser"}]
    )
    def test_is_refused_with_a_translation_that_is_none(self, wrong):
        with pytest.raises(AlertRefused):
            broadcast(translations=[wrong])
        assert not Alert.objects.exists()

    def test_joins_those_that_are_on(self):
        broadcast(title="First")
        broadcast(title="Second", level=AlertLevel.VIGILANCE)

        assert {alert.title for alert in published().alerts} == {"First", "Second"}

    def test_is_recorded(self, bob, hall, district):
        hall.groups.add(district)
        alert = broadcast(Targets(groups=(district,)), status=AlertStatus.EXERCISE, user=bob)

        event = AuditEvent.objects.first()
        assert (event.actor, event.action, event.subject) == ("bob", "alert-broadcast", "Flood")
        assert event.detail["id"] == str(alert.pk)
        assert event.detail["scopes"] == ["group-harbour"]
        assert audit.verify_chain()

    def test_remembers_its_scenario(self):
        scenario = Scenario.objects.create(name="Flood", title="Flood", source="Town hall")

        assert broadcast(scenario=scenario).scenario == scenario

    @pytest.mark.parametrize(
        ("code", "values"),
        [
            ("no-target", {"targets": Targets()}),
            ("no-duration", {"duration_min": 0}),
            ("no-duration", {"duration_min": 31 * 1440 + 1}),
            ("no-title", {"title": "  "}),
            ("no-title", {"title": "x" * 201}),
            ("invalid", {"level": "apocalypse"}),
        ],
    )
    def test_what_cannot_be_sent_is_refused_and_leaves_nothing(self, code, values):
        with pytest.raises(AlertRefused) as refused:
            broadcast(**values)

        assert refused.value.code == code
        assert refused.value.message
        assert not Alert.objects.exists()
        assert published() is None

    def test_a_key_that_is_missing_is_named(self, settings):
        """It was called "too many alerts"."""
        (settings.KEYS / "alert.pem").unlink()

        with pytest.raises(key_files.KeysMissing):
            broadcast()

    def test_takes_few_queries(self, bob, django_assert_max_num_queries):
        # PostgreSQL takes its two locks by queries.
        locks = 2 if connection.vendor == "postgresql" else 0
        with django_assert_max_num_queries(23 + locks):
            broadcast(user=bob)


class TestRoomInASet:
    @pytest.mark.parametrize(
        ("level", "status", "room"),
        [
            (AlertLevel.INFORMATION, AlertStatus.ACTUAL, 20),
            (AlertLevel.VIGILANCE, AlertStatus.ACTUAL, 30),
            (AlertLevel.ALERT, AlertStatus.ACTUAL, 40),
            (AlertLevel.EMERGENCY, AlertStatus.ACTUAL, 50),
            (AlertLevel.EMERGENCY, AlertStatus.EXERCISE, 30),
        ],
    )
    def test_is_kept_for_what_is_more_urgent(self, english, level, status, room):
        """46 informations that nobody had ended shut an emergency out."""
        for number in range(room):
            broadcast(title=f"Alert {number}", level=level, status=status)

        with pytest.raises(AlertRefused) as refused:
            broadcast(title="One too many", level=level, status=status)

        assert refused.value.code == "too-many"
        assert "“Alert 0”" in refused.value.message
        assert len(published().alerts) == Alert.objects.count() == room
        if (level, status) != (AlertLevel.EMERGENCY, AlertStatus.ACTUAL):
            broadcast(title="Flood")

    def test_is_kept_in_bytes_too(self, english):
        """Long texts that do not compress fill a set before their number does."""

        def fill() -> None:
            for number in range(20):
                broadcast(title=str(number), level=AlertLevel.INFORMATION, description=_noise(), instruction=_noise())

        with pytest.raises(AlertRefused, match="long texts"):
            fill()
        assert Alert.objects.count() > 3

        for number in range(3):
            broadcast(title=f"Flood {number}", description=_noise(), instruction=_noise())

    def test_is_that_of_each_scope(self, hall, quay):
        for number in range(20):
            broadcast(Targets(screens=(hall,)), title=str(number), level=AlertLevel.INFORMATION)

        broadcast(Targets(screens=(quay,)), level=AlertLevel.INFORMATION)


def _noise() -> str:
    return "".join(chr(random.randrange(0x4E00, 0x9FA0)) for _ in range(5_000))


class TestEnd:
    def test_is_said(self, bob):
        alert = broadcast()
        services.end_alert(alert, user=bob)

        (sent,) = published().alerts
        assert sent.time_to_live_ms == 0
        assert sent.ends_at_ms >= sent.issued_at_ms
        assert alert.ended_by == bob

    def test_comes_once(self):
        alert = broadcast()
        services.end_alert(alert, user=None)

        with pytest.raises(AlertRefused):
            services.end_alert(alert, user=None)

    def test_leaves_the_set_when_it_has_been_said(self, monkeypatch):
        alert = broadcast(all_clear_s=300)
        services.end_alert(alert, user=None)

        assert services.settle_ended_alerts(later(monkeypatch, seconds=290)) == 0
        assert len(published().alerts) == 1
        assert services.settle_ended_alerts(later(monkeypatch, seconds=11)) == 1
        assert published().alerts == ()
        assert services.settle_ended_alerts(timezone.now()) == 0

    def test_by_itself_leaves_the_set_too(self, monkeypatch, hall, district):
        hall.groups.add(district)
        broadcast(Targets(groups=(district,)), duration_min=10, all_clear_s=60)

        assert services.settle_ended_alerts(later(monkeypatch, minutes=10, seconds=59)) == 0
        assert services.settle_ended_alerts(later(monkeypatch, seconds=2)) == 1
        assert published(TopicScope.of_group("harbour")).alerts == ()

    def test_a_withdrawn_alert_is_gone_at_once(self, bob):
        alert = broadcast()
        services.withdraw_alert(alert, user=bob)

        assert published().alerts == ()
        assert AuditEvent.objects.first().action == "alert-withdrawn"
        with pytest.raises(AlertRefused):
            services.withdraw_alert(alert, user=bob)
        with pytest.raises(AlertRefused):
            services.end_alert(alert, user=bob)

    def test_an_ended_alert_can_be_withdrawn_while_its_end_is_said(self):
        alert = broadcast()
        services.end_alert(alert, user=None)
        services.withdraw_alert(alert, user=None)

        assert published().alerts == ()

    def test_is_later_when_extended(self, bob):
        alert = broadcast(duration_min=10)
        services.extend_alert(alert, 20, user=bob)

        (sent,) = published().alerts
        assert sent.ends_at_ms - sent.issued_at_ms == 30 * 60_000
        assert sent.time_to_live_ms <= 30 * 60_000

    @pytest.mark.parametrize("minutes", [0, -5, 31 * 1440])
    def test_cannot_be_moved_anyhow(self, minutes):
        with pytest.raises(AlertRefused):
            services.extend_alert(broadcast(), minutes, user=None)

    def test_time_to_live_is_what_remains(self, monkeypatch):
        broadcast(duration_min=60)
        later(monkeypatch, minutes=20)

        broadcast(title="Another")

        first, second = sorted(alert.time_to_live_ms for alert in published().alerts)
        assert 39 * 60_000 < first <= 40 * 60_000
        assert second == 60 * 60_000


class TestSending:
    @pytest.mark.django_db(transaction=True)
    def test_leaves_as_soon_as_it_is_committed(self, monkeypatch):
        sent: list[tuple[str, int]] = []
        monkeypatch.setattr(outbox, "send_committed", lambda row: sent.append((row.topic, Alert.objects.count())))

        broadcast()

        assert sent == [("beffroi/1/saint-aubin/down/all/alerts", 1)]

    @pytest.mark.django_db(transaction=True)
    def test_nothing_leaves_when_it_is_not_committed(self, monkeypatch):
        sent: list[OutboxDocument] = []
        monkeypatch.setattr(outbox, "send_committed", sent.append)
        monkeypatch.setattr(audit, "record_event", lambda *_, **__: 1 / 0)

        with pytest.raises(ZeroDivisionError):
            broadcast()

        assert sent == []
        assert not OutboxDocument.objects.filter(topic__endswith="alerts").exists()


class TestReceipts:
    def receipt(self, alert: Alert, screen, **values) -> ReceiptRecord:
        given = {
            "stream": "all/alerts",
            "sequence": 1,
            "alert": str(alert.pk),
            "form": AlertForm.TAKEOVER.value,
            "received_at": timezone.now(),
            "presented_at": timezone.now(),
            "latency_ms": 120.5,
            "frame": "0" * 64,
            "clock": "trusted",
        }
        return ReceiptRecord.objects.create(screen=screen, **(given | values))

    def test_say_what_became_of_it_on_each_screen(self, hall, quay):
        alert = broadcast()
        ScreenState.objects.create(screen=quay, online=True)
        assert {r.screen.slug: r.state for r in receipts.receipts_of(alert)} == {"hall": "offline", "quay": "waiting"}

        self.receipt(alert, quay)

        found = {r.screen.slug: r for r in receipts.receipts_of(alert)}
        assert (found["quay"].state, found["quay"].drawing_ms) == ("shown", 120.5)
        assert found["hall"].state == "offline"

    def test_count_the_first_showing(self, hall):
        alert = broadcast()
        first = self.receipt(alert, hall, sequence=1).presented_at
        self.receipt(alert, hall, sequence=2, presented_at=first + dt.timedelta(minutes=1))
        self.receipt(alert, hall, sequence=3, form="all-clear", presented_at=first - dt.timedelta(minutes=1))

        assert receipts.receipts_of(alert)[0].shown_at == first

    def test_are_asked_of_targets_only(self, hall, quay, district):
        alert = broadcast(Targets(groups=(district,)))

        assert [receipt.screen for receipt in receipts.receipts_of(alert)] == [quay]
