"""A silent drill from its start to its report, with players that answer as real ones do."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from beffroi_content import rendering
from beffroi_content.model import Alert, AlertForm
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.alerts.models import Scenario
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.drills import drill_reports, jobs, silent_drills
from beffroi_server.drills.models import Drill, DrillOutcome, DrillSettings
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.monitoring.expected_frames import current_manifest
from beffroi_server.notifications.incident_watch import IncidentWatch
from beffroi_server.notifications.models import Incident
from beffroi_server.schedule import publication

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
NIGHT = dt.datetime(2026, 11, 30, 2, 30, tzinfo=dt.UTC)
"""3:30 in the town."""
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def published(keyring, playlist, hall) -> Screen:
    """A screen with a player and a programme."""
    Screen.objects.update(enrolled_at=NIGHT)
    publication.publish_due_programmes()
    return Screen.objects.get()


@pytest.fixture
def night(keyring, published):
    with time_machine.travel(NIGHT, tick=False) as travel:
        ScreenState.objects.update_or_create(screen=published, defaults={"online": True, "seen_at": None})
        yield travel


def answer(screen: Screen, drill: Drill, **changes: object) -> None:
    """Have the player of a screen answer: as it draws, unless something else is given."""
    alert, settings = Alert.model_validate(drill.alert), current_manifest(screen).settings
    pages = rendering.draw_alert(alert, AlertForm.TAKEOVER, rendering.Canvas.for_screen(settings))
    said = {
        "alert": alert.id, "received_at_ms": unix_ms(drill.started_at) + 40, "drawing_ms": 80.0,
        "frames": [rendering.image_digest(page) for page in pages],
    }  # fmt: skip
    report = {"clock": "trusted", "drill": said | changes}
    ScreenState.objects.filter(screen=screen).update(report=report)


def outcomes(drill: Drill) -> list[str]:
    return sorted(drill.results.values_list("outcome", flat=True))


def test_every_screen_is_asked_and_what_it_draws_is_compared_to_the_pixel(night, published, bob):
    drill = silent_drills.start_drill(NIGHT, user=bob)
    assert OutboxDocument.objects.filter(topic__endswith="/command").count() == drill.results.count()
    answer(published, drill)
    assert silent_drills.follow_drills(NIGHT) == 1
    report = drill_reports.report_of(drill)
    assert outcomes(drill) == [DrillOutcome.RIGHT]
    assert (report.right, report.failed, report.slowest_ms) == (1, 0, 120)
    assert not Incident.objects.exists()


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({"frames": ["0" * 64]}, DrillOutcome.DIFFERS),
        ({"frames": [], "problem": "RasterError: no letters"}, DrillOutcome.NOT_DRAWN),
        ({"alert": "another-drill"}, DrillOutcome.NO_ANSWER),
    ],
)
def test_a_screen_that_would_not_show_an_alert_right_is_told_to_people(night, published, said, outcome):
    drill = silent_drills.start_drill(NIGHT, user=None)
    answer(published, drill, **said)
    silent_drills.follow_drills(NIGHT + silent_drills.LASTS)
    IncidentWatch().look_around(NIGHT + silent_drills.LASTS)
    incident = Incident.objects.get(occasion="drill")
    assert outcomes(drill) == [outcome]
    assert (incident.occasion, incident.detail["screens"]) == ("drill", [published.name])
    again = silent_drills.start_drill(NIGHT + dt.timedelta(days=1), user=None)
    answer(published, again)
    silent_drills.follow_drills(again.started_at)
    IncidentWatch().look_around(again.started_at)
    incident.refresh_from_db()
    assert incident.ended_at is not None


def test_a_screen_that_is_not_there_fails_no_drill_for_its_silence_is_told_anyway(night, published):
    ScreenState.objects.update(online=False)
    drill = silent_drills.start_drill(NIGHT, user=None)
    silent_drills.follow_drills(NIGHT + silent_drills.LASTS)
    assert outcomes(drill) == [DrillOutcome.OFFLINE]
    assert drill_reports.report_of(drill).failed == 0


def test_a_player_of_before_is_told_apart_from_one_that_fails(night, published):
    drill = silent_drills.start_drill(NIGHT, user=None)
    refusal = {"code": "unknown-command", "last_at_ms": unix_ms(NIGHT) + 9}
    ScreenState.objects.filter(screen=published).update(report={"refusals": [refusal]})
    assert silent_drills.follow_drills(NIGHT) == 1
    assert outcomes(drill) == [DrillOutcome.TOO_OLD]


def test_who_does_not_answer_is_asked_once_more(night, published):
    drill = silent_drills.start_drill(NIGHT, user=None)
    for minutes in (0.5, 1, 2, 3):
        silent_drills.follow_drills(NIGHT + minutes * MINUTE)
    drill.refresh_from_db()
    assert OutboxDocument.objects.filter(topic__endswith="/command").count() == 2
    assert drill.closed_at is None


def test_each_night_tries_another_prepared_alert(night):
    for name in ("Flood", "Fire"):
        Scenario.objects.create(name=name, title=name, source="Town", level="emergency")
    titles = []
    for number in range(3):
        now = NIGHT + dt.timedelta(days=number)
        titles.append(silent_drills.start_drill(now, user=None).title)
        silent_drills.follow_drills(now + silent_drills.LASTS)
    assert titles == ["Flood", "Fire", "Flood"]


@pytest.mark.parametrize(
    ("after", "is_held"), [(-MINUTE, False), (0 * MINUTE, True), (60 * MINUTE, True), (121 * MINUTE, False)]
)
def test_the_drill_of_the_night_is_held_once_at_its_hour(night, monkeypatch, after, is_held):
    monkeypatch.setattr(jobs, "is_clock_confirmed", lambda: True)
    assert (jobs.hold_nightly(NIGHT + after) is not None) == is_held
    assert jobs.hold_nightly(NIGHT + after + MINUTE / 2) is None
    assert Drill.objects.count() == is_held


def test_no_drill_is_held_where_no_hour_is_set(night, monkeypatch, dora):
    monkeypatch.setattr(jobs, "is_clock_confirmed", lambda: True)
    silent_drills.save_settings(DrillSettings(nightly_at=None), user=dora)
    assert jobs.hold_nightly(NIGHT) is None


def test_the_report_is_mailed_where_the_town_wants_each(night, published, dora, settings):
    settings.EMAIL_HOST, settings.EMAIL_BACKEND = "mail.test", "django.core.mail.backends.locmem.EmailBackend"
    dora.email = "dora@saint-aubin.example"
    dora.save()
    drill = silent_drills.start_drill(NIGHT, user=None)
    answer(published, drill)
    silent_drills.follow_drills(NIGHT)
    silent_drills.save_settings(DrillSettings(mails_each=True), user=dora)
    assert (drill_reports.mail_reports(NIGHT), drill_reports.mail_reports(NIGHT)) == (1, 0)
    assert str(drill.pk) in mail.outbox[0].body


def test_a_drill_on_every_screen_is_started_by_officers_of_the_whole_town(night, alice, bob, district, client):
    with pytest.raises(NotPermitted):
        silent_drills.start_drill(NIGHT, user=alice)
    client.force_login(bob)
    assert client.post(reverse("drill-start")).status_code == 302
    page = client.get(reverse("drill", args=[Drill.objects.get().pk]))
    assert page.status_code == 200
    bob.is_limited_to_groups = True
    bob.save()
    silent_drills.follow_drills(NIGHT + silent_drills.LASTS)
    with pytest.raises(NotPermitted):
        silent_drills.start_drill(NIGHT, user=bob)


def test_old_drills_are_deleted(night):
    silent_drills.start_drill(NIGHT, user=None)
    assert silent_drills.delete_old(NIGHT + silent_drills.KEPT) == 0
    assert silent_drills.delete_old(NIGHT + silent_drills.KEPT + MINUTE) > 0
