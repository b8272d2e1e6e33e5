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

from beffroi_content import raster
from beffroi_content.model import Alert, AlertForm, AlertLevel, AssetReference
from beffroi_content.wire.documents import Command
from beffroi_content.wire.reports import Health
from beffroi_content.wire.reports import Link as LinkState
from beffroi_player import machine, notify
from beffroi_player.agent.alerts import save_png
from beffroi_player.agent.archive import Archive
from beffroi_player.agent.assets import Assets
from beffroi_player.agent.captures import Captures
from beffroi_player.agent.clock import AgentClock
from beffroi_player.agent.commands import Commands
from beffroi_player.agent.core import Arrival, Consequences, Core
from beffroi_player.agent.draw import Painter
from beffroi_player.agent.health import Vitals
from beffroi_player.agent.http import Server
from beffroi_player.agent.lanes import Lane
from beffroi_player.agent.link import Link, broker_host
from beffroi_player.agent.live import LiveFrames
from beffroi_player.agent.neighbours import Neighbours
from beffroi_player.agent.night import is_due
from beffroi_player.agent.plays import PlayForwarder
from beffroi_player.agent.poller import Poller
from beffroi_player.agent.preparer import Preparer
from beffroi_player.agent.programme import Workshop, broken_frames, keep_frames, places
from beffroi_player.agent.refusals import Refusals
from beffroi_player.agent.reporter import Facts, Reporter
from beffroi_player.agent.vault import Enrolment, PendingProgramme, Vault
from beffroi_player.files import sweep
from beffroi_player.nudge import Bell, ring
from beffroi_player.store import ActiveProgramme, Runtime, Size, State

log = logging.getLogger(__name__)

SILENCE_MS = 25_000
"""Without a live beat for so long the link is not believed."""
STUCK_SECONDS = 60.0
"""Where one document is admitted for so long no alert comes through any more: a new start may be the cure."""
REST_SECONDS = 0.2
"""After an alert: the stage has the processor to itself while it brings the first form to the glass."""
HEADS_MS = 5_000
KERNEL_MS = 10_000
LINE_MS = 60_000
MEND_MS = 10_000
"""How often it looks whether somebody has damaged what the stage reads: two questions to the file system."""
ARCHIVE_MS = 60_000
HEALTH_MS = 60_000
COPIES_MS = 300_000
"""How often files are compared with their copies."""
ALERTS_MS = 300_000
"""How often what the alerts have left to live goes to the disk."""


def run_agent(state: State, runtime: Runtime) -> int:
    """Serve until SIGTERM or a command to restart.

    Returns:
        The exit code: 0, or 1 if nobody can say whose screen this is.
    """
    slot = Vault(state.folder).enrolment
    enrolment = slot.read()
    if enrolment is None and slot.stamp is not None:
        log.error("enrolment.json cannot be used, nor its copy: mend who may read it, or enrol this player again")
        return 1
    if enrolment is None:
        log.error("this player belongs to no town yet: run “beffroi-player enrol URL CODE --root FINGERPRINT”")
        return 1
    with ExitStack() as undo:
        bell = undo.enter_context(Bell(runtime.agent_bell))
        agent = Agent(enrolment, state, runtime)
        signal.signal(signal.SIGTERM, agent.on_signal)
        signal.signal(signal.SIGINT, agent.on_signal)
        undo.callback(agent.stop)
        agent.start()
        notify.ready()
        agent.serve(bell)
    return 0


