"""What a machine lacks for its sound, before anything is to be heard."""

from __future__ import annotations

import pytest

from beffroi_content.model import AlertSound
from beffroi_player.sound.equipment import sound_problems


@pytest.fixture
def devices(tmp_path, monkeypatch):
    monkeypatch.delenv("SDL_AUDIODRIVER", raising=False)
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    return tmp_path


def test_a_silent_screen_lacks_nothing(devices):
    assert sound_problems(None, devices, lambda: False) == ()


def test_a_loudspeaker_and_a_voice_are_missed(devices):
    (devices / "pcmC0D0c").touch()
    assert sound_problems(AlertSound(), devices, lambda: False) == ("sound-missing", "speech-missing")
    (devices / "pcmC1D0p").touch()
    assert sound_problems(AlertSound(), devices, lambda: False) == ("speech-missing",)
    assert sound_problems(AlertSound(), devices, lambda: True) == ()


def test_a_voice_is_missed_only_where_it_is_wanted(devices):
    (devices / "pcmC0D0p").touch()
    assert sound_problems(AlertSound(speech=False), devices, lambda: False) == ()
