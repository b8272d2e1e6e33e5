"""Trying the decoder of the hardware, in a process of its own: its driver may hang or crash."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

TRIAL_COMMAND = (sys.executable, "-m", "beffroi_player.stage.video.decoder_trial")
TRIAL_LIMIT_S = 60.0


def try_decoder(name: str, command: Sequence[str] = TRIAL_COMMAND, limit_s: float = TRIAL_LIMIT_S) -> str:
    """Try a decoder in a process of its own; return why it is not to be used, or nothing.

    Args:
        name: That of FFmpeg.
        command: The program, to which the name is added.
        limit_s: After so many seconds it is given up.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - a program of ours
            [*command, name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
    except OSError as error:
        return f"it cannot be tried: {error}"
    try:
        said, _ = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        process.kill()
        # What waits for a driver may not even end when it is killed.
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=1)
        return f"it did not end within {limit_s:.0f} seconds"
    try:
        return str(json.loads(said.splitlines()[-1])["why"])
    except (ValueError, LookupError, TypeError):
        return f"the test ended with {process.returncode}"
