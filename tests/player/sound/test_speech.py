"""Speech by eSpeak NG, as it is installed and as it may fail."""

from __future__ import annotations

import shutil
import stat
from array import array
from pathlib import Path

import pytest

from beffroi_content.languages import LANGUAGES
from beffroi_player.sound import speech
from beffroi_player.sound.chimes import SAMPLE_RATE
from beffroi_player.sound.speech import VOICES, SpeechError, can_speak, spoken_samples, wave_samples


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a program of that name before all others."""

    def put(script: str) -> None:
        path = tmp_path / speech.PROGRAM
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    return put


def wave(samples: array[int], rate: int = SAMPLE_RATE, channels: int = 1) -> bytes:
    """Return a WAV file as eSpeak NG writes it to a pipe: with lengths that are not true."""
    lengths = (0x7FFFF024).to_bytes(4, "little"), (0x7FFFF000).to_bytes(4, "little")
    numbers = (1, 2), (channels, 2), (rate, 4), (2 * rate, 4), (2, 2), (16, 2)
    head = b"".join(number.to_bytes(size, "little") for number, size in numbers)
    return b"RIFF" + lengths[0] + b"WAVEfmt \x10\0\0\0" + head + b"data" + lengths[1] + samples.tobytes()


def test_the_silence_around_the_words_is_left_out():
    words = array("h", [3_000, -3_000] * 50)
    quiet = array("h", bytes(400))
    assert wave_samples(wave(quiet + words + quiet)) == words


@pytest.mark.parametrize(
    "given", [b"", b"no wave", wave(array("h", [5_000] * 9), rate=16_000), wave(array("h", [5_000] * 9), channels=2),
              wave(array("h", bytes(200)))],
    ids=["nothing", "other", "rate", "channels", "silent"],
)  # fmt: skip
def test_what_is_no_speech_is_refused(given):
    with pytest.raises(SpeechError):
        wave_samples(given)


def test_the_text_is_no_argument_and_no_command(program, tmp_path):
    program(f'printf "%s\\n" "$@" > {tmp_path}/arguments; cat > {tmp_path}/text')
    with pytest.raises(SpeechError):
        spoken_samples("--path=/etc $(reboot); Évacuez.", "fr")
    assert (tmp_path / "text").read_text() == "--path=/etc $(reboot); Évacuez."
    assert "path" not in (tmp_path / "arguments").read_text()
    assert "fr-fr" in (tmp_path / "arguments").read_text()


@pytest.mark.parametrize("script", ["exit 1", "exec sleep 60"], ids=["fails", "hangs"])
def test_a_program_that_does_not_work_is_not_waited_for(program, script):
    program(script)
    with pytest.raises(SpeechError):
        spoken_samples("Évacuez.", "fr", limit_s=0.2)


def test_without_the_program_or_a_voice_nothing_is_spoken(tmp_path, monkeypatch, program):
    program("exit 0")
    assert can_speak()
    with pytest.raises(SpeechError, match="no voice for br"):
        spoken_samples("Demat.", "br")
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert not can_speak()
    with pytest.raises(SpeechError, match="not installed"):
        spoken_samples("Évacuez.", "fr")


def test_voices_are_of_languages_that_alerts_are_written_in():
    assert set(VOICES) <= set(LANGUAGES)
    assert {code for code in LANGUAGES if code not in VOICES} == {"br", "oc", "co", "gsw"}


@pytest.mark.skipif(shutil.which(speech.PROGRAM) is None, reason="espeak-ng is not installed")
def test_the_real_program_speaks():
    short, long = (len(spoken_samples(text, "fr")) / SAMPLE_RATE for text in ("Urgence.", "Urgence. " * 4))
    assert 0.4 < short < 1.5
    assert long > 3 * short
