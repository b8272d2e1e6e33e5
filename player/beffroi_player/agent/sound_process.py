"""The process that plays a sound: started, asked and ended by the agent, which never waits for it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from beffroi_player.sound.requests import SoundOutcome, SoundRequest

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "beffroi_player.sound.play_sound")
_KILL_S = 0.5
_MOST_BYTES = 8_000


class SoundProcess:
    """Plays one sound at a time. Belongs to one thread.

    Args:
        command: The program, which reads a request on its standard input.
    """

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_playing(self) -> bool:
        """Whether a sound was started of which nobody has taken the outcome."""
        return self._process is not None

    def start(self, request: SoundRequest) -> None:
        """Start a sound.

        Raises:
            OSError: the program cannot be started.
        """
        process = subprocess.Popen(  # noqa: S603 - a program of ours
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._process = process
        assert process.stdin is not None
        # A request is far smaller than what a pipe takes without a reader: this does not block.
        with suppress(BrokenPipeError):
            process.stdin.write(request.to_json())
            process.stdin.close()

    def take_outcome(self) -> tuple[SoundOutcome, str] | None:
        """Return what became of the sound, once; None while it is played, and where there is none."""
        process = self._process
        if process is None or process.poll() is None:
            return None
        self._process = None
        assert process.stdout is not None
        try:
            answer = json.loads(process.stdout.read(_MOST_BYTES).splitlines()[-1])
            return SoundOutcome(answer["outcome"]), str(answer["detail"])
        except (OSError, ValueError, LookupError, TypeError):
            return SoundOutcome.FAILED, f"it ended with {process.returncode}"
        finally:
            process.stdout.close()

    def stop(self) -> None:
        """End the sound at once."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        # A process in a system call of a driver may not even end when it is killed.
        with suppress(subprocess.TimeoutExpired):
            process.wait(_KILL_S)
        if process.stdout is not None:
            process.stdout.close()
