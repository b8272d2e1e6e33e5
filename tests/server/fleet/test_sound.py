"""What an installer lets be heard of alerts at a screen, and the trial of it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from beffroi_content.model import AlertLevel, AlertSound, TimeWindow
from beffroi_content.wire import envelope
from beffroi_content.wire.documents import CommandKind, ScreenCommand
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import services, sound_trials
from beffroi_server.fleet.models import Screen
from beffroi_server.schedule.compile_inputs import load_inputs

pytestmark = pytest.mark.django_db


def sound_of(screen: Screen) -> AlertSound | None:
    return load_inputs(Screen.objects.get(pk=screen.pk)).settings.alert_sound


def set_up(screen: Screen, **values: object) -> Screen:
    for name, value in values.items():
        setattr(screen, name, value)
    return services.save_screen(screen, user=None)


def test_a_screen_is_silent_until_somebody_wants_it_otherwise(hall):
    assert sound_of(hall) is None


def test_what_is_set_is_in_the_programme(hall):
    set_up(hall, sound_level="alert", sound_volume=35, sound_speech=False, sound_at_night=True)
    assert sound_of(hall) == AlertSound(
        from_level=AlertLevel.ALERT, volume=35, speech=False, emergency_at_any_hour=True,
        hours=TimeWindow(start=dt.time(7), end=dt.time(22)),
    )  # fmt: skip
    set_up(hall, sound_from=None, sound_until=None)
    assert sound_of(hall).hours is None


@pytest.mark.parametrize(
    "wrong",
    [{"sound_level": "information"}, {"sound_volume": 0}, {"sound_volume": 101}, {"sound_until": None}],
    ids=str,
)
def test_what_no_player_can_do_is_refused(hall, wrong):
    with pytest.raises(ValidationError):
        set_up(hall, **wrong)


@pytest.mark.usefixtures("keyring")
class TestTrial:
    def test_is_a_command_that_is_audited(self, hall, charlie):
        sound_trials.play_trial(set_up(hall, sound_level="emergency"), user=charlie)
        row = OutboxDocument.objects.get(topic__endswith="s-hall/command")
        said = ScreenCommand.model_validate_json(envelope.parse_envelope(bytes(row.payload)).decode_body())
        assert said.kind == CommandKind.SOUND
        assert AuditEvent.objects.filter(action="sound-tried").count() == 1

    def test_is_for_technicians_and_screens_that_may_be_heard(self, hall, alice, charlie):
        with pytest.raises(ValidationError):
            sound_trials.play_trial(hall, user=charlie)
        set_up(hall, sound_level="emergency")
        with pytest.raises(NotPermitted):
            sound_trials.play_trial(hall, user=alice)
        assert not OutboxDocument.objects.filter(topic__endswith="s-hall/command").exists()
