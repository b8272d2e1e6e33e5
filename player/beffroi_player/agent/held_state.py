"""The state that the agent holds between documents: admission, active and pending programme, and their files."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from beffroi_content.model import AssetReference, Layout, ScreenClass, ScreenSettings, Town
from beffroi_content.trust import SequenceFloor
from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_player.agent.admission import AdmissionState
from beffroi_player.agent.held_alerts import AlertDrawingContext
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.storage import AgentStorage, PendingProgramme, PlayerEnrolment, recover_trust
from beffroi_player.agent.transport.held_sets import HeldSets, SignedSet, StoredSets
from beffroi_player.state.atomic_files import FileStamp
from beffroi_player.state.directories import (
    ActiveProgramme,
    AlertsRecord,
    DocumentReception,
    RuntimeDirectory,
    Size,
    StateDirectory,
)
from beffroi_player.state.model_file import ModelFile
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

PROVEN_AFTER_MS = 600_000
"""What a programme shows for so long does not make the stage crash."""


class HeldState:
    """The state of the agent, in memory and on the disk.

    ``admission``, ``pending`` and ``programme_reception`` are changed by the admission thread alone, ``active`` by
    whoever activates a programme; any thread may read them. Each write of a file is guarded by one lock, because what
    is written last must be what was read last.

    Args:
        enrolment: Whose screen this is.
        state: The state directory.
        storage: The agent's own files within it.
        runtime: The runtime directory; its sockets wake stage and agent.
        boot: Identifies the boot.
        clock: Tells when a programme became active.
        refusals: Told of a disk that does not take something.
    """

    def __init__(
        self, enrolment: PlayerEnrolment, state: StateDirectory, storage: AgentStorage, runtime: RuntimeDirectory,
        boot: str, clock: AgentClock, refusals: RefusalLog,
    ) -> None:  # fmt: skip
        self._enrolment, self._state, self._storage, self._runtime = enrolment, state, storage, runtime
        self._clock, self._refusals = clock, refusals
        self._saving = threading.Lock()
        self._written: dict[Path, FileStamp | None] = {}
        """What the files looked like that the stage reads, when they were right."""
        self.repair_copies()
        self.active: ActiveProgramme | None = state.programme.read()
        self.pending: PendingProgramme | None = _newer_pending(storage.pending.read(), self.active)
        self.programme_reception: DocumentReception | None = _restored_reception(self.pending, enrolment.screen)
        self._written |= {slot.path: slot.file_stamp for slot in (state.programme, state.alerts)}
        self.restored_alerts = _newest_alerts(state.alerts.read(), runtime.alerts.read(), boot)
        """The alerts as they were held before this start."""
        trust = recover_trust(
            storage.trust.read(), enrolment.anchor, self.active, self.pending, self.restored_alerts,
            storage.scenarios.read(),
        )  # fmt: skip
        self.admission = AdmissionState(enrolment.screen, trust)
        self.release_archive: AssetReference | None = None
        """The file of a release of the player that is being fetched."""
        self.sets = HeldSets(storage.sets.read())
        self._saved_sets: list[SignedSet] = []

    # --- read

    def drawing_context(self, size: Size = (1920, 1080)) -> AlertDrawingContext:
        """Return what alerts are drawn for: the screen of the programme, also of one that is not ready yet.

        Before there is one it is the display of the enrolment, or where that is not known one of that size.
        """
        programme = self.active or self.pending
        if programme is not None:
            return AlertDrawingContext.of_screen(programme.manifest.settings, programme.manifest.layout)
        settings = initial_settings(self._enrolment, size)
        return AlertDrawingContext.of_screen(settings, Layout.full_screen(settings.screen_class.size))

    def needed_assets(self) -> list[AssetReference]:
        """Return the files of what is on and of what is to come."""
        # In this order: what is activated meanwhile is in one of the two.
        pending, active = self.pending, self.active
        found = [asset for each in (pending, active) if each for asset in each.manifest.assets]
        return [*found, self.release_archive] if self.release_archive else found

    def hold_release_archive(self, archive: AssetReference | None) -> None:
        """Let the file of a release be needed, or no file."""
        self.release_archive = archive

    def alert_floors(self) -> dict[str, SequenceFloor]:
        """Return the newest alert set accepted of each stream of this screen."""
        admission = self.admission
        return {name: floor for name, floor in admission.trust.floors.items() if name in admission.alert_streams}

    def accepted_sets(self) -> list[SignedSet]:
        """Return the alert sets that were accepted, as they were signed."""
        return self.sets.newer_than((), self.alert_floors())

    # --- write

    def activate_programme(self, programme: ActiveProgramme) -> None:
        """Make a programme that is ready the active one, unless it is older: one rename, then wake the stage.

        Raises:
            OSError: the disk is full or broken; the old programme stays.
        """
        # Prepared again after a repair it comes with the same sequence, and is activated once more.
        ready = programme.model_copy(update={"activated_at_ms": max(0, self._clock.now().unix_ms)})
        with self._saving:
            ready = ready.model_copy(update={"proven": proven_slides(self.active, ready)})
            if self.active is not None and self.active.sequence > ready.sequence:
                return
            self._write_programme(ready)
            self.active = ready
        if self.pending is not None and self.pending.sequence <= ready.sequence:
            self.pending = None
            self._storage.pending.remove()
        send_wakeup(self._runtime.stage_socket)
        send_wakeup(self._runtime.agent_socket)

    def save_trust(self) -> None:
        """Write the present state of trust."""
        with self._saving:
            self._report_disk_error("trust.json", lambda: self._storage.trust.write(self.admission.trust))

    def save_pending(self, programme: PendingProgramme) -> None:
        """Write the programme that is to be prepared."""
        reception = self.programme_reception
        if reception is not None and reception.sequence == programme.sequence:
            programme = programme.model_copy(update={"received_at_ms": max(0, reception.unix_ms)})
        self._report_disk_error("pending.json", lambda: self._storage.pending.write(programme))

    def save_alerts(self, write: Callable[[], None]) -> None:
        """Let the alerts be written, and remember what their file looks like when it is right."""
        self._report_disk_error("alerts.json", write)
        self._written[self._state.alerts.path] = self._state.alerts.file_stamp

    def save_local(self, name: str, write: Callable[[], None]) -> None:
        """Write a file of what may be, or was, triggered on the spot."""
        with self._saving:
            self._report_disk_error(name, write)

    def save_sets(self) -> None:
        """Write the alert sets that were accepted, unless they are on the disk."""
        sets = self.accepted_sets()
        if sets == self._saved_sets:
            return
        # Not validated: the model would take the bytes for the text that they are written as.
        stored = StoredSets.model_construct(sets=dict(sets))
        self._report_disk_error("alert-sets.json", lambda: self._storage.sets.write(stored))
        self._saved_sets = sets

    # --- repair

    def make_folders(self) -> None:
        """Make the folders of the state directory again, where somebody has removed one."""
        self._report_disk_error("state directory", self._state.create_folders)

    @property
    def are_alerts_damaged(self) -> bool:
        """Whether somebody else has changed ``alerts.json``."""
        return self._state.alerts.file_stamp != self._written[self._state.alerts.path]

    @property
    def is_programme_damaged(self) -> bool:
        """Whether somebody else has changed ``programme.json``."""
        return self.active is not None and self._state.programme.file_stamp != self._written[self._state.programme.path]

    def rewrite_programme(self) -> None:
        """Write the active programme again: the next start of the stage would find nothing of it."""
        self._report_disk_error("programme.json", self._rewrite_programme)

    def repair_copies(self) -> None:
        """Make files and their copies the same again, where one of them was damaged."""
        with self._saving:
            for slot in (self._storage.enrolment, self._state.programme, self._state.alerts, self._storage.scenarios):
                self._report_disk_error(slot.path.name, partial(self._repair_copy, slot))

    def _rewrite_programme(self) -> None:
        with self._saving:
            if self.active is not None:
                log.warning("programme.json was changed by somebody else: it is written again")
                self._write_programme(self.active)
        send_wakeup(self._runtime.stage_socket)

    def _write_programme(self, programme: ActiveProgramme) -> None:
        self._state.programme.write(programme)
        self._written[self._state.programme.path] = self._state.programme.file_stamp

    def _repair_copy(self, slot: ModelFile[Any]) -> None:
        if slot.repair_copies():
            self._written[slot.path] = slot.file_stamp

    def _report_disk_error(self, name: str, write: Callable[[], object]) -> None:
        """Write something; a disk that does not take it is reported, and takes nothing off the screen."""
        try:
            write()
        except OSError as error:
            self._refusals.record_refusal(name, "disk", str(error))


def proven_slides(before: ActiveProgramme | None, after: ActiveProgramme) -> frozenset[str]:
    """Return the slides of a programme that cannot be what makes the stage crash.

    Those are the slides that were in the programme before it, with the same frames, if that one was on for
    ``PROVEN_AFTER_MS``; if it was not, those of them that were proven then already.
    """
    if before is None:
        return frozenset()
    if before.sequence == after.sequence:
        return before.proven
    lasted = after.activated_at_ms - before.activated_at_ms >= PROVEN_AFTER_MS
    known = before.frame_names
    changed = {each.slide for each in after.frames.values() if not known.issuperset((*each.pages, *each.strips))}
    return (after.slides_with_frames & (before.slides_with_frames if lasted else before.proven)) - changed


def initial_settings(enrolment: PlayerEnrolment, size: Size) -> ScreenSettings:
    """Return the settings of a screen that has no programme yet: of its enrolled display, or one of that size."""
    known = enrolment.display
    width, height = known.size if known is not None else size
    display = ScreenClass(name="", width=width, height=height, physical_height_mm=700, viewing_distance_mm=5_000)
    rotation = known.rotation if known is not None else 0
    return ScreenSettings(
        screen_class=display, rotation=rotation, town=Town(name=enrolment.site.replace("-", " ").title())
    )


def _restored_reception(pending: PendingProgramme | None, screen: str) -> DocumentReception | None:
    if pending is None or not pending.received_at_ms:
        return None
    stream = PROGRAMME.stream_for(TopicScope.of_screen(screen))
    return DocumentReception(stream, pending.sequence, pending.received_at_ms, None)


def _newest_alerts(stored: AlertsRecord | None, live: AlertsRecord | None, boot: str) -> AlertsRecord | None:
    """Return what was held last: in this boot that is in memory, unless its directory was full."""
    if live is None or live.boot != boot:
        return stored
    is_later = stored is not None and stored.boot == boot and stored.saved_at_uptime_ms > live.saved_at_uptime_ms
    return stored if is_later else live


def _newer_pending(pending: PendingProgramme | None, active: ActiveProgramme | None) -> PendingProgramme | None:
    if pending is None or (active is not None and pending.sequence <= active.sequence):
        return None
    return pending
