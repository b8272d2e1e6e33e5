"""A whole player in one process: real handlers and files; only the clock, the display and the threads are its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pygame
from town import SCREEN, TownHall

from beffroi_content import raster
from beffroi_content.model import ScreenSettings, Slide
from beffroi_content.wire.documents import Command
from beffroi_content.wire.messages import Message
from beffroi_content.wire.reports import Health, Link, Machine, Receipts, Report
from beffroi_player import machine
from beffroi_player.agent.app import Agent  # noqa: F401 -- what is tested here is what the agent is made of
from beffroi_player.agent.assets import Assets
from beffroi_player.agent.captures import Exact
from beffroi_player.agent.clock import AgentClock
from beffroi_player.agent.commands import Commands
from beffroi_player.agent.core import Arrival, Consequences, Core
from beffroi_player.agent.draw import Outcome, drawn
from beffroi_player.agent.http import Server
from beffroi_player.agent.preparer import Preparer
from beffroi_player.agent.programme import Workshop, keep_frames
from beffroi_player.agent.refusals import Refusals
from beffroi_player.agent.reporter import Facts, Reporter
from beffroi_player.agent.vault import Vault
from beffroi_player.files import stamp
from beffroi_player.outputs.base import Light, Lit
from beffroi_player.stage.loop import Stage
from beffroi_player.store import Glass, Runtime, State

log = logging.getLogger(__name__)

MACHINE = Machine(model="Raspberry Pi 4 Model B Rev 1.5", system="Debian GNU/Linux 12 (bookworm)")


def until(what: str, look: Callable[[], object], seconds: float = 10.0) -> None:
    """Look until something is so that another thread does."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, what
        time.sleep(0.005)


@dataclass
class Time:
    """Both clocks of a machine."""

    uptime_ms: float = 60_000.0
    system_ms: int = 0

    def pass_by(self, ms: int) -> None:
        self.uptime_ms += ms
        self.system_ms += ms


class Painter:
    """Draws in this process."""

    def __init__(self, assets: Path, frames: Path) -> None:
        self._assets, self._frames = assets, frames
        self.drawn: list[str] = []

    def draw(self, slide: Slide, settings: ScreenSettings, size: tuple[int, int]) -> Outcome:
        try:
            outcome = drawn(slide, settings, size, self._assets, self._frames)
        except raster.RasterError as error:
            return Outcome(code=error.code, detail=str(error))
        self.drawn.append(slide.id)
        return outcome

    def close(self) -> None:
        pass


class Display:
    """An output that keeps what it is given."""

    pump_seconds: float | None = None

    def __init__(self, size: tuple[int, int] = (320, 180)) -> None:
        self._size = size
        self.pictures: list[pygame.Surface] = []
        self.switched: list[bool] = []
        self.is_on = True
        self.brightness: list[int] = []
        self.lit = Lit.CONFIRMED
        self.dims = False
        self.pictures_a_second = 0.0

    def start(self) -> None:
        pygame.display.init()

    def desktop(self) -> tuple[int, int]:
        return self._size

    def rate(self) -> float:
        return self.pictures_a_second

    def open(self, size: tuple[int, int]) -> None:
        pygame.display.set_mode(size)

    def present(self, picture: pygame.Surface) -> None:
        self.pictures.append(picture.copy())

    def settle(self) -> None:
        pass

    def capture(self) -> pygame.Surface:
        return self.pictures[-1]

    def pump(self) -> bool:
        return True

    def light(self, on: bool, brightness: int) -> Light:
        if on != self.is_on:
            self.is_on = on
            self.switched.append(on)
        if on:
            self.brightness.append(brightness)
        return Light(self.lit if self.switched else Lit.UNKNOWN, self.dims)

    def close(self) -> None:
        pygame.display.quit()


