"""The thread that makes programmes ready, one after another; a newer one interrupts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from beffroi_player import backoff
from beffroi_player.agent.prepare.asset_downloads import DownloadCancelled
from beffroi_player.agent.prepare.programme_preparation import ProgrammeNotReady, ProgrammePreparer
from beffroi_player.agent.storage import PendingProgramme
from beffroi_player.state.directories import ActiveProgramme

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 60.0
"""Seconds between two tries to fetch what is missing."""


class PreparationQueue:
    """Takes the newest programme that is offered until it is active.

    Args:
        activate: Puts a programme on the glass; raises OSError where the disk does not let it.
        changed: Told when the report says something else.
    """

    def __init__(
        self, workshop: ProgrammePreparer, activate: Callable[[ActiveProgramme], None], changed: Callable[[], None]
    ) -> None:
        self.status = ""
        """What a programme still waits for, in a sentence."""
        self._workshop = workshop
        self._activate = activate
        self._changed = changed
        self._wanted: PendingProgramme | None = None
        self._wakeup = threading.Event()
        self._stopping = False
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="preparer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def offer_programme(self, programme: PendingProgramme) -> None:
        """Prepare this one; it replaces one that is not ready, unless that is newer."""
        wanted = self._wanted
        if wanted is not None and wanted.sequence > programme.sequence:
            return
        self._wanted = programme
        self._failures = 0
        self._wakeup.set()

    def stop(self) -> None:
        """Interrupt the work and end; it is resumed after the next start."""
        self._stopping = True
        self._wakeup.set()
        self._thread.join(10)
        self._workshop.renderer.close()

    def prepare_next(self) -> float | None:
        """Prepare what is wanted. Return the seconds after which to try again; None if there is nothing to do."""
        self._wakeup.clear()
        wanted = self._wanted
        if wanted is None:
            return None
        try:
            programme = self._workshop.prepare_programme(wanted.sequence, wanted.manifest, self._is_cancelled)
            self._activate(programme)
        except DownloadCancelled:
            return 0.0
        except ProgrammeNotReady as waiting:
            return self._retry_later(str(waiting))
        except Exception as error:
            log.exception("the programme %d is not ready", wanted.sequence)
            return self._retry_later(f"failed: {type(error).__name__}: {error}")
        if self._wanted is wanted:
            self._wanted = None
        log.info(
            "programme %d is active, %d slides left out", programme.sequence, len(programme.skipped),
            extra={"STREAM": "programme", "SEQUENCE": programme.sequence},
        )  # fmt: skip
        self._report_status("")
        return None

    def note_progress(self, sentence: str) -> None:
        """Note what is being done; the report is due only when something is amiss."""
        self.status = sentence

    def _is_cancelled(self) -> bool:
        return self._stopping or self._wakeup.is_set()

    def _retry_later(self, sentence: str) -> float:
        self._failures += 1
        self._report_status(sentence[:500])
        return backoff.retry_delay(self._failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)

    def _report_status(self, sentence: str) -> None:
        self.status = sentence
        self._changed()

    def _run(self) -> None:
        while not self._stopping:
            pause = self.prepare_next()
            self._wakeup.wait(pause)