class Agent:
    """Everything on the network side of one screen."""

    def __init__(self, enrolment: Enrolment, state: State, runtime: Runtime) -> None:
        self._enrolment = enrolment
        self._state = state
        self._runtime = runtime
        self._stopping = threading.Event()
        self._due: dict[str, float] = {}
        self._notice_size: Size | None = None
        self._withheld: set[str] = set()
        sweep(state.folder)
        sweep(state.frames)
        sweep(state.plays)
        boot, vault = uuid.uuid4().hex, Vault(state.folder)
        stored = vault.trust.read()
        self.clock = AgentClock(runtime, stored.newest_at_ms if stored else 0, self._nudge)
        self.refusals = Refusals(lambda: self.clock.now().unix_ms, machine.uptime)
        self._disk = Lane("disk")
        self._admission = Lane("admission")
        host = urlsplit(enrolment.server).hostname or "localhost"
        effects = Consequences(
            later=self._later,
            rest=self._rest, programme=self._prepare, command=self._obey, subscribe=self._subscribe,
            poll=self._poll, changed=self._changed, nudge=self._nudge,
        )  # fmt: skip
        self.core = Core(
            enrolment, state, vault, runtime, self.clock, self.refusals, machine.uptime, effects, machine.boot_id()
        )
        server = Server(enrolment.server, enrolment.token)
        self.link = Link(
            enrolment, broker_host(enrolment.mqtt, host), boot, self.core.topics, self.arrived,
            lambda topic, detail: self.refusals.note(topic, "subscription-refused", detail), self._link_changed,
        )  # fmt: skip
        self.plays = PlayForwarder(state, self.link.publish)
        self.poller = Poller(server, self.arrived, self._changed, machine.uptime, self.plays.heard)
        self._neighbours = Neighbours(state.assets, enrolment.site)
        self._assets = Assets(state.assets, server, self._neighbours)
        workshop = Workshop(state, self._assets, Painter(state.assets, state.frames))
        workshop.needed, workshop.now = self._needed, self.clock.now
        self.preparer = Preparer(workshop, self._activate, self._changed)
        workshop.say = self.preparer.say
        self.live = LiveFrames(runtime, lambda: self.core.active, self.clock.now, self._nudge)
        self._archive = Archive(state, self.clock.now)
        self._captures = Captures(server.put_capture, self.refusals.note)
        self._vitals = Vitals(state.folder)
        self.reporter = Reporter(
            boot, state, runtime, self._facts, self.link.publish, machine.uptime, self._tidy, self._repair,
            self._captures.offer, self._vitals.machine(),
        )  # fmt: skip
        self._health: Health | None = None
        self.commands = Commands(
            self.core, vault, runtime, self.refusals, enrolment.screen,
            self.reporter.screenshot, self.reporter.capture, self._stopping.set, self._nudge,
        )  # fmt: skip

    def start(self) -> None:
        """Start every thread; those that keep the glass right first."""
        self._write_notice((1920, 1080))
        self._warm_up()
        self._disk.start()
        self._admission.start()
        self.preparer.start()
        if self.core.pending is not None:
            self.preparer.offer(self.core.pending)
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
        self._neighbours.close()
        self._captures.stop()
        self.plays.save()
        self.poller.stop()
        self.link.stop()
        self.live.stop()
        self.preparer.stop()
        self._admission.stop()
        self._disk.stop()

    def serve(self, bell: Bell) -> None:
        """Report until it is time to stop."""
        while not self._stopping.is_set():
            wait = min(self._chores(), self.reporter.look())
            if self._admission.seconds_at_work < STUCK_SECONDS:
                notify.alive()
            bell.wait(min(wait, 5.0))
        self.reporter.look()

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        """End the service."""
        self._stopping.set()
        ring(self._runtime.agent_bell)

    def arrived(self, arrival: Arrival) -> None:
        """Take a document to admission. Never blocks."""
        if not self._admission.put(lambda: self.core.take(arrival)):
            # State, not events: what is dropped here comes again with the next poll.
            self.refusals.note(arrival.topic, "overrun", "more documents than can be checked")
            self._poll()

    # --- chores of the reporting thread

    def _chores(self) -> float:
        self._every("kernel", KERNEL_MS, self.clock.ask_kernel)
        self._every("health", HEALTH_MS, self._take_pulse)
        self._every("plays", self.plays.pause_ms, self.plays.forward)
        self._every("archive", ARCHIVE_MS, self._archive.tidy)
        self._every("line", LINE_MS, self._mind_line)
        self._every("alerts", ALERTS_MS, lambda: self._admission.put(self.core.save_alerts))
        self._every("copies", COPIES_MS, lambda: self._later(self.core.mend_copies))
        self._every("heads", HEADS_MS, self._compare_heads)
        glass = self.reporter.glass
        if glass is not None and glass.programme is None and self.core.active is not None:
            self._due.pop("mend", None)
        self._every("mend", MEND_MS, lambda: self._admission.put(self.core.mend))
        self._every("beat", SILENCE_MS, self._watch_beat)
        if glass is not None and glass.programme is None and not glass.showings and glass.size != self._notice_size:
            self._write_notice(glass.size)
            self._admission.put(lambda: self.core.resize(glass.size))
        return 5.0

    def _every(self, name: str, period_ms: int, chore: Callable[[], object]) -> None:
        now = machine.uptime()
        if now < self._due.get(name, 0.0):
            return
        self._due[name] = now + period_ms
        try:
            chore()
        except Exception:
            log.exception("%s: a chore failed", name)

    def _take_pulse(self) -> None:
        glass = self.reporter.glass
        counted = (glass.dropped_frames, glass.late_frames, glass.decode_errors) if glass else ()
        self._health = self._vitals.health(*counted)

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
            self._neighbours.open()
        else:
            self._neighbours.close()
        waiting = frozenset(slide.id for slide, _ in places(active.manifest)) - active.slides
        if self.core.pending is None and is_due(active.manifest, waiting, self.clock.now()):
            self.preparer.offer(PendingProgramme(sequence=active.sequence, manifest=active.manifest))

    def _compare_heads(self) -> None:
        """Fetch what a beat named and the broker did not bring, unless it was only a moment behind."""
        withheld = set(self.core.withheld)
        if withheld & self._withheld:
            log.warning("the broker does not deliver %s", ", ".join(sorted(withheld)), extra={"CODE": "withheld"})
            self._poll()
        self._withheld = withheld

    def _watch_beat(self) -> None:
        if self._link_state() is not LinkState.LIVE:
            self._poll()

    def _write_notice(self, size: Size) -> None:
        self._notice_size = size
        settings = self.core.surroundings(size).settings
        canvas = raster.Canvas.of(settings, size)
        image = raster.draw_notice("En attente du programme", [self._enrolment.screen], canvas)
        with contextlib.suppress(OSError):
            save_png(image, self._state.notice)
        self._nudge()

    def _warm_up(self) -> None:
        """Draw an alert for nobody: fonts and code are then in memory when a real one comes."""
        alert = Alert(
            id="warm-up", level=AlertLevel.ALERT, title="Alerte", source="Mairie", description="—", instruction="—",
            issued_at_ms=0, ends_at_ms=0, time_to_live_ms=0,
        )  # fmt: skip
        raster.draw_alert(
            alert, AlertForm.TAKEOVER, self.core.book.surroundings.canvas(alert.level, AlertForm.TAKEOVER)
        )

    def _facts(self) -> Facts:
        moment = self.clock.now()
        return Facts(
            at_ms=moment.unix_ms,
            clock=moment.clock,
            link=self._link_state(),
            programme=self.core.active,
            alerts={name: stream.sequence for name, stream in dict(self.core.book.streams).items()},
            preparing=self.preparer.status,
            refusals=self.refusals.all(),
            receptions=dict(self.core.book.receptions),
            programme_reception=self.core.programme_reception,
            health=self._health,
        )

    def _link_state(self) -> LinkState:
        beat = self.core.last_beat_uptime_ms
        if self.link.connected and beat is not None and machine.uptime() - beat < SILENCE_MS:
            return LinkState.LIVE
        return LinkState.POLLING if self.poller.answers else LinkState.LOST

    # --- consequences, called from any thread

    def _later(self, work: Callable[[], None]) -> None:
        if not self._disk.put(work):
            self.refusals.note("state directory", "disk", "it is too slow: something was not written")

    def _rest(self, work: Callable[[], None]) -> None:
        timer = threading.Timer(REST_SECONDS, lambda: self._admission.put(work))
        timer.daemon = True
        timer.start()

    def _nudge(self) -> None:
        ring(self._runtime.stage_bell)

    def _changed(self) -> None:
        ring(self._runtime.agent_bell)

    def _poll(self) -> None:
        self.poller.now()

    def _subscribe(self) -> None:
        self.link.subscribe()

    def _prepare(self, programme: PendingProgramme) -> None:
        self.preparer.offer(programme)

    def _obey(self, command: Command) -> None:
        self.commands.do(command)
        self._changed()

    def _activate(self, programme: ActiveProgramme) -> None:
        self.core.activate(programme)
        self._admission.put(self.core.surround)

    def _link_changed(self) -> None:
        if self.link.connected:
            self.reporter.connected()
            self.plays.connected()
        elif not self.link.online:
            self._poll()
        self._changed()

    def _tidy(self) -> None:
        """The glass shows the programme: what only the one before needed can go."""

        def tidy() -> None:
            # Here, where documents are admitted: what is drawn for a newer programme is drawn later.
            pending, active = self.core.pending, self.core.active
            if active is None or pending is not None:
                return
            names = {name for pages in active.frames.values() for name in pages} | self.core.book.frames
            self._disk.put(lambda: keep_frames(self._state.frames, names))
            self._disk.put(lambda: self._assets.tidy(self._needed()))

        self._admission.put(tidy)

    def _repair(self, frames: tuple[str, ...]) -> None:
        """Frames are missing or broken: remove them and make the programme ready again."""
        for name in frames:
            with contextlib.suppress(OSError):
                (self._state.frames / name).unlink()
        self._admission.put(lambda: self.core.book.redraw(frames))
        active = self.core.active
        if active is not None and self.core.pending is None:
            self.preparer.offer(PendingProgramme(sequence=active.sequence, manifest=active.manifest))
