"""The sound of a screen on its pages: what may be heard, what became of it, and the trial."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from tests.support.pages import page_text

from beffroi_content.wire.reports import PlayerReport
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.fleet.models import Screen
from beffroi_server.web.fleet.sound_text import OUTCOME_TEXTS, last_sound, sound_lines

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english", "keyring")]


def report(**sound: object) -> PlayerReport:
    values = {"boot": "b", "number": 1, "at_ms": 0, "clock": "trusted", "link": "live"}
    return PlayerReport.model_validate({**values, "sound": {"at_ms": 1_796_036_400_000, **sound}})


@pytest.fixture
def audible(hall: Screen) -> Screen:
    Screen.objects.update(sound_level="emergency", enrolled_at=timezone.now())
    hall.refresh_from_db()
    return hall


def test_the_form_saves_what_was_chosen_and_opens_where_something_is_heard(as_charlie, hall):
    values = {
        "name": "Hall", "screen_class": hall.screen_class_id, "rotation": 0, "sound_level": "alert",
        "sound_volume": "30", "sound_from": "08:00", "sound_until": "20:00", "sound_at_night": "on",
    }  # fmt: skip
    assert as_charlie.post("/screens/hall/edit/", values).status_code == 302
    hall.refresh_from_db()
    assert (hall.sound_level, hall.sound_volume, hall.sound_speech, hall.sound_at_night) == ("alert", 30, False, True)
    page = page_text(as_charlie.get("/screens/hall/edit/"))
    assert re.search(r'<details class="more" open>\s*<summary id="sound">', page)
    values["sound_until"] = ""
    answer = as_charlie.post("/screens/hall/edit/", values)
    assert answer.status_code == 422
    assert "sound_until" in answer.context["form"].errors


def test_the_page_says_what_may_be_heard_and_offers_a_trial_to_technicians(as_charlie, alice, client, audible):
    page = page_text(as_charlie.get("/screens/hall/"))
    assert "/screens/hall/trial-sound/" in page
    assert "50 % at most" in page
    assert as_charlie.post("/screens/hall/trial-sound/").status_code == 302
    assert AuditEvent.objects.filter(action="sound-tried").exists()
    client.force_login(alice)
    assert "/screens/hall/trial-sound/" not in page_text(client.get("/screens/hall/"))


def test_a_silent_screen_offers_no_trial_and_refuses_one(as_charlie, hall):
    Screen.objects.update(enrolled_at=timezone.now())
    assert "/screens/hall/trial-sound/" not in page_text(as_charlie.get("/screens/hall/"))
    as_charlie.post("/screens/hall/trial-sound/")
    assert not AuditEvent.objects.filter(action="sound-tried").exists()


def test_hours_are_said_in_words(audible):
    assert list(sound_lines(audible))[-1] == "from 07:00 to 22:00"
    audible.sound_at_night = True
    assert list(sound_lines(audible))[-1].endswith("emergencies at any hour")
    audible.sound_from = audible.sound_until = None
    assert list(sound_lines(audible))[-1] == "at any hour"


@pytest.mark.parametrize("outcome", [*OUTCOME_TEXTS, "of-tomorrow"])
def test_every_outcome_is_told(outcome):
    text, detail = last_sound(report(outcome=outcome, alert="a", detail="ALSA: busy"), {"a": "Flood"})
    assert text.startswith("Flood ")
    assert str(OUTCOME_TEXTS.get(outcome, outcome)) in text
    assert detail == "ALSA: busy"


def test_a_trial_is_told_as_one_and_nothing_before_the_first_sound():
    assert last_sound(report(outcome="played"), {})[0].startswith("Trial ")
    assert last_sound(None, {}) == ("", "")
