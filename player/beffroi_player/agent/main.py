"""The life of the agent: what is started, in which order, and stopped in the reverse one."""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
import threading
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType
from urllib.parse import urlsplit

from beffroi_content import rendering
from beffroi_content.model import Alert, AlertForm, AlertLevel, AssetReference
from beffroi_content.wire.documents import ScreenCommand
from beffroi_content.wire.reports import ConnectionState as LinkState
from beffroi_content.wire.reports import PlayerHealth
from beffroi_player import system_clock, systemd_notify
from beffroi_player.agent.admission import Consequences, DocumentAdmission, ReceivedDocument
from beffroi_player.agent.commands import CommandRunner
from beffroi_player.agent.held_alerts import save_png
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.host.health import HealthMonitor
from beffroi_player.agent.prepare.asset_downloads import AssetStore
from beffroi_player.agent.prepare.download_window import is_download_due
from beffroi_player.agent.prepare.live_frames import LiveFrames
from beffroi_player.agent.prepare.preparation_queue import PreparationQueue
from beffroi_player.agent.prepare.programme_preparation import (
    ProgrammePreparer,
    broken_frames,
    remove_other_frames,
    slide_sizes,
)
from beffroi_player.agent.prepare.render_process import RenderProcess
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.report.capture_upload import CaptureUploader
from beffroi_player.agent.report.play_archive import PlayArchive
from beffroi_player.agent.report.play_upload import PlayUploader
from beffroi_player.agent.report.reporter import ReportFacts, ScreenReporter
from beffroi_player.agent.serial_worker import SerialWorker
from beffroi_player.agent.storage import AgentStorage, PendingProgramme, PlayerEnrolment
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.agent.transport.mqtt_client import PlayerMqttClient, broker_host
from beffroi_player.agent.transport.peer_sharing import PeerSharing
from beffroi_player.agent.transport.polling import DocumentPoller
from beffroi_player.state.atomic_files import remove_leftovers
from beffroi_player.state.directories import ActiveProgramme, RuntimeDirectory, Size, StateDirectory
from beffroi_player.wakeup import WakeupSocket, send_wakeup

log = logging.getLogger(__name__)

BEAT_TIMEOUT_MS = 25_000
"""Without a live beat for so long the link is not believed."""
STUCK_ADMISSION_SECONDS = 60.0
"""Where one document is admitted for so long no alert comes through any more: a new start may be the cure."""
AFTER_ALERT_SECONDS = 0.2
"""After an alert: the stage has the processor to itself while it brings the first form to the glass."""
WITHHELD_MS = 5_000
KERNEL_CLOCK_MS = 10_000
DOWNLOADS_MS = 60_000
STATE_REPAIR_MS = 10_000
"""How often it looks whether somebody has damaged what the stage reads: two questions to the file system."""
ARCHIVE_MS = 60_000
HEALTH_MS = 60_000
COPIES_MS = 300_000
"""How often files are compared with their copies."""
ALERTS_MS = 300_000
"""How often what the alerts have left to live goes to the disk."""


def run_agent(state: StateDirectory, runtime: RuntimeDirectory) -> int:
    """Serve until SIGTERM or a command to restart.

    Returns:
        The exit code: 0, or 1 if nobody can say whose screen this is.
    """
    slot = AgentStorage(state.folder).enrolment
    enrolment = slot.read()
    if enrolment is None and slot.file_stamp is not None:
        log.error("enrolment.json cannot be used, nor its copy: mend who may read it, or enrol this player again")
        return 1
    if enrolment is None:
        log.error("this player belongs to no town yet: run “beffroi-player enrol URL CODE --root FINGERPRINT”")
        return 1
    with ExitStack() as undo:
        bell = undo.enter_context(WakeupSocket(runtime.agent_socket))
        agent = PlayerAgent(enrolment, state, runtime)
        signal.signal(signal.SIGTERM, agent.on_signal)
        signal.signal(signal.SIGINT, agent.on_signal)
        undo.callback(agent.stop)
        agent.start()
        systemd_notify.notify_ready()
        agent.serve(bell)
    return 0


