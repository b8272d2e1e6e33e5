"""Speech by eSpeak NG, a program of its own, where it is installed: text in, samples out.

The text goes in by standard input, without a shell and without markup; it cannot be taken for an option.
"""

from __future__ import annotations

import shutil
import subprocess
from array import array

from beffroi_player.sound.chimes import SAMPLE_RATE

PROGRAM = "espeak-ng"
LIMIT_S = 15.0
"""One text takes a second on the slowest machine."""
WORDS_A_MINUTE = 145
"""Slower than its own 175: outdoors, and for whoever hears badly or is still learning the language."""
_LONGEST_SAMPLES = 60 * SAMPLE_RATE
VOICES = {
    "fr": "fr-fr", "en": "en-gb", "de": "de", "es": "es", "it": "it", "nl": "nl", "pt": "pt", "lb": "lb", "ar": "ar",
    "uk": "uk", "ru": "ru", "tr": "tr", "pl": "pl", "ro": "ro", "sq": "sq", "el": "el", "cs": "cs", "da": "da",
    "sv": "sv", "he": "he", "vi": "vi", "eu": "eu", "ca": "ca",
}  # fmt: skip
"""Voices of eSpeak NG by language. It has none for Breton, Occitan, Corsican and Alsatian: those stay unspoken."""


class SpeechError(Exception):
    """A text could not be spoken; the message says why."""


def can_speak() -> bool:
    """Tell whether the program is installed."""
    return shutil.which(PROGRAM) is not None


def spoken_samples(text: str, language: str, limit_s: float = LIMIT_S) -> array[int]:
    """Return a text as speech: 16-bit samples of one channel at ``SAMPLE_RATE``, without the silence around it.

    Args:
        text: Whole sentences.
        language: Its code, such as ``fr``.
        limit_s: Seconds after which the program is ended.

    Raises:
        SpeechError: there is no such voice or program, or it does not answer as it should.
    """
    program, voice = shutil.which(PROGRAM), VOICES.get(language)
    if program is None or voice is None:
        raise SpeechError(f"there is no voice for {language}" if program else f"{PROGRAM} is not installed")
    command = [program, "-v", voice, "-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"]
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments of ours; the text is its input
            command, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=limit_s, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SpeechError(f"{PROGRAM}: {error}") from error
    return wave_samples(done.stdout)


def wave_samples(wave: bytes) -> array[int]:
    """Return the samples of a WAV file that was written to a pipe: its header does not know how long it is.

    Raises:
        SpeechError: it is no WAV file of one channel with 16 bits at ``SAMPLE_RATE``.
    """
    start = wave.find(b"data") + 8
    channels, rate, bits = (int.from_bytes(wave[at:end], "little") for at, end in ((22, 24), (24, 28), (34, 36)))
    if wave[:4] != b"RIFF" or start < 44 or (channels, rate, bits) != (1, SAMPLE_RATE, 16):
        raise SpeechError(f"{PROGRAM} gave no sound that can be played")
    data = wave[start : start + 2 * _LONGEST_SAMPLES]
    samples = array("h", data[: len(data) // 2 * 2])
    loud = [number for number, value in enumerate(samples) if abs(value) > 200]
    if not loud:
        raise SpeechError(f"{PROGRAM} said nothing")
    return samples[loud[0] : loud[-1] + 1]
