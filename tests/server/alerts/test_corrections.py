"""Corrections: another text takes the place of a running alert in one step."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from beffroi_content.model import AlertLevel
from beffroi_content.timeline import AlertVisibility
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import corrections, queries, receipts, services
from beffroi_server.alerts.alert_reach import reach_and_seen
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.models import ReceiptRecord
from beffroi_server.fleet.targets import EVERYWHERE, Targets

pytestmark = pytest.mark.usefixtures("keyring")


def broadcast(targets: Targets = EVERYWHERE, **values) -> Alert:
    given = {"level": AlertLevel.EMERGENCY, "title": "Flood", "source": "Town hall", "duration_min": 60, "user": None}
    return services.broadcast_alert(targets=targets, **(given | values))


def correct(former: Alert, targets: Targets = EVERYWHERE, **values) -> Alert:
    return broadcast(targets, **({"title": "Flood in rue Pasteur", "corrects": former, "duration_min": None} | values))


def published(scope: TopicScope | None = None):
    return signing.published_document(ALERTS, scope or TopicScope.all_screens())


def test_finds_room_in_a_set_in_which_a_new_alert_of_its_level_does_not(bob):
    former = broadcast(level=AlertLevel.INFORMATION, user=bob)
    while True:
        try:
            broadcast(level=AlertLevel.INFORMATION, user=bob)
        except AlertRefused:
            break
    broadcast(user=bob)
    correct(former, level=AlertLevel.INFORMATION, user=bob)
    assert former not in queries.running_alerts()


def test_names_every_text_that_the_alert_had_so_that_whoever_saw_one_is_told_its_end(bob, hall):
    first = broadcast(user=bob)
    now = timezone.now()
    ReceiptRecord.objects.create(
        screen=hall, stream="all/alerts", sequence=1, alert=str(first.pk), form="takeover", received_at=now,
        presented_at=now, latency_ms=1, frame="0" * 64, clock="trusted",
    )  # fmt: skip
    second = correct(first, user=bob)
    third = correct(second, user=bob)
    last = correct(third, user=bob)
    (sent,) = published().alerts
    assert sent.replaced == (str(third.pk), str(second.pk), str(first.pk))

    services.end_alert(last, user=bob)
    (row,) = queries.running_alerts()
    (statement,) = receipts.common_statements([row], *reach_and_seen([row]), timezone.now(), {})
    assert statement.visibility is AlertVisibility.ALL_CLEAR


def test_takes_the_place_of_the_former_text_in_one_set(bob):
    former = broadcast(user=bob)
    before = published().sequence

    new = correct(former, user=bob)

    (sent,) = published().alerts
    assert published().sequence > before
    assert (sent.id, sent.title, sent.corrects) == (str(new.pk), "Flood in rue Pasteur", str(former.pk))
    assert sent.corrected_at_ms == sent.issued_at_ms
    former.refresh_from_db()
    assert (new.ends_at, former.replaced_at, former.settled) == (former.ends_at, new.issued_at, True)
    assert queries.active_alerts(timezone.now()) == [new]
    assert corrections.former_texts(new) == [former]
    event = AuditEvent.objects.first()
    assert (event.action, event.detail["former"]) == ("alert-corrected", str(former.pk))
    assert event.detail["changes"]["title"] == ["Flood", "Flood in rue Pasteur"]
    assert audit.verify_chain()


def test_reaches_its_new_screens_before_it_leaves_the_others(hall, quay, district):
    former = broadcast(Targets(groups=(district,)))
    OutboxDocument.objects.all().delete()

    correct(former, Targets(screens=(hall,)), duration_min=10)

    sent = [each.topic.split("/down/")[1] for each in OutboxDocument.objects.order_by("pk")]
    assert sent == ["s-hall/alerts", "g-harbour/alerts"]
    assert not published(TopicScope.of_group("harbour")).alerts


def test_pressed_twice_is_one_and_a_second_officer_is_told(english):
    former, token = broadcast(), uuid.uuid4()
    assert correct(former, token=token) == correct(former, token=token)

    stale = Alert.objects.get(pk=former.pk)
    for act in (
        lambda: correct(stale, title="Other"),
        lambda: services.end_alert(stale, user=None),
        lambda: services.extend_alert(stale, 10, user=None),
        lambda: services.withdraw_alert(stale, user=None),
    ):
        with pytest.raises(AlertRefused, match="has been corrected") as refused:
            act()
        assert refused.value.code == "corrected"
    assert Alert.objects.count() == 2


def test_is_refused_for_what_is_over_and_beyond_a_scope(english, sam):
    former = broadcast()
    sam.role = "officer"
    with pytest.raises(NotPermitted):
        correct(former, user=sam)
    services.end_alert(former, user=None)
    with pytest.raises(AlertRefused, match="already ended"):
        correct(former)
