"""The program that plays one sound: the chime first, then every language, in a process that may be ended."""

from __future__ import annotations

import shutil
import threading
from array import array
from pathlib import Path

import pytest
from tests.support.waiting import until

from beffroi_player.agent.sound_process import SoundProcess
from beffroi_player.outputs.drawing.sdl import SdlError
from beffroi_player.sound import play_sound, speech
from beffroi_player.sound.chimes import CHIMES, FULL_SCALE, SAMPLE_RATE, chime_samples
from beffroi_player.sound.requests import SoundOutcome, SoundRequest
from beffroi_player.sound.speech import SpeechError

WORDS = {"fr": array("h", [9_000, -9_000] * 50), "en": array("h", [4_000, -4_000] * 50)}


class FakeLoudspeaker:
    def __init__(self) -> None:
        self.played: list[array[int]] = []

    def play(self, samples: array[int]) -> None:
        self.played.append(samples)

    def wait(self) -> None:
        pass


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A voice that is ready at once, unless a test clears this."""
    is_ready = threading.Event()
    is_ready.set()

    def spoken(_text: str, language: str) -> array[int]:
        assert is_ready.wait(10)
        if language not in WORDS:
            raise SpeechError(f"there is no voice for {language}")
        return WORDS[language]

    monkeypatch.setattr(play_sound, "spoken_samples", spoken)
    return is_ready


def test_the_chime_and_then_each_language_are_heard_none_louder_than_allowed(voice):
    request = SoundRequest("alert", 40, (("fr", "Alerte."), ("br", "Diwall."), ("en", "Alert.")))
    ear = FakeLoudspeaker()
    outcome = play_sound.play(request, lambda: ear)
    assert outcome == (SoundOutcome.PLAYED, "there is no voice for br")
    chime, _pause, french, _pause, english = ear.played
    assert chime == chime_samples(CHIMES["alert"], 28)
    assert [max(map(abs, each)) for each in (french, english)] == [FULL_SCALE * 40 // 100] * 2


def test_the_chime_does_not_wait_for_the_voice(voice):
    voice.clear()

    class Ear(FakeLoudspeaker):
        def play(self, samples: array[int]) -> None:
            super().play(samples)
            voice.set()

    ear = Ear()
    assert play_sound.play(SoundRequest("alert", 40, (("fr", "Alerte."),)), lambda: ear)[0] is SoundOutcome.PLAYED
    assert len(ear.played) == 3


def test_without_a_voice_there_is_the_chime(voice):
    ear = FakeLoudspeaker()
    outcome, detail = play_sound.play(SoundRequest("alert", 40, (("br", "Diwall."),)), lambda: ear)
    assert (outcome, len(ear.played)) == (SoundOutcome.CHIME_ONLY, 1)
    assert "br" in detail


def test_a_machine_without_a_loudspeaker_says_so(voice):
    def refuse() -> FakeLoudspeaker:
        raise SdlError("No such audio device")

    request = SoundRequest("alert", 40, (("fr", "Alerte."),))
    assert play_sound.play(request, refuse) == (SoundOutcome.NO_DEVICE, "No such audio device")


class TestTheProcess:
    def test_plays_through_the_real_library(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
        monkeypatch.setenv("SDL_DISKAUDIOFILE", str(tmp_path / "heard"))
        monkeypatch.setenv("SDL_DISKAUDIODELAY", "1")
        process, found = SoundProcess(), []
        spoken = (("fr", "Essai."),) if shutil.which(speech.PROGRAM) else ()
        process.start(SoundRequest("trial", 30, spoken))
        assert process.is_playing
        until("the end", lambda: found.append(process.take_outcome()) or found[-1])
        assert found[-1] == (SoundOutcome.PLAYED, "")
        assert not process.is_playing
        heard = array("h", (tmp_path / "heard").read_bytes())
        chime = chime_samples(CHIMES["trial"], 21)
        # The device begins with some silence.
        began = next(at for at, value in enumerate(heard) if value)
        first = next(at for at, value in enumerate(chime) if value)
        assert heard[began : began + 5_000] == chime[first : first + 5_000]
        assert max(heard) <= FULL_SCALE * 30 // 100
        assert bool(spoken) == any(heard[began + len(chime) + SAMPLE_RATE // 2 :])

    def test_of_which_the_driver_fails_says_so(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("SDL_AUDIODRIVER", "none-such")
        process, found = SoundProcess(), []
        process.start(SoundRequest("trial", 30))
        until("the end", lambda: found.append(process.take_outcome()) or found[-1])
        assert found[-1][0] is SoundOutcome.NO_DEVICE
        assert "none-such" in found[-1][1]

    @pytest.mark.parametrize("script", ["exit 3", "echo odd", "exec cat"], ids=["ends", "odd", "echoes"])
    def test_that_answers_nothing_known_has_failed(self, script):
        process, found = SoundProcess(("sh", "-c", script)), []
        process.start(SoundRequest("trial", 30))
        until("the end", lambda: found.append(process.take_outcome()) or found[-1])
        assert found[-1][0] is SoundOutcome.FAILED

    def test_that_hangs_is_ended_without_waiting(self):
        process = SoundProcess(("sleep", "60"))
        process.start(SoundRequest("trial", 30))
        assert process.take_outcome() is None
        process.stop()
        assert not process.is_playing
        assert process.take_outcome() is None
