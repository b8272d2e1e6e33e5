"""The two-person rule, and who is on call."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import on_call, second_officer, services
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert
from beffroi_server.fleet.targets import EVERYWHERE

pytestmark = pytest.mark.usefixtures("keyring", "english")
TEXT = {"level": "emergency", "status": "actual", "title": "Flood", "source": "Town hall", "duration_min": 60}


@pytest.fixture(autouse=True)
def rule(town) -> None:
    town.second_officer_levels = ["emergency"]
    town.save()


def propose(user, values=TEXT, **how):
    return second_officer.propose_alert(values, EVERYWHERE, user=user, token=uuid.uuid4(), **how)


def test_nobody_alone_broadcasts_what_needs_two(bob):
    with pytest.raises(AlertRefused) as refused:
        services.broadcast_alert(**TEXT, targets=EVERYWHERE, user=bob)
    assert refused.value.code == "second-officer"
    assert services.broadcast_alert(**(TEXT | {"status": "exercise"}), targets=EVERYWHERE, user=bob).pk
    assert services.broadcast_alert(**(TEXT | {"level": "alert"}), targets=EVERYWHERE, user=bob).pk


def test_another_officer_confirms_by_one_press_however_often(bob, dora):
    proposal = propose(bob)
    assert list(second_officer.open_proposals(timezone.now(), dora)) == [proposal]
    with pytest.raises(AlertRefused, match="Another officer"):
        second_officer.confirm_proposal(proposal, user=bob)

    alert = second_officer.confirm_proposal(proposal, user=dora)

    assert second_officer.confirm_proposal(proposal, user=dora) == alert
    assert (alert.issued_by, alert.confirmed_by) == (bob, dora)
    assert not second_officer.open_proposals(timezone.now())
    event = AuditEvent.objects.get(action="alert-broadcast")
    assert (event.actor, event.detail["confirmed_by"]) == ("bob", "dora")
    with pytest.raises(AlertRefused, match="no longer waits"):
        second_officer.decline_proposal(proposal, user=dora)


def test_who_is_alone_says_why(bob):
    proposal = propose(bob)
    with pytest.raises(AlertRefused, match="Say why"):
        second_officer.broadcast_alone(proposal, "  ", user=bob)

    alert = second_officer.broadcast_alone(proposal, "Nobody answers the phone", user=bob)

    assert alert.alone_reason == "Nobody answers the phone"
    assert AuditEvent.objects.get(action="alert-broadcast").detail["alone_reason"] == alert.alone_reason


def test_a_proposal_waits_no_longer_than_its_deadline(bob, dora, monkeypatch):
    proposal = propose(bob)
    late = timezone.now() + second_officer.WAITS
    monkeypatch.setattr(timezone, "now", lambda: late)
    with pytest.raises(AlertRefused, match="no longer waits"):
        second_officer.confirm_proposal(proposal, user=dora)
    assert not Alert.objects.exists()


def test_what_would_be_over_by_now_is_not_broadcast_and_waits_no_more(bob, dora, monkeypatch):
    now = timezone.now()
    proposal = propose(None, TEXT | {"ends_at": now + dt.timedelta(minutes=5)})
    monkeypatch.setattr(timezone, "now", lambda: now + dt.timedelta(minutes=5))
    assert not second_officer.open_proposals(timezone.now(), dora)
    with pytest.raises(AlertRefused, match="was to end"):
        second_officer.confirm_proposal(proposal, user=dora)
    assert not Alert.objects.exists()


def test_a_correction_waits_no_more_once_its_alert_is_over(bob, dora):
    running = services.broadcast_alert(**(TEXT | {"level": "alert"}), targets=EVERYWHERE, user=bob)
    proposal = propose(bob, corrects=running)
    assert list(second_officer.open_proposals(timezone.now(), dora)) == [proposal]
    services.end_alert(running, user=bob)
    assert not second_officer.open_proposals(timezone.now(), dora)
    proposal.refresh_from_db()
    with pytest.raises(AlertRefused, match="has already ended"):
        second_officer.confirm_proposal(proposal, user=dora)
    assert Alert.objects.count() == 1


@pytest.mark.parametrize("chosen", ["original", "rewritten"])
def test_of_two_wordings_of_one_alert_only_one_is_broadcast(bob, dora, chosen):
    original = propose(None, origin="warning")
    rewritten = propose(bob, TEXT | {"title": "Flood of the quays"}, rewrites=original)
    assert set(second_officer.open_proposals(timezone.now(), dora)) == {original, rewritten}

    alert = second_officer.confirm_proposal(original if chosen == "original" else rewritten, user=dora)

    assert not second_officer.open_proposals(timezone.now(), dora)
    original.refresh_from_db()
    rewritten.refresh_from_db()
    assert second_officer.alert_of(original) == alert
    with pytest.raises(AlertRefused, match="no longer waits"):
        second_officer.confirm_proposal(rewritten if chosen == "original" else original, user=dora)
    assert Alert.objects.count() == 1


def test_weeks_go_round_from_monday_morning_and_a_swap_comes_first(bob, dora):
    assert on_call.officers_on_call() == []
    on_call.save_members([bob, dora], user=dora)
    rota = on_call.read_rota()
    monday = dt.datetime(2027, 3, 1, 7, tzinfo=dt.UTC)
    first, second = rota.on_call_at(monday), rota.on_call_at(monday + dt.timedelta(days=7))
    assert {first[0], second[0]} == {bob, dora}
    assert rota.on_call_at(monday - dt.timedelta(seconds=1)) == second, "before eight it is still the week before"
    assert rota.on_call_at(monday + dt.timedelta(days=6, hours=20)) == first

    start = timezone.now() + dt.timedelta(days=1)
    for person in (bob, dora):
        on_call.add_exception(person, start, start + dt.timedelta(days=1), user=bob)
        on_call.remove_exception(on_call.OnCallException.objects.get().pk, user=bob) if person is bob else None
    assert on_call.officers_on_call(start + dt.timedelta(hours=5)) == [dora]
    assert [turn.user for turn in on_call.read_rota().turns(timezone.now()) if turn.exception] == [dora]
