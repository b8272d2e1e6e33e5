"""A whole player in one process: real handlers and files; only the clock, the display and the threads are its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pygame

from beffroi_content import rendering
from beffroi_content.model import ScreenSettings, Slide
from beffroi_content.wire.messages import WireMessage
from beffroi_content.wire.reports import ConnectionState, MachineDescription, PlayerHealth, PlayerReport, ReceiptBatch
from beffroi_player import system_clock
from beffroi_player.agent.alert_sounds import AlertSounds
from beffroi_player.agent.commands import CommandRunner
from beffroi_player.agent.dispatcher import Dispatcher
from beffroi_player.agent.effects import Effect, OnDisk, RemoveUnneeded, RepairFrames, RepairStateFiles
from beffroi_player.agent.held_alerts import HeldAlerts
from beffroi_player.agent.held_state import HeldState
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.local_acts import LocalActs
from beffroi_player.agent.prepare.asset_downloads import AssetStore
from beffroi_player.agent.prepare.preparation_queue import PreparationQueue
from beffroi_player.agent.prepare.programme_preparation import ProgrammePreparer
from beffroi_player.agent.prepare.render_process import RenderResult, render_slide
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.refusals import RefusalLog
from beffroi_player.agent.report.capture_upload import ExactCapture
from beffroi_player.agent.report.frame_repair import FrameRepairs
from beffroi_player.agent.report.receipts import ReceiptLog
from beffroi_player.agent.report.report_facts import ReportFacts
from beffroi_player.agent.report.report_sender import ReportSender
from beffroi_player.agent.report.reporter import ScreenReporter
from beffroi_player.agent.report.screenshots import ScreenshotSender
from beffroi_player.agent.serial_worker import WorkQueue
from beffroi_player.agent.storage import AgentStorage, PendingProgramme
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.outputs.base import DisplayResult, SwitchResult
from beffroi_player.sound.requests import SoundOutcome, SoundRequest
from beffroi_player.stage.frame_loop import FrameLoop
from beffroi_player.state.atomic_files import file_stamp
from beffroi_player.state.directories import Darkness, PresentedStatus, RuntimeDirectory, StateDirectory
from tests.support.signing_town import SCREEN, SITE, SigningTown
from tests.support.waiting import until

log = logging.getLogger(__name__)

MACHINE = MachineDescription(model="Raspberry Pi 4 Model B Rev 1.5", system="Debian GNU/Linux 12 (bookworm)")


@dataclass
class ManualClock:
    """Both clocks of a machine."""

    uptime_ms: float = 60_000.0
    system_ms: int = 0
    is_disciplined: bool = False

    def pass_by(self, ms: int) -> None:
        self.uptime_ms += ms
        self.system_ms += ms


class InProcessRenderer:
    """Draws in this process."""

    def __init__(self, assets: Path, frames: Path) -> None:
        self._assets, self._frames = assets, frames
        self.drawn: list[str] = []

    def draw_slide(self, slide: Slide, settings: ScreenSettings, size: tuple[int, int]) -> RenderResult:
        try:
            outcome = render_slide(slide, settings, size, self._assets, self._frames)
        except rendering.RasterError as error:
            return RenderResult(code=error.code, detail=str(error))
        self.drawn.append(slide.id)
        return outcome

    def close(self) -> None:
        pass


class RecordingOutput:
    """An output that keeps what it is given."""

    event_interval_s: float | None = None

    def __init__(self, size: tuple[int, int] = (320, 180)) -> None:
        self._size = size
        self.images: list[pygame.Surface] = []
        self.switched: list[bool] = []
        self.is_on = True
        self.brightness: list[int] = []
        self.lit = SwitchResult.CONFIRMED
        self.dims = False
        self.pictures_a_second = 0.0

    def start(self) -> None:
        pygame.display.init()

    def desktop_size(self) -> tuple[int, int]:
        return self._size

    def refresh_rate(self) -> float:
        return self.pictures_a_second

    def open(self, size: tuple[int, int]) -> None:
        pygame.display.set_mode(size)

    def present_image(self, image: pygame.Surface) -> None:
        self.images.append(image.copy())

    def finish_present(self) -> None:
        pass

    def last_presented(self) -> pygame.Surface:
        return self.images[-1]

    def process_events(self) -> bool:
        return True

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        if on != self.is_on:
            self.is_on = on
            self.switched.append(on)
        if on:
            self.brightness.append(brightness)
        return DisplayResult(self.lit if self.switched else SwitchResult.UNKNOWN, self.dims)

    def close(self) -> None:
        pygame.display.quit()


class ImmediateQueue(WorkQueue[ReceivedDocument | Effect]):
    """An inbox in which nothing waits for a later moment."""

    def put_later(self, item: ReceivedDocument | Effect, seconds: float) -> None:
        self.put(item)


BOX = "b" * 16
"""The machine that it says it runs on."""
CREDENTIALS = "c" * 16
"""The start of the digest of its device token."""


class FakeSoundPlayer:
    """Plays sounds in no time, or until a test lets them end."""

    def __init__(self) -> None:
        self.requests: list[SoundRequest] = []
        self.outcome: tuple[SoundOutcome, str] | None = (SoundOutcome.PLAYED, "")
        """How each sound ends; None: it goes on."""
        self.is_playing = False
        self.stops = 0

    def start(self, request: SoundRequest) -> None:
        self.requests.append(request)
        self.is_playing = True

    def take_outcome(self) -> tuple[SoundOutcome, str] | None:
        if not self.is_playing or self.outcome is None:
            return None
        self.is_playing = False
        return self.outcome

    def stop(self) -> None:
        self.is_playing = False
        self.stops += 1


class PlayerHarness:
    """One screen of a town."""

    def __init__(
        self, hall: SigningTown, folder: Path, server: str = "http://127.0.0.1:9", time: ManualClock | None = None,
        screen: str = SCREEN,
    ):  # fmt: skip
        self.screen = screen
        self.hall = hall
        self.folder = folder
        self.server = server
        self.time = time or ManualClock(system_ms=hall.now_ms)
        self.state, self.runtime = StateDirectory(folder / "state"), RuntimeDirectory(folder / "run")
        self.state.create_folders()
        self.runtime.create_folder()
        self.storage = AgentStorage(self.state.folder)
        self.published: list[tuple[str, bytes]] = []
        self.polls = self.subscriptions = self.restarts = 0
        self.link = ConnectionState.LIVE
        self.health: PlayerHealth | None = None
        self.display = RecordingOutput()
        self.display.start()
        self.display.open(self.display.desktop_size())
        self.boot_id = system_clock.boot_id()
        self.loudspeaker = FakeSoundPlayer()
        self.start()

    def start(self) -> None:
        """Start agent and stage, as after a crash of both."""
        stored = self.storage.trust.read()
        self.clock = AgentClock(
            self.runtime, stored.newest_at_ms if stored else 0, lambda: None, lambda: self.time.uptime_ms,
            lambda: self.time.system_ms, lambda: self.time.is_disciplined,
        )  # fmt: skip
        self.refusals = RefusalLog(lambda: self.clock.now().unix_ms, lambda: self.time.uptime_ms)
        self.inbox: ImmediateQueue = ImmediateQueue()
        self.disk: WorkQueue[OnDisk] = WorkQueue()
        self.held = HeldState(
            self.hall.enrolment(self.server, screen=self.screen), self.state, self.storage, self.runtime,
            self.boot_id, self.clock, self.refusals,
        )  # fmt: skip
        self.clock.raise_floor(self.held.admission.trust.newest_at_ms)
        self.held_alerts = HeldAlerts(
            self.state, self.runtime, self.boot_id, lambda: self.time.uptime_ms, self.held.drawing_context()
        )
        self.local = LocalActs(
            SITE, self.screen, self.hall.trigger_key(self.screen), self.storage.scenarios, self.storage.acts,
            self.boot_id, self.clock.now, self.held_alerts.is_active,
        )  # fmt: skip
        self.painter = InProcessRenderer(self.state.assets, self.state.frames)
        self.assets = AssetStore(self.state.assets, ServerClient(self.server, "the-secret-token"))
        self.preparer = PreparationQueue(
            ProgrammePreparer(self.state, self.assets, self.painter, self.held.needed_assets, self.clock.now),
            self.held, self.inbox.put, lambda: None,
        )  # fmt: skip
        self.exact: list[ExactCapture] = []
        self._build_reporter()
        self.sounds = AlertSounds(
            lambda: [held for stream in self.held_alerts.streams.values() for held in stream.alerts],
            lambda: self.held.active.manifest.settings if self.held.active else None,
            self.clock.now, self.loudspeaker, self.storage.sounds,
        )  # fmt: skip
        self.away: list[int] = []
        """Seconds for which it left the screen to another machine."""
        self.commands = CommandRunner(
            self.storage, self.runtime, self.refusals, self.clock, self.held_alerts, SCREEN, self.screenshots,
            self._restart, BOX, self.away.append, CREDENTIALS,
            lambda: self.state.darkness.write(Darkness(reason="revoked")), self.sounds.request_trial,
        )  # fmt: skip
        self.dispatcher = Dispatcher(
            self.inbox, self.disk, self.held, self.held_alerts, self.local, self.clock, self.refusals, self.preparer,
            self.commands, self.assets, self.state, self.runtime, self._subscribe, self._poll, lambda: None,
        )  # fmt: skip
        self.dispatcher.restore_alerts()
        self.settle()
        self.start_stage()
        if self.held.pending:
            self.prepare(self.held.pending)

    def _build_reporter(self) -> None:
        def uptime() -> float:
            return self.time.uptime_ms

        self.reports: list[Effect] = []
        self.screenshots = ScreenshotSender(self.state, self.runtime, self._publish, uptime, self.exact.append)
        self.reporter = ScreenReporter(
            self.runtime, self._facts, ReceiptLog("start1", self._publish, self.storage.receipts),
            ReportSender("start1", self._publish, uptime, MACHINE), self.screenshots, FrameRepairs(uptime),
            self.reports.append,
        )  # fmt: skip

    @property
    def repaired(self) -> list[str]:
        """The frames that the reporter has asked to be repaired."""
        return [name for effect in self.reports if isinstance(effect, RepairFrames) for name in effect.frames]

    def settle(self) -> None:
        """Do what the threads of the agent would do, until nothing is waiting: the disk before the next document."""
        while True:
            if (sequence := self.disk.get_waiting()) is not None:
                self.dispatcher.handle_on_disk(sequence)
            elif self.preparer.has_work:
                self.preparer.prepare_next()
            elif (item := self.inbox.get_waiting()) is not None:
                self.dispatcher.handle(item)
            else:
                return

    def start_stage(self) -> None:
        self.stage = FrameLoop(
            self.state,
            self.runtime,
            self.display,
            uptime=lambda: self.time.uptime_ms,
            system=lambda: self.time.system_ms,
        )

    def close(self) -> None:
        self.display.close()

    def receive(self, *documents: tuple[str, bytes], live: bool = True) -> None:
        """Take documents as they arrive over MQTT."""
        for topic, payload in documents:
            self.inbox.put(ReceivedDocument(topic, payload, self.time.uptime_ms, live))
            self.settle()

    def run_iteration(self) -> PresentedStatus:
        """Let the stage look, the agent report, and return what is on the glass."""
        self.stage.refresh_screen()
        # Beside what moves, a thread makes the digest of what is on, and wakes the loop.
        until(
            "what is on is not told",
            lambda: self.stage.is_reported or (self.stage.refresh_screen(), self.stage.is_reported)[1],
        )
        self.reporter.report_changes()
        self.sounds.follow(self.reporter.presented)
        glass = self.runtime.presented.read()
        assert glass is not None
        return glass

    def wait(self, ms: int) -> PresentedStatus:
        """Let time pass and look."""
        self.time.pass_by(ms)
        return self.run_iteration()

    def take_capture(self) -> None:
        """Let the stage take a picture, as when the agent has rung for one, and the agent find it."""
        before = file_stamp(self.runtime.capture_image)
        self.stage.request_capture()

        def is_taken() -> bool:
            # Whoever still writes the one before rings for another turn.
            self.stage.refresh_screen()
            return file_stamp(self.runtime.capture_image) != before

        until("no picture of the glass", is_taken)
        self.reporter.report_changes()

    @property
    def slides(self) -> list[str | None]:
        return [shown.slide for shown in self.run_iteration().showings]

    @property
    def alerts(self) -> list[tuple[str, str]]:
        return [(str(shown.alert), str(shown.form)) for shown in self.run_iteration().showings if shown.alert]

    def report(self) -> PlayerReport:
        """Return the next report."""
        self.wait(60_000 + 1_000)
        return PlayerReport.model_validate_json([payload for leaf, payload in self.published if leaf == "report"][-1])

    def receipts(self) -> list[tuple[str, int, str | None, str | None]]:
        bodies = [ReceiptBatch.model_validate_json(payload) for leaf, payload in self.published if leaf == "receipts"]
        return [(r.stream, r.sequence, r.alert, r.form) for body in bodies for r in body.receipts]

    def codes(self) -> list[str]:
        return [refusal.code for refusal in self.refusals.newest_first()]

    def tidy(self) -> None:
        """Remove what no programme and no alert needs any more, as the agent does."""
        self.carry_out(RemoveUnneeded())

    def repair_state(self) -> None:
        """Look whether somebody has damaged files of the state directory, as the agent does now and then."""
        self.carry_out(RepairStateFiles())

    def carry_out(self, effect: Effect) -> None:
        """Carry out an effect, and what follows from it."""
        self.inbox.put(effect)
        self.settle()

    def prepare(self, programme: PendingProgramme) -> None:
        self.preparer.offer_programme(programme)
        self.preparer.prepare_next()
        self.settle()

    def _subscribe(self) -> None:
        self.subscriptions += 1

    def _poll(self) -> None:
        self.polls += 1

    def _restart(self) -> None:
        self.restarts += 1

    def _publish(self, message: WireMessage, payload: bytes, told: Callable[[], None] | None) -> bool:
        self.published.append((message.leaf, payload))
        if told:
            told()
        return True

    def _facts(self) -> ReportFacts:
        moment = self.clock.now()
        streams: Iterable[tuple[str, int]] = ((n, s.sequence) for n, s in self.held_alerts.streams.items())
        return ReportFacts(
            at_ms=moment.unix_ms, clock=moment.clock, link=self.link, programme=self.held.active,
            alerts=dict(streams), preparing=self.preparer.status, refusals=self.refusals.newest_first(),
            receptions=self.held_alerts.receptions, programme_reception=self.held.programme_reception,
            health=self.health, clock_reading=self.clock.compare_clocks(),
            drill=self.commands.last_drill, sound=self.sounds.last_result,
        )  # fmt: skip
