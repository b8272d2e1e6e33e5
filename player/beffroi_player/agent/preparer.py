"""The thread that makes programmes ready, one after another; a newer one interrupts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from beffroi_player import backoff
from beffroi_player.agent.assets import Cancelled
from beffroi_player.agent.programme import Waiting, Workshop
from beffroi_player.agent.vault import PendingProgramme
from beffroi_player.store import ActiveProgramme

log = logging.getLogger(__name__)

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
"""Seconds between two tries to fetch what is missing."""


class Preparer:
    """Takes the newest programme that is offered until it is active.

    Args:
        activate: Puts a programme on the glass; raises OSError where the disk does not let it.
        changed: Told when the report says something else.
    """

    def __init__(
        self, workshop: Workshop, activate: Callable[[ActiveProgramme], None], changed: Callable[[], None]
    ) -> None:
        self.status = ""
        """What a programme still waits for, in a sentence."""
        self._workshop = workshop
        self._activate = activate
        self._changed = changed
        self._wanted: PendingProgramme | None = None
        self._news = threading.Event()
        self._stopping = False
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="preparer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def offer(self, programme: PendingProgramme) -> None:
        """Prepare this one; it replaces one that is not ready, unless that is newer."""
        wanted = self._wanted
        if wanted is not None and wanted.sequence > programme.sequence:
            return
        self._wanted = programme
        self._failures = 0
        self._news.set()

    def stop(self) -> None:
        """Interrupt the work and end; it is resumed after the next start."""
        self._stopping = True
        self._news.set()
        self._thread.join(10)
        self._workshop.painter.close()

    def step(self) -> float | None:
        """Prepare what is wanted. Return the seconds after which to try again; None if there is nothing to do."""
        self._news.clear()
        wanted = self._wanted
        if wanted is None:
            return None
        try:
            programme = self._workshop.prepare(wanted.sequence, wanted.manifest, self._cancelled)
            self._activate(programme)
        except Cancelled:
            return 0.0
        except Waiting as waiting:
            return self._again(str(waiting))
        except Exception as error:
            log.exception("the programme %d is not ready", wanted.sequence)
            return self._again(f"failed: {type(error).__name__}: {error}")
        if self._wanted is wanted:
            self._wanted = None
        log.info(
            "programme %d is active, %d slides left out", programme.sequence, len(programme.skipped),
            extra={"STREAM": "programme", "SEQUENCE": programme.sequence},
        )  # fmt: skip
        self._say("")
        return None

    def say(self, sentence: str) -> None:
        """Note what is being done; the report is due only when something is amiss."""
        self.status = sentence

    def _cancelled(self) -> bool:
        return self._stopping or self._news.is_set()

    def _again(self, sentence: str) -> float:
        self._failures += 1
        self._say(sentence[:500])
        return backoff.pause(self._failures, FIRST_PAUSE, LONGEST_PAUSE)

    def _say(self, sentence: str) -> None:
        self.status = sentence
        self._changed()

    def _run(self) -> None:
        while not self._stopping:
            pause = self.step()
            self._news.wait(pause)
