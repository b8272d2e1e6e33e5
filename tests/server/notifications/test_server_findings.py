"""What the server finds wrong with itself, told to those who look after it: once, and when it is over."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from beffroi_content.findings import Finding
from beffroi_server.core import machine_clock
from beffroi_server.doctor import finding_incidents
from beffroi_server.doctor import jobs as doctor_jobs
from beffroi_server.doctor.examination import Examination, record_examination
from beffroi_server.doctor.process_notes import NOTE_NAME, ProcessNote, write_json
from beffroi_server.monitoring.finding_texts import CODES
from beffroi_server.notifications import choices, incident_texts, notices
from beffroi_server.notifications.models import Incident, Notice, NotificationChoice, choice_of
from beffroi_server.notifications.occasions import Occasion

pytestmark = pytest.mark.django_db
ENDING = Finding("broker-certificate-ending", {"host": "mqtt.example.org", "problem": "", "day": "2026-12-09"})
DRIFTING = Finding("clock-free")


@pytest.fixture
def examined(day):
    """Have examinations find things, at the present instant of the day."""

    def examined(*findings: Finding) -> None:
        record_examination(Examination(day.now, day.now, findings, {}))

    return examined


@pytest.fixture
def passes(day):
    """Let minutes pass, with a look at each; return whether another examination was asked for meanwhile."""
    asked = Path(django_settings.DATA) / "examination-asked"

    def passes(minutes: int) -> bool:
        for _minute in range(minutes):
            day.travel_to(day.now + dt.timedelta(minutes=1))
            doctor_jobs.watch_findings()
            day.send()
        was_asked = asked.exists()
        asked.unlink(missing_ok=True)
        return was_asked

    return passes


def test_a_finding_of_harm_is_told_once_it_is_confirmed_and_again_when_it_is_over(day, examined, passes, sink, tess):
    examined(ENDING)
    assert passes(2), "another examination, so that nobody is told of a moment"
    examined(ENDING)
    assert not passes(5)

    (mail,) = sink.texts()
    assert "The certificate of the broker mqtt.example.org ends on 9 December 2026." in mail
    assert "Renew it, and check why it was not renewed by itself." in mail
    assert not passes(30)
    assert len(sink.texts()) == 1

    examined()
    passes(10)

    assert "Over: server, “The certificate of the broker mqtt.example.org ends on 9 December 2026”" in sink.texts()[-1]
    assert Incident.objects.get().ended_at is not None


def test_what_was_so_for_a_moment_is_told_to_nobody(day, examined, passes, tess):
    examined(DRIFTING)
    passes(2)
    examined()
    passes(10)

    assert not Notice.objects.exists()


def test_what_other_occasions_tell_or_the_page_alone_is_no_incident_of_this_one(day, examined, passes):
    examined(Finding("disk-low", {"folder": "/data", "free_mb": 900, "problem": ""}), Finding("mail-unset"))

    passes(10)

    assert not Incident.objects.exists()


def test_every_finding_is_told_or_left_out_on_purpose():
    sets = (finding_incidents.TOLD, finding_incidents.OF_OTHER_OCCASIONS, finding_incidents.NOT_TOLD)
    assert sorted(code for each in sets for code in each) == sorted(CODES)


def test_what_follows_from_another_finding_is_not_told_besides(day, examined, passes):
    examined(
        Finding("broker-away", {"address": "mqtt.example.org:8883", "problem": "refused"}), Finding("broker-lost"),
        Finding("outbox-stuck", {"count": 3, "topics": "x"}),
    )  # fmt: skip

    passes(1)

    assert [each.reason for each in Incident.objects.all()] == ["broker-away"]


def test_an_old_examination_neither_begins_an_incident_nor_ends_one(day, examined, passes):
    examined(DRIFTING)
    passes(6)
    record = Path(django_settings.DATA) / "health.json"
    day.travel_to(day.now + dt.timedelta(hours=3))
    passes(5)
    assert Incident.objects.get().is_present

    record.unlink()
    passes(5)
    assert Incident.objects.get().is_present


def test_what_the_running_server_notes_of_itself_needs_no_examination(day, data, passes, sink, tess):
    note = ProcessNote("1.0", machine_clock.boot_id(), machine_clock.uptime_ms(), "", ("night-backup",))
    write_json(data / NOTE_NAME, {**vars_of(note), "overdue_jobs": ["night-backup"]})

    assert not passes(6)

    (mail,) = sink.texts()
    assert "Jobs of the server have not ended well for a while: night-backup" in mail


def vars_of(note: ProcessNote) -> dict[str, object]:
    return {name: getattr(note, name) for name in ProcessNote.__slots__}


@pytest.mark.parametrize(
    ("who", "step"), [("charlie", "timedatectl"), ("alice", "Tell the person who runs the server.")]
)
def test_the_page_says_it_to_each_in_words_of_use(day, examined, passes, request, client, who, step):
    user = request.getfixturevalue(who)
    examined(DRIFTING)
    passes(6)
    client.force_login(user)

    page = client.get("/attention/", headers={"Accept-Language": "en"}).content.decode()

    assert "The clock of the server is not synchronised." in page
    assert step in page
    incident = Incident.objects.get(occasion=Occasion.SERVER_FINDING)
    assert incident_texts.incident_path(incident, user) == ("/attention/" if user.may_install else "")


def test_the_page_says_a_finding_once(day, examined, passes, client, charlie):
    examined(DRIFTING, Finding("mail-unset"))
    passes(6)
    client.force_login(charlie)

    page = client.get("/attention/", headers={"Accept-Language": "en"}).content.decode()

    assert page.count("The clock of the server is not synchronised.") == 1
    assert 'data-code="mail-unset"' in page
    examined(DRIFTING)
    assert "What is wrong with the server is listed above." in " ".join(
        client.get("/attention/", headers={"Accept-Language": "en"}).content.decode().split()
    )


def test_who_chose_before_there_was_this_occasion_is_told_as_usual(charlie, alice):
    for user in (charlie, alice):
        choices.save_choice(user, choice_of(user))
        row = NotificationChoice.objects.get(user=user)
        del row.ways[Occasion.SERVER_FINDING]
        row.ways[Occasion.DISK] = []
        row.save()

    told = {each.user_id: each for each in notices.choices()}
    assert told[charlie.pk].ways_for(Occasion.SERVER_FINDING) == ["mail"]
    assert told[charlie.pk].ways_for(Occasion.DISK) == []
    assert told[alice.pk].ways_for(Occasion.SERVER_FINDING) == []

    chosen = choice_of(charlie)
    chosen.ways = {Occasion.BACKUP.value: ["mail"]}
    choices.save_choice(charlie, chosen)
    assert choice_of(charlie).ways_for(Occasion.SERVER_FINDING) == [], "what was unticked stays so"


def test_it_is_told_in_french(day, examined, passes, sink, tess):
    day.town.locale = "fr"
    day.town.save()
    examined(DRIFTING)
    passes(6)
    examined()
    passes(10)

    first, last = sink.texts()
    assert "L’horloge du serveur n’est pas synchronisée." in first
    assert "serveur, «\xa0L’horloge du serveur n’est pas synchronisée\xa0»" in last
