"""Admission: every signed document passes here, in one thread and in the order of arrival.

An alert goes from here straight to the glass; what has to wait for the disk or the network is handed to others.
The order of persistence: for everything but alerts the new floor is on the disk before anything is done; an alert
is on the glass first. ``vault.recovered_trust`` puts right what a power cut leaves between the two.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from beffroi_content.model import Layout, ScreenClass, ScreenSettings, Town
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.trust import AdmittedDocument, DocumentRefused, DuplicateDocument, admit_document, concerned_topics
from beffroi_content.wire.documents import AlertSet, Beat, KeyList, ProgrammeDocument, ScreenCommand
from beffroi_content.wire.messages import ALERTS, BEAT, KEYS
from beffroi_content.wire.topics import Topic
from beffroi_player.agent.held_alerts import AlertDrawingContext, DocumentReception, HeldAlerts
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.prepare.programme_preparation import proven_slides
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.storage import AgentStorage, PendingProgramme, PlayerEnrolment, recover_trust
from beffroi_player.state.atomic_files import FileStamp
from beffroi_player.state.directories import ActiveProgramme, RuntimeDirectory, Size, StateDirectory
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

BEAT_SAVE_MS = 120_000
"""How often the floor of the beat goes to the disk: a beat repeated from within this time can set the clock back by
no more than that, and a memory card lives longer."""


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """A payload that came in on a topic."""

    topic: str
    payload: bytes
    uptime_ms: float
    """When."""
    live: bool
    """Whether it came as it was sent: by MQTT, and not because the broker had kept it."""


@dataclass(frozen=True)
class Consequences:
    """What others do about documents. Called from the admitting thread; none may block."""

    later: Callable[[Callable[[], None]], None]
    """Do something that waits for the disk, in order."""
    rest: Callable[[Callable[[], None]], None]
    """Do something a moment later in the admitting thread."""
    programme: Callable[[PendingProgramme], None]
    command: Callable[[ScreenCommand], None]
    subscribe: Callable[[], None]
    """The topics have changed, or retained documents are wanted again."""
    poll: Callable[[], None]
    """Fetch everything over HTTP now."""
    changed: Callable[[], None]
    """The report says something else now."""
    nudge: Callable[[], object]
    """Wake the stage."""


class DocumentAdmission:
    """What the player believes and holds."""

    def __init__(
        self,
        enrolment: PlayerEnrolment,
        state: StateDirectory,
        vault: AgentStorage,
        runtime: RuntimeDirectory,
        clock: AgentClock,
        refusals: RefusalLog,
        uptime: Callable[[], float],
        effects: Consequences,
        boot: str,
    ) -> None:
        self._state = state
        self._vault = vault
        self._effects = effects
        self._refusals = refusals
        self._uptime = uptime
        self._enrolment = enrolment
        self.clock = clock
        self._saving = threading.Lock()
        self._written: dict[Path, FileStamp | None] = {}
        self.repair_copies()
        self.active: ActiveProgramme | None = state.programme.read()
        self._written |= {slot.path: slot.file_stamp for slot in (state.programme, state.alerts)}
        """What the files looked like that the stage reads, when they were right."""
        self.pending: PendingProgramme | None = _newer_pending(vault.pending.read(), self.active)
        stored = state.alerts.read()
        self.trust = recover_trust(vault.trust.read(), enrolment.anchor, self.active, self.pending, stored)
        clock.raise_floor(self.trust.newest_at_ms)
        self.programme_reception: DocumentReception | None = None
        self.last_beat_uptime_ms: float | None = None
        self._beat_saved_ms: float | None = None
        self._heads: dict[str, int] = {}
        self._expired = False
        self.held_alerts = HeldAlerts(state, runtime, boot, effects.nudge, self._rest, uptime, self.drawing_context())
        live = runtime.alerts.read()
        self.held_alerts.restore(live if live is not None and live.boot == boot else stored)
        self.held_alerts.retain_streams(topic.stream for topic in self.topics())

    def topics(self) -> tuple[Topic, ...]:
        """Return what the player listens to."""
        return concerned_topics(self.trust)

    def drawing_context(self, size: Size = (1920, 1080)) -> AlertDrawingContext:
        """Return what alerts are drawn for: the programme's screen, or before there is one a screen of that size."""
        if self.active is not None:
            return AlertDrawingContext.of_screen(self.active.manifest.settings, self.active.manifest.layout)
        settings = initial_settings(self._enrolment, size)
        return AlertDrawingContext.of_screen(settings, Layout.full_screen(size))

    def admit_document(self, arrival: ReceivedDocument) -> None:
        """Check a document and do what it says."""
        try:
            admission = admit_document(self.trust, arrival.topic, arrival.payload, self._moment(arrival))
        except DuplicateDocument:
            return
        except DocumentRefused as refused:
            if _is_old_beat(arrival, refused):
                return
            self._expired |= refused.code == "expired"
            self._refusals.record_refusal(arrival.topic, refused.code, refused.detail)
            self._effects.changed()
            return
        self.trust = admission.state
        self.clock.raise_floor(self.trust.newest_at_ms)
        self._act(admission, arrival)

    def update_drawing_context(self) -> None:
        """Draw the alerts again if the screen has changed."""
        surroundings = self.drawing_context(self.held_alerts.drawing_context.settings.screen_class.size)
        if surroundings != self.held_alerts.drawing_context:
            self.held_alerts.drawing_context = surroundings
            self.held_alerts.draw_missing()

    def resize_display(self, size: Size) -> None:
        """Learn the size of the display while no programme says it."""
        if self.active is None and size != self.held_alerts.drawing_context.settings.screen_class.size:
            self.held_alerts.drawing_context = self.drawing_context(size)
            self.held_alerts.draw_missing()

    def save_alerts(self) -> None:
        """Write what the alerts have left to live, in case the power goes."""
        if any(stream.alerts for stream in self.held_alerts.streams.values()):
            self._save_alerts()

    def _moment(self, arrival: ReceivedDocument) -> Moment:
        """Return the moment for the check of expiry. A wrong clock must not shut out the beat that would set it.

        Nor the keys that the beat is signed with.
        """
        moment = self.clock.now()
        if arrival.topic.endswith((f"/{BEAT.leaf}", f"/{KEYS.leaf}")) and not self.clock.has_beat:
            return Moment(moment.unix_ms, moment.uptime_ms, ClockState.UNKNOWN)
        return moment

    def _act(self, admission: AdmittedDocument, arrival: ReceivedDocument) -> None:
        document = admission.document
        reception = DocumentReception(
            admission.topic.stream, document.sequence, self.clock.now().unix_ms, arrival.uptime_ms
        )
        if isinstance(document, AlertSet):
            self._take_alerts(document, reception)
        elif isinstance(document, KeyList):
            self._save_trust()
            self._effects.subscribe()
        elif isinstance(document, Beat):
            self._take_beat(document, arrival)
        elif isinstance(document, ProgrammeDocument):
            self._take_programme(document, reception)
        elif isinstance(document, ScreenCommand):
            self._after_floor(lambda: self._effects.command(document))
        self._effects.changed()

    def _take_alerts(self, document: AlertSet, reception: DocumentReception) -> None:
        # The disk comes after the glass: ``_rest`` saves it.
        self.held_alerts.take_set(reception.stream, document, reception)

    def _rest(self, work: Callable[[], None]) -> None:
        def work_and_save() -> None:
            work()
            self._save_alerts()

        self._effects.rest(work_and_save)

    def _save_alerts(self) -> None:
        record = self.held_alerts.to_record()

        def save() -> None:
            self._report_disk_error("alerts.json", lambda: self.held_alerts.save_record(record))
            self._written[self._state.alerts.path] = self._state.alerts.file_stamp
            self._save_trust()

        self._effects.later(save)

    def repair_state_files(self) -> None:
        """Write again what was damaged on the disk: the next start of the stage would find nothing of it."""
        self._report_disk_error("state directory", self._state.create_folders)
        if self._state.alerts.file_stamp != self._written[self._state.alerts.path]:
            self._save_alerts()
        if self.active is not None and self._state.programme.file_stamp != self._written[self._state.programme.path]:
            self._effects.later(lambda: self._report_disk_error("programme.json", self._save_programme))

    def repair_copies(self) -> None:
        """Make files and their copies the same again, where one of them was damaged."""
        with self._saving:
            for slot in (self._vault.enrolment, self._state.programme, self._state.alerts):
                self._report_disk_error(slot.path.name, partial(self._repair_copy, slot))

    def _repair_copy(self, slot: ModelFile[Any]) -> None:
        if slot.repair_copies():
            self._written[slot.path] = slot.file_stamp

    def _save_programme(self) -> None:
        with self._saving:
            if self.active is not None:
                log.warning("programme.json was changed by somebody else: it is written again")
                self._state.programme.write(self.active)
                self._written[self._state.programme.path] = self._state.programme.file_stamp
        self._effects.nudge()

    def _take_beat(self, document: Beat, arrival: ReceivedDocument) -> None:
        if self._beat_saved_ms is None or arrival.uptime_ms - self._beat_saved_ms >= BEAT_SAVE_MS:
            self._beat_saved_ms = arrival.uptime_ms
            self._effects.later(self._save_trust)
        if not arrival.live:
            return
        self.last_beat_uptime_ms = arrival.uptime_ms
        if self.clock.apply_beat(document.issued_at_ms, arrival.uptime_ms) and self._expired:
            # What a wrong clock took for expired may be genuine after all.
            self._expired = False
            self._effects.subscribe()
            self._effects.poll()
        self._heads = document.heads

    @property
    def withheld_streams(self) -> list[str]:
        """The streams of which the town, by its last beat, has said more than has arrived."""
        own = {topic.stream for topic in self.topics()}
        floors = self.trust.floors
        return [
            stream
            for stream, sequence in self._heads.items()
            if stream in own and (stream not in floors or floors[stream].sequence < sequence)
        ]

    def _take_programme(self, document: ProgrammeDocument, reception: DocumentReception) -> None:
        manifest = document.manifest
        if manifest.screen != self._enrolment.screen:
            self._refusals.record_refusal(
                f"{reception.stream}", "invalid", f"the programme is that of {manifest.screen}"
            )
            return
        self.pending = pending = PendingProgramme(sequence=document.sequence, manifest=manifest)
        self.programme_reception = reception
        groups = manifest.settings.groups
        if groups != self.trust.groups:
            self.trust = self.trust.model_copy(update={"groups": groups})
            self.held_alerts.retain_streams(topic.stream for topic in self.topics() if topic.leaf == ALERTS.leaf)
            self._effects.subscribe()

        def prepare() -> None:
            self._report_disk_error("pending.json", lambda: self._vault.pending.write(pending))
            self._save_trust()
            self._effects.programme(pending)

        self._effects.later(prepare)

    def activate_programme(self, programme: ActiveProgramme) -> None:
        """Put a programme that is ready on the glass, unless it is older: one rename, and a word to the stage.

        Raises:
            OSError: the disk is full or broken; the old programme stays.
        """
        ready = programme.model_copy(update={"activated_at_ms": max(0, self.clock.now().unix_ms)})
        with self._saving:
            ready = ready.model_copy(update={"proven": proven_slides(self.active, ready)})
            if self.active is not None and self.active.sequence > ready.sequence:
                return
            self._state.programme.write(ready)
            self._written[self._state.programme.path] = self._state.programme.file_stamp
            self.active = ready
        if self.pending is not None and self.pending.sequence <= ready.sequence:
            self.pending = None
            self._vault.pending.remove()
        self._effects.nudge()
        self._effects.changed()

    def _after_floor(self, act: Callable[[], None]) -> None:
        def save_and_act() -> None:
            self._save_trust()
            act()

        self._effects.later(save_and_act)

    def _save_trust(self) -> None:
        # Two threads save: what is written last must be what was read last.
        with self._saving:
            self._report_disk_error("trust.json", lambda: self._vault.trust.write(self.trust))

    def _report_disk_error(self, name: str, write: Callable[[], object]) -> None:
        """A full disk is reported, and takes nothing off the glass."""
        try:
            write()
        except OSError as error:
            self._refusals.record_refusal(name, "disk", str(error))


def _is_old_beat(arrival: ReceivedDocument, refused: DocumentRefused) -> bool:
    """Tell whether a broker hands out the beat that it kept, after a newer one came by HTTP: that is no attack."""
    return refused.code == "rollback" and not arrival.live and arrival.topic.endswith(f"/{BEAT.leaf}")


def initial_settings(enrolment: PlayerEnrolment, size: Size) -> ScreenSettings:
    """Return the settings of a screen that has no programme yet."""
    display = ScreenClass(name="", width=size[0], height=size[1], physical_height_mm=700, viewing_distance_mm=5_000)
    return ScreenSettings(screen_class=display, town=Town(name=enrolment.site.replace("-", " ").title()))


def _newer_pending(pending: PendingProgramme | None, active: ActiveProgramme | None) -> PendingProgramme | None:
    if pending is None or (active is not None and pending.sequence <= active.sequence):
        return None
    return pending
