"""Whether a machine can be heard at all, without opening anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from beffroi_content.model import AlertSound
from beffroi_player.sound.speech import can_speak

SOUND_MISSING, SPEECH_MISSING = "sound-missing", "speech-missing"


def sound_problems(
    wanted: AlertSound | None, devices: Path = Path("/dev/snd"), speaks: Callable[[], bool] = can_speak
) -> tuple[str, ...]:
    """Return what a machine lacks for the sound that its screen is to give; nothing where it is to be silent.

    Args:
        wanted: The setting of the screen.
        devices: The folder of ALSA's devices.
        speaks: Tells whether there is a voice.
    """
    if wanted is None:
        return ()
    found = () if _can_play(devices) else (SOUND_MISSING,)
    return found if speaks() or not wanted.speech else (*found, SPEECH_MISSING)


def _can_play(devices: Path) -> bool:
    # Somebody has named another way than that of the kernel.
    if os.environ.get("SDL_AUDIODRIVER") or os.environ.get("PULSE_SERVER"):
        return True
    return any(os.access(device, os.R_OK | os.W_OK) for device in devices.glob("pcmC*D*p"))