class PlayerAgent:
    """Everything on the network side of one screen."""

    def __init__(self, enrolment: PlayerEnrolment, state: StateDirectory, runtime: RuntimeDirectory) -> None:
        self._enrolment = enrolment
        self._state = state
        self._runtime = runtime
        self._stopping = threading.Event()
        self._due: dict[str, float] = {}
        self._notice_size: Size | None = None
        self._withheld: set[str] = set()
        remove_leftovers(state.folder)
        remove_leftovers(state.frames)
        remove_leftovers(state.plays)
        boot, vault = uuid.uuid4().hex, AgentStorage(state.folder)
        stored = vault.trust.read()
        self.clock = AgentClock(runtime, stored.newest_at_ms if stored else 0, self._nudge)
        self.refusals = RefusalLog(lambda: self.clock.now().unix_ms, system_clock.uptime_ms)
        self._disk = SerialWorker("disk")
        self._admission = SerialWorker("admission")
        host = urlsplit(enrolment.server).hostname or "localhost"
        effects = Consequences(
            later=self._later,
            rest=self._rest, programme=self._prepare, command=self._obey, subscribe=self._subscribe,
            poll=self._poll, changed=self._changed, nudge=self._nudge,
        )  # fmt: skip
        self.core = DocumentAdmission(
            enrolment,
            state,
            vault,
            runtime,
            self.clock,
            self.refusals,
            system_clock.uptime_ms,
            effects,
            system_clock.boot_id(),
        )
        server = ServerClient(enrolment.server, enrolment.token)
        self.link = PlayerMqttClient(
            enrolment,
            broker_host(enrolment.mqtt, host),
            boot,
            self.core.topics,
            self.receive_document,
            lambda topic, detail: self.refusals.record_refusal(topic, "subscription-refused", detail),
            self._link_changed,
        )
        self.plays = PlayUploader(state, self.link.publish)
        self.poller = DocumentPoller(
            server, self.receive_document, self._changed, system_clock.uptime_ms, self.plays.note_held
        )
        self._neighbours = PeerSharing(state.assets, enrolment.site)
        self._assets = AssetStore(state.assets, server, self._neighbours)
        workshop = ProgrammePreparer(state, self._assets, RenderProcess(state.assets, state.frames))
        workshop.needed, workshop.now = self._needed, self.clock.now
        self.preparer = PreparationQueue(workshop, self._activate, self._changed)
        workshop.say = self.preparer.note_progress
        self.live = LiveFrames(runtime, lambda: self.core.active, self.clock.now, self._nudge)
        self._archive = PlayArchive(state, self.clock.now)
        self._captures = CaptureUploader(server.upload_capture, self.refusals.record_refusal)
        self._vitals = HealthMonitor(state.folder)
        self.reporter = ScreenReporter(
            boot, state, runtime, self._facts, self.link.publish, system_clock.uptime_ms, self._tidy, self._repair,
            self._captures.offer_capture, self._vitals.read_machine(),
        )  # fmt: skip
        self._health: PlayerHealth | None = None
        self.commands = CommandRunner(
            self.core, vault, runtime, self.refusals, enrolment.screen,
            self.reporter.request_screenshot, self.reporter.request_capture, self._stopping.set, self._nudge,
        )  # fmt: skip

    def start(self) -> None:
        """Start every thread; those that keep the glass right first."""
        self._write_notice((1920, 1080))
        self._warm_up()
        self._disk.start()
        self._admission.start()
        self.preparer.start()
        if self.core.pending is not None:
            self.preparer.offer_programme(self.core.pending)
        elif self.core.active is not None and broken_frames(self.core.active, self._state.frames):
            self._repair(())
        self.live.start()
        self.link.start()
        self.poller.start()
        self._captures.start()
        self._nudge()
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Stop what was started, in the reverse order."""
        self._neighbours.stop_sharing()
        self._captures.stop()
        self.plays.save_progress()
        self.poller.stop()
        self.link.stop()
        self.live.stop()
        self.preparer.stop()
        self._admission.stop()
        self._disk.stop()

    def serve(self, bell: WakeupSocket) -> None:
        """Report until it is time to stop."""
        while not self._stopping.is_set():
            wait = min(self._chores(), self.reporter.report_changes())
            if self._admission.seconds_at_work < STUCK_ADMISSION_SECONDS:
                systemd_notify.notify_alive()
            bell.wait(min(wait, 5.0))
        self.reporter.report_changes()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """End the service."""
        self._stopping.set()
        send_wakeup(self._runtime.agent_socket)

    def receive_document(self, arrival: ReceivedDocument) -> None:
        """Take a document to admission. Never blocks."""
        if not self._admission.put(lambda: self.core.admit_document(arrival)):
            # State, not events: what is dropped here comes again with the next poll.
            self.refusals.record_refusal(arrival.topic, "overrun", "more documents than can be checked")
            self._poll()

    # --- chores of the reporting thread

    def _chores(self) -> float:
        self._every("kernel", KERNEL_CLOCK_MS, self.clock.ask_kernel)
        self._every("health", HEALTH_MS, self._take_pulse)
        self._every("plays", self.plays.pause_ms, self.plays.send_batch)
        self._every("archive", ARCHIVE_MS, self._archive.tidy_files)
        self._every("line", DOWNLOADS_MS, self._mind_line)
        self._every("alerts", ALERTS_MS, lambda: self._admission.put(self.core.save_alerts))
        self._every("copies", COPIES_MS, lambda: self._later(self.core.repair_copies))
        self._every("heads", WITHHELD_MS, self._compare_heads)
        glass = self.reporter.presented
        if glass is not None and glass.programme is None and self.core.active is not None:
            self._due.pop("mend", None)
        self._every("mend", STATE_REPAIR_MS, lambda: self._admission.put(self.core.repair_state_files))
        self._every("beat", BEAT_TIMEOUT_MS, self._watch_beat)
        if glass is not None and glass.programme is None and not glass.showings and glass.size != self._notice_size:
            self._write_notice(glass.size)
            self._admission.put(lambda: self.core.resize_display(glass.size))
        return 5.0

    def _every(self, name: str, period_ms: int, chore: Callable[[], object]) -> None:
        now = system_clock.uptime_ms()
        if now < self._due.get(name, 0.0):
            return
        self._due[name] = now + period_ms
        try:
            chore()
        except Exception:
            log.exception("%s: a chore failed", name)

    def _take_pulse(self) -> None:
        glass = self.reporter.presented
        counted = (glass.dropped_frames, glass.late_frames, glass.decode_errors) if glass else ()
        self._health = self._vitals.read_health(*counted)

    def _needed(self) -> list[AssetReference]:
        """Return the files of what is on and of what is to come."""
        # In this order: what is activated meanwhile is in one of the two.
        pending, active = self.core.pending, self.core.active
        return [asset for each in (pending, active) if each for asset in each.manifest.assets]

    def _mind_line(self) -> None:
        """Share files with the neighbours or not, and fetch what has waited for the hours of downloads."""
        active = self.core.active
        if active is None:
            return
        if active.manifest.settings.downloads.neighbours:
            self._neighbours.start_sharing()
        else:
            self._neighbours.stop_sharing()
        waiting = frozenset(slide.id for slide, _ in slide_sizes(active.manifest)) - active.slides_with_frames
        if self.core.pending is None and is_download_due(active.manifest, waiting, self.clock.now()):
            self.preparer.offer_programme(PendingProgramme(sequence=active.sequence, manifest=active.manifest))

    def _compare_heads(self) -> None:
        """Fetch what a beat named and the broker did not bring, unless it was only a moment behind."""
        withheld = set(self.core.withheld_streams)
        if withheld & self._withheld:
            log.warning("the broker does not deliver %s", ", ".join(sorted(withheld)), extra={"CODE": "withheld"})
            self._poll()
        self._withheld = withheld

    def _watch_beat(self) -> None:
        if self._link_state() is not LinkState.LIVE:
            self._poll()

    def _write_notice(self, size: Size) -> None:
        self._notice_size = size
        settings = self.core.drawing_context(size).settings
        canvas = rendering.Canvas.for_screen(settings, size)
        image = rendering.draw_idle_page("En attente du programme", [self._enrolment.screen], canvas)
        with contextlib.suppress(OSError):
            save_png(image, self._state.notice_image)
        self._nudge()

    def _warm_up(self) -> None:
        """Draw an alert for nobody: fonts and code are then in memory when a real one comes."""
        alert = Alert(
            id="warm-up", level=AlertLevel.ALERT, title="Alerte", source="Mairie", description="—", instruction="—",
            issued_at_ms=0, ends_at_ms=0, time_to_live_ms=0,
        )  # fmt: skip
        rendering.draw_alert(
            alert, AlertForm.TAKEOVER, self.core.held_alerts.drawing_context.canvas_for(alert.level, AlertForm.TAKEOVER)
        )

    def _facts(self) -> ReportFacts:
        moment = self.clock.now()
        return ReportFacts(
            at_ms=moment.unix_ms,
            clock=moment.clock,
            link=self._link_state(),
            programme=self.core.active,
            alerts={name: stream.sequence for name, stream in dict(self.core.held_alerts.streams).items()},
            preparing=self.preparer.status,
            refusals=self.refusals.newest_first(),
            receptions=dict(self.core.held_alerts.receptions),
            programme_reception=self.core.programme_reception,
            health=self._health,
        )

    def _link_state(self) -> LinkState:
        beat = self.core.last_beat_uptime_ms
        if self.link.is_fully_subscribed and beat is not None and system_clock.uptime_ms() - beat < BEAT_TIMEOUT_MS:
            return LinkState.LIVE
        return LinkState.POLLING if self.poller.is_answered else LinkState.LOST

    # --- consequences, called from any thread

    def _later(self, work: Callable[[], None]) -> None:
        if not self._disk.put(work):
            self.refusals.record_refusal("state directory", "disk", "it is too slow: something was not written")

    def _rest(self, work: Callable[[], None]) -> None:
        timer = threading.Timer(AFTER_ALERT_SECONDS, lambda: self._admission.put(work))
        timer.daemon = True
        timer.start()

    def _nudge(self) -> None:
        send_wakeup(self._runtime.stage_socket)

    def _changed(self) -> None:
        send_wakeup(self._runtime.agent_socket)

    def _poll(self) -> None:
        self.poller.poll_soon()

    def _subscribe(self) -> None:
        self.link.request_subscriptions()

    def _prepare(self, programme: PendingProgramme) -> None:
        self.preparer.offer_programme(programme)

    def _obey(self, command: ScreenCommand) -> None:
        self.commands.run_command(command)
        self._changed()

    def _activate(self, programme: ActiveProgramme) -> None:
        self.core.activate_programme(programme)
        self._admission.put(self.core.update_drawing_context)

    def _link_changed(self) -> None:
        if self.link.is_fully_subscribed:
            self.reporter.on_connected()
            self.plays.on_connected()
        elif not self.link.is_connected:
            self._poll()
        self._changed()

    def _tidy(self) -> None:
        """The glass shows the programme: what only the one before needed can go."""

        def tidy() -> None:
            # Here, where documents are admitted: what is drawn for a newer programme is drawn later.
            pending, active = self.core.pending, self.core.active
            if active is None or pending is not None:
                return
            names = {name for pages in active.frames.values() for name in pages} | self.core.held_alerts.frame_names
            self._disk.put(lambda: remove_other_frames(self._state.frames, names))
            self._disk.put(lambda: self._assets.remove_unneeded(self._needed()))

        self._admission.put(tidy)

    def _repair(self, frames: tuple[str, ...]) -> None:
        """Frames are missing or broken: remove them and make the programme ready again."""
        for name in frames:
            with contextlib.suppress(OSError):
                (self._state.frames / name).unlink()
        self._admission.put(lambda: self.core.held_alerts.redraw_frames(frames))
        active = self.core.active
        if active is not None and self.core.pending is None:
            self.preparer.offer_programme(PendingProgramme(sequence=active.sequence, manifest=active.manifest))
