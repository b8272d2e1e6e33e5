"""The preparation queue: one thread makes the newest programme ready and active.

A newer programme interrupts the work on an older one. What was downloaded and drawn for it stays on the disk, so that
hardly anything is done twice.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from beffroi_player import backoff
from beffroi_player.agent.effects import Effect, UpdateDrawingContext
from beffroi_player.agent.held_state import HeldState
from beffroi_player.agent.prepare.asset_downloads import DownloadCancelled
from beffroi_player.agent.prepare.programme_preparation import ProgrammeNotReady, ProgrammePreparer
from beffroi_player.agent.storage import PendingProgramme

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 60.0
"""Seconds between two attempts, doubled after each that fails."""


class PreparationQueue:
    """Takes the newest programme that is offered until it is active.

    Args:
        preparer: Makes a programme ready.
        held: Makes a programme active that is ready.
        put: Puts an effect into the inbox of the admission thread.
        changed: Called when the report says something else.
    """

    def __init__(
        self, preparer: ProgrammePreparer, held: HeldState, put: Callable[[Effect], object],
        changed: Callable[[], object],
    ) -> None:  # fmt: skip
        self.status = ""
        """A sentence that says what the programme still waits for; empty where nothing is to be done."""
        self._preparer, self._held, self._put, self._changed = preparer, held, put, changed
        self._wanted: PendingProgramme | None = None
        self._wakeup = threading.Event()
        self._stopping = False
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="preparer", daemon=True)

    @property
    def has_work(self) -> bool:
        """Whether a programme was offered that no step has taken up yet."""
        return self._wanted is not None and self._wakeup.is_set()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def offer_programme(self, programme: PendingProgramme) -> None:
        """Prepare a programme. It replaces one that is not ready yet, unless that is newer."""
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
        self._preparer.renderer.close()

    def prepare_next(self) -> float | None:
        """Prepare the programme that was offered last. Return the seconds to the next attempt, or None."""
        # Cleared before it is read: an offer in between wakes the next step.
        self._wakeup.clear()
        wanted = self._wanted
        if wanted is None:
            return None
        try:
            programme = self._preparer.prepare_programme(
                wanted.sequence, wanted.manifest, self._is_cancelled, self._note_progress
            )
            self._held.activate_programme(programme)
            self._put(UpdateDrawingContext())
        except DownloadCancelled:
            return 0.0
        except ProgrammeNotReady as waiting:
            return self._retry_later(str(waiting))
        except Exception as error:
            log.exception("the programme %d is not ready", wanted.sequence)
            return self._retry_later(f"failed: {type(error).__name__}: {error}")
        # A newer one may have been offered while this one became active.
        if self._wanted is wanted:
            self._wanted = None
        log.info(
            "programme %d is active, %d slides left out", programme.sequence, len(programme.skipped),
            extra={"STREAM": "programme", "SEQUENCE": programme.sequence},
        )  # fmt: skip
        self._report_status("")
        return None

    def _note_progress(self, sentence: str) -> None:
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
