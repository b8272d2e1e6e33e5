"""Who is told of alerts that wait for an officer, and how often."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from beffroi_server.alerts import on_call, second_officer, services
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.notifications.incident_texts import incident_path, incident_sentence
from beffroi_server.notifications.incident_watch import IncidentWatch
from beffroi_server.notifications.models import Incident, Notice, NotificationChoice
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.outside_warnings.models import OutsideWarning, WarningSource

pytestmark = pytest.mark.usefixtures("keyring", "english")
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def people(bob, dora):
    for user in (bob, dora):
        user.email = f"{user.username}@example.org"
        user.save()
    NotificationChoice.objects.create(user=bob, quiet_from=dt.time(0), quiet_until=dt.time(23, 59))


def look(now: dt.datetime) -> list[str]:
    """Return who was told something new at an instant, and that it is due at once."""
    before = set(Notice.objects.values_list("pk", flat=True))
    IncidentWatch().look_often(now)
    new = Notice.objects.exclude(pk__in=before).select_related("user").order_by("user__username")
    assert all(notice.is_urgent and notice.due_at == now for notice in new)
    return [notice.user.username for notice in new]


def broadcast(user, **values):
    given = {"level": "alert", "title": "Flood", "source": "Town hall", "duration_min": 60, "targets": EVERYWHERE}
    return services.broadcast_alert(**(given | values), user=user)


def test_the_author_is_told_before_the_end_and_every_minute_once_overdue(bob):
    alert = broadcast(bob, is_open_ended=True)
    due = alert.review_at
    assert look(due - 11 * MINUTE) == []
    assert look(due - 9 * MINUTE) == ["bob"]
    assert look(due - 8 * MINUTE) == []
    told = [look(due + seconds * dt.timedelta(seconds=1)) for seconds in (1, 16, 61, 76, 121)]
    assert told == [["bob"], [], ["bob"], [], ["bob"]]
    incident = Incident.objects.get()
    assert "was to be ended" in incident_sentence(incident)
    assert incident_path(incident, bob) == f"/alerts/{alert.pk}/"

    services.extend_alert(alert, 30, user=bob)
    assert look(due + 3 * MINUTE) == []
    assert not Incident.objects.filter(right_since=None, ended_at=None).exists()


def test_an_alert_with_an_end_is_never_overdue(bob):
    alert = broadcast(bob)
    assert look(alert.ends_at - MINUTE) == ["bob"]
    assert look(alert.ends_at + MINUTE) == []


def test_a_proposal_calls_who_is_on_call_and_breaking_the_glass_everybody(bob, dora, town):
    town.second_officer_levels = ["alert"]
    town.save()
    on_call.save_members([dora], user=dora)
    text = {"level": "alert", "status": "actual", "title": "Flood", "source": "Town hall", "duration_min": 60}
    proposal = second_officer.propose_alert(text, EVERYWHERE, user=bob, token=uuid.uuid4())
    assert look(timezone.now()) == ["dora"]
    assert incident_path(Incident.objects.get(), dora) == f"/alerts/proposals/{proposal.pk}/"

    second_officer.broadcast_alone(proposal, "No answer", user=bob)
    assert look(timezone.now()) == ["bob", "dora"]
    assert "without a second officer: No answer" in incident_sentence(Incident.objects.first())


def test_who_is_not_on_call_sleeps(bob, dora, hall):
    on_call.save_members([bob], user=dora)
    NotificationChoice.objects.create(
        user=dora, ways={Occasion.ALERT_UNSEEN: ["mail"]}, urgent=[Occasion.ALERT_UNSEEN],
        quiet_from=dt.time(0), quiet_until=dt.time(23, 59),
    )  # fmt: skip
    broadcast(bob)
    IncidentWatch().look_often(timezone.now() + 2 * MINUTE)
    assert {notice.user.username: notice.is_urgent for notice in Notice.objects.all()} == {"bob": True, "dora": False}


def warning_of(source, alert=None, **values):
    now = timezone.now()
    given = {"key": "k", "title": "Storm", "level": "alert", "ends_at": now + 60 * MINUTE, "began_at": now - 9 * MINUTE,
             "changed_at": now, "alert": alert, "decision": "propose"}  # fmt: skip
    return OutsideWarning.objects.create(source=source, **(given | values))


def test_officers_are_told_of_warnings_that_nobody_decided_on_and_of_ended_ones_that_are_left_on(bob):
    source, now = WarningSource.objects.create(name="Weather"), timezone.now()
    text = {"level": "alert", "title": "Storm", "source": "Weather", "ends_at": now + 60 * MINUTE}
    proposal = second_officer.propose_alert(
        text, EVERYWHERE, user=None, token=uuid.uuid4(), origin="warning", waits=5 * MINUTE
    )
    warning = warning_of(source, proposal=proposal, state="missed")
    assert look(now + 6 * MINUTE) == ["bob", "dora"]
    assert "Nobody decided in time" in incident_sentence(Incident.objects.get(reason="missed"))
    assert incident_path(Incident.objects.get(reason="missed"), bob) == "/warnings/"
    assert look(now + 7 * MINUTE) == []
    warning.delete()

    alert = broadcast(bob)
    warning_of(source, alert, closed_at=now, close_reason="cancel", is_left_on=True)
    assert look(now + 8 * MINUTE) == ["bob", "dora"]
    left = Incident.objects.get(reason="left-on")
    assert "still on the screens" in incident_sentence(left)
    assert incident_path(left, bob) == f"/alerts/{alert.pk}/"
    services.end_alert(alert, user=bob)
    assert look(timezone.now() + 9 * MINUTE) == []


def test_a_source_whose_warnings_do_not_come_is_told_with_the_reason_and_when_it_is_back(charlie, bob):
    now = timezone.now()
    NotificationChoice.objects.all().delete()
    charlie.email = "charlie@example.org"
    charlie.save()
    source = WarningSource.objects.create(name="Weather", failing_since=now, problem="No connection.")
    watch = IncidentWatch()
    watch.look_around(now + 10 * MINUTE)
    assert not Notice.objects.exists()
    watch.look_around(now + 16 * MINUTE)
    told = Notice.objects.values_list("user__username", "kind")
    assert set(told) == {(name, "opened") for name in ("bob", "charlie", "dora")}
    assert "No connection." in incident_sentence(Incident.objects.get())

    source.failing_since = None
    source.save()
    watch.look_around(now + 17 * MINUTE)
    watch.look_around(now + 30 * MINUTE)
    assert Notice.objects.filter(kind="recovered").count() == 3