class Player:
    """One screen of a town."""

    def __init__(self, hall: TownHall, folder: Path, server: str = "http://127.0.0.1:9", time: Time | None = None):
        self.hall = hall
        self.folder = folder
        self.server = server
        self.time = time or Time(system_ms=hall.now_ms)
        self.state, self.runtime = State(folder / "state"), Runtime(folder / "run")
        self.state.make()
        self.runtime.make()
        self.vault = Vault(self.state.folder)
        self.said: list[tuple[str, bytes]] = []
        self.polls = self.subscriptions = self.restarts = 0
        self.link = Link.LIVE
        self.health: Health | None = None
        self.display = Display()
        self.display.start()
        self.display.open(self.display.desktop())
        self.boot_id = machine.boot_id()
        self.start()

    def start(self) -> None:
        """Start agent and stage, as after a crash of both."""
        self.clock = AgentClock(self.runtime, 0, lambda: None, lambda: self.time.uptime_ms, lambda: self.time.system_ms)
        self.refusals = Refusals(lambda: self.clock.now().unix_ms, lambda: self.time.uptime_ms)
        effects = Consequences(
            later=lambda work: work(), rest=lambda work: work(), programme=self.prepare, command=self._obey,
            subscribe=self._subscribe, poll=self._poll, changed=lambda: None, nudge=lambda: None,
        )  # fmt: skip
        self.core = Core(
            self.hall.enrolment(self.server), self.state, self.vault, self.runtime, self.clock, self.refusals,
            lambda: self.time.uptime_ms, effects, self.boot_id,
        )  # fmt: skip
        self.painter = Painter(self.state.assets, self.state.frames)
        self.assets = Assets(self.state.assets, Server(self.server, "the-secret-token"))
        self.preparer = Preparer(
            Workshop(self.state, self.assets, self.painter),
            self._activate,
            lambda: None,  # type: ignore[arg-type]
        )
        self.repaired: list[str] = []
        self.exact: list[Exact] = []
        self.reporter = Reporter(
            "start1", self.state, self.runtime, self._facts, self._publish, lambda: self.time.uptime_ms,
            lambda: None, self.repaired.extend, self.exact.append, MACHINE,
        )  # fmt: skip
        self.commands = Commands(
            self.core, self.vault, self.runtime, self.refusals, SCREEN, self.reporter.screenshot,
            self.reporter.capture, self._restart, lambda: None,
        )  # fmt: skip
        self.start_stage()
        if self.core.pending:
            self.prepare(self.core.pending)

    def start_stage(self) -> None:
        self.stage = Stage(
            self.state,
            self.runtime,
            self.display,
            uptime=lambda: self.time.uptime_ms,
            system=lambda: self.time.system_ms,
        )

    def close(self) -> None:
        self.display.close()

    def hear(self, *documents: tuple[str, bytes], live: bool = True) -> None:
        """Take documents as they arrive over MQTT."""
        for topic, payload in documents:
            self.core.take(Arrival(topic, payload, self.time.uptime_ms, live))

    def look(self) -> Glass:
        """Let the stage look, the agent report, and return what is on the glass."""
        self.stage.turn()
        # Beside what moves, a thread makes the digest of what is on, and rings.
        until("what is on is not told", lambda: self.stage.is_told or (self.stage.turn(), self.stage.is_told)[1])
        self.reporter.look()
        glass = self.runtime.glass.read()
        assert glass is not None
        return glass

    def wait(self, ms: int) -> Glass:
        """Let time pass and look."""
        self.time.pass_by(ms)
        return self.look()

    def photograph(self) -> None:
        """Let the stage take a picture, as when the agent has rung for one, and the agent find it."""
        before = stamp(self.runtime.capture)
        self.stage.capture()

        def is_taken() -> bool:
            # Whoever still writes the one before rings for another turn.
            self.stage.turn()
            return stamp(self.runtime.capture) != before

        until("no picture of the glass", is_taken)
        self.reporter.look()

    @property
    def slides(self) -> list[str | None]:
        return [shown.slide for shown in self.look().showings]

    @property
    def alerts(self) -> list[tuple[str, str]]:
        return [(str(shown.alert), str(shown.form)) for shown in self.look().showings if shown.alert]

    def report(self) -> Report:
        """Return the next report."""
        self.wait(60_000 + 1_000)
        return Report.model_validate_json([payload for leaf, payload in self.said if leaf == "report"][-1])

    def receipts(self) -> list[tuple[str, int, str | None, str | None]]:
        bodies = [Receipts.model_validate_json(payload) for leaf, payload in self.said if leaf == "receipts"]
        return [(r.stream, r.sequence, r.alert, r.form) for body in bodies for r in body.receipts]

    def codes(self) -> list[str]:
        return [refusal.code for refusal in self.refusals.all()]

    def tidy(self) -> None:
        """Remove what no programme and no alert needs any more, as the agent does."""
        active, record = self.core.active, self.core.book.record()
        names = [*(name for pages in (active.frames if active else {}).values() for name in pages)]
        names += [name for pages in record.frames.values() for name in pages]
        keep_frames(self.state.frames, names)
        self.assets.tidy(active.manifest.assets if active else ())

    def prepare(self, programme: object) -> None:
        self.preparer.offer(programme)  # type: ignore[arg-type]
        self.preparer.step()

    def _activate(self, programme: object) -> None:
        self.core.activate(programme)  # type: ignore[arg-type]
        self.core.surround()

    def _obey(self, command: Command) -> None:
        self.commands.do(command)

    def _subscribe(self) -> None:
        self.subscriptions += 1

    def _poll(self) -> None:
        self.polls += 1

    def _restart(self) -> None:
        self.restarts += 1

    def _publish(self, message: Message, payload: bytes, told: Callable[[], None] | None) -> bool:
        self.said.append((message.leaf, payload))
        if told:
            told()
        return True

    def _facts(self) -> Facts:
        moment = self.clock.now()
        streams: Iterable[tuple[str, int]] = ((n, s.sequence) for n, s in self.core.book.streams.items())
        return Facts(
            at_ms=moment.unix_ms, clock=moment.clock, link=self.link, programme=self.core.active,
            alerts=dict(streams), preparing=self.preparer.status, refusals=self.refusals.all(),
            receptions=self.core.book.receptions, programme_reception=self.core.programme_reception,
            health=self.health,
        )  # fmt: skip
