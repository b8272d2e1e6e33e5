"""Starts the trial of a hardware decoder as a process of its own, since the driver may hang or crash."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

TRIAL_COMMAND = (sys.executable, "-m", "beffroi_player.stage.video.decoder_trial")
TRIAL_LIMIT_S = 60.0


def try_decoder(name: str, command: Sequence[str] = TRIAL_COMMAND, limit_s: float = TRIAL_LIMIT_S) -> str:
    """Try a decoder in a process of its own; return the reason why it is not to be used, or nothing.

    Args:
        name: FFmpeg's name of the decoder.
        command: The program, to which the name is added.
        limit_s: Seconds after which the process is killed.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - a program of ours
            [*command, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
    except OSError as error:
        return f"it cannot be tried: {error}"
    try:
        output, _ = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        # A process in a system call of a driver may not even end when it is killed.
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=1)
        return f"it did not end within {limit_s:.0f} seconds"
    try:
        return str(json.loads(output.splitlines()[-1])["why"])
    except (ValueError, LookupError, TypeError):
        return f"the trial ended with {process.returncode}"
