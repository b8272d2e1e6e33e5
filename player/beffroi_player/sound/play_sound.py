"""Plays one sound and ends: ``python -m beffroi_player.sound.play_sound``, with a sound request as its input.

The voices are made while the chime is heard, so that the chime waits for nothing. What came of it is one line of JSON
at the end. A driver that hangs takes nothing with it: the agent ends this process, and so does an alarm of its own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from beffroi_player.sound.chimes import CHIMES, SAMPLE_RATE, chime_samples, with_peak
from beffroi_player.sound.requests import LONGEST_S, PAUSE_S, SoundOutcome, SoundRequest
from beffroi_player.sound.speech import SpeechError, spoken_samples

MOST_BYTES = 64_000
CHIME_SHARE = 0.7
"""The peak of a chime beside that of the words: it does not startle, and the words are what counts."""


class Loudspeaker(Protocol):
    """Takes samples to play."""

    def play(self, samples: array[int]) -> None:
        """Play these after what is queued."""

    def wait(self) -> None:
        """Wait until everything was heard."""


class SdlLoudspeaker:
    """The loudspeaker of the machine.

    Raises:
        SdlError: there is none.
    """

    def __init__(self) -> None:
        from beffroi_player.outputs.audio_device import open_audio_device  # noqa: PLC0415 - loads SDL
        from beffroi_player.outputs.drawing.sdl import sdl_library  # noqa: PLC0415

        self._device, self._sdl = open_audio_device(SAMPLE_RATE, 1), sdl_library()

    def play(self, samples: array[int]) -> None:
        """Play these after what is queued."""
        self._sdl.SDL_QueueAudio(self._device, samples.tobytes(), 2 * len(samples))

    def wait(self) -> None:
        """Wait until everything was heard, and close it: that waits for the last samples."""
        while self._sdl.SDL_GetQueuedAudioSize(self._device):
            time.sleep(0.02)
        self._sdl.SDL_CloseAudioDevice(self._device)


def play(request: SoundRequest, open_loudspeaker: Callable[[], Loudspeaker]) -> tuple[SoundOutcome, str]:
    """Play a sound to its end; return what was heard, and why not all of it."""
    spoken: list[array[int]] = []
    missing: list[str] = []

    def speak() -> None:
        for language, text in request.spoken:
            try:
                spoken.append(with_peak(spoken_samples(text, language), request.volume))
            except SpeechError as error:
                missing.append(str(error))

    voices = threading.Thread(target=speak, name="speech", daemon=True)
    voices.start()
    try:
        loudspeaker = open_loudspeaker()
    except Exception as error:  # noqa: BLE001 - whatever a driver does, the agent learns of it
        return SoundOutcome.NO_DEVICE, str(error)[:300]
    loudspeaker.play(chime_samples(CHIMES[request.chime], round(CHIME_SHARE * request.volume)))
    voices.join()
    for samples in spoken:
        loudspeaker.play(array("h", bytes(2 * round(PAUSE_S * SAMPLE_RATE))))
        loudspeaker.play(samples)
    loudspeaker.wait()
    is_all = bool(spoken) or not request.spoken
    return (SoundOutcome.PLAYED if is_all else SoundOutcome.CHIME_ONLY), "; ".join(missing)[:300]


def main() -> None:
    """Play what is asked for on standard input."""
    signal.alarm(round(LONGEST_S) + 5)
    os.nice(5)
    with suppress(OSError):
        # If memory runs out, the kernel shall end the sound and not the picture.
        Path("/proc/self/oom_score_adj").write_text("500")
    request = SoundRequest.from_json(sys.stdin.buffer.read(MOST_BYTES))
    outcome, detail = play(request, SdlLoudspeaker)
    print(json.dumps({"outcome": outcome.value, "detail": detail}), flush=True)


if __name__ == "__main__":
    main()
