"""The status file is written when something changes, and the agent is woken then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.player_harness import ManualClock

from beffroi_content.model import AlertForm, PowerState, Rectangle
from beffroi_content.timeline import ClockState, Moment, ReasonKind
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_content.wire.plays import EndReason, Play
from beffroi_content.wire.reports import ShownPart
from beffroi_player.stage.frame_lookup import PlacedFrame, SceneFrames
from beffroi_player.stage.play_log.showings import ShowingTracker
from beffroi_player.stage.play_log.status_writer import COUNT_INTERVAL_MS, PlaybackCounts, PresentedFrame, StatusWriter
from beffroi_player.state.directories import FrameFault, PresentedStatus, RuntimeDirectory, StateDirectory
from beffroi_player.state.play_files import play_files, read_plays
from beffroi_player.wakeup import WakeupSocket

NOON = 1_780_000_000_000
FULL = Rectangle(width=320, height=180)
ON = DisplayPower(PowerState.ON, 100, None)
OFF = DisplayPower(PowerState.OFF, 0, None)
DIGEST = "5" * 64
NO_COUNTS = PlaybackCounts()


class Desk:
    """A status writer with its files, and an agent that counts wake-ups."""

    def __init__(self, folder: Path) -> None:
        self.state, self.runtime = StateDirectory(folder / "state"), RuntimeDirectory(folder / "run")
        self.state.create_folders()
        self.runtime.create_folder()
        self.clock = ManualClock(system_ms=NOON)
        self.presented = PresentedFrame(1, (320, 180), DIGEST, self.clock.uptime_ms)
        self.showings = ShowingTracker(self.state, self.runtime, lambda: self.clock.uptime_ms)
        self.writer = StatusWriter(self.runtime, self.showings, NOON - 1_000)
        self.agent = WakeupSocket(self.runtime.agent_socket)

    def write(
        self, *shown: ShownPart, light: DisplayPower = ON, counts: PlaybackCounts = NO_COUNTS,
        faults: tuple[FrameFault, ...] = (), programme: int | None = 7, is_overlay: bool = False,
    ) -> bool:  # fmt: skip
        """Report what is shown; return whether the agent was woken."""
        placed = tuple(PlacedFrame(f"{part.slide or part.alert}.png", FULL, part) for part in shown)
        moment = Moment(self.clock.system_ms, int(self.clock.uptime_ms), ClockState.TRUSTED)
        frames = SceneFrames(placed, (), (), is_overlay)
        self.writer.write_status(frames, self.presented, moment, light, programme, faults, counts)
        return bool(self.agent.wait(0))

    def present(self, number: int) -> None:
        """Note that another frame was presented just now."""
        self.presented = PresentedFrame(number, (320, 180), f"{number:064}", self.clock.uptime_ms)

    @property
    def status(self) -> PresentedStatus:
        found = self.runtime.presented.read()
        assert found is not None
        return found

    @property
    def plays(self) -> list[Play]:
        return [play for file in play_files(self.state.plays) for play in read_plays(file)]


@pytest.fixture
def desk(tmp_path: Path):
    desk = Desk(tmp_path)
    yield desk
    desk.agent.close()


def slide(name: str, **values: object) -> ShownPart:
    return ShownPart(zone="main", slide=name, reason=ReasonKind.RULE, since_ms=NOON).replace(**values)


def test_what_is_presented_is_written_and_the_agent_is_woken_once(desk):
    assert desk.write(slide("pool"))
    first = desk.status
    assert (first.started_at_ms, first.number, first.programme) == (NOON - 1_000, 1, 7)
    assert [part.slide for part in first.showings] == ["pool"]
    assert (first.frames, first.frame) == (("pool.png",), DIGEST)
    desk.clock.pass_by(3_000)
    assert not desk.write(slide("pool"))
    assert desk.status == first


@pytest.mark.parametrize(
    "change",
    [
        {"light": DisplayPower(PowerState.DIM, 40, None)},
        {"programme": 8},
        {"faults": (FrameFault(frame="a.png", detail="it is gone"),)},
        {"is_overlay": True},
    ],
)
def test_any_other_fact_is_news(desk, change):
    desk.write(slide("pool"))
    assert desk.write(slide("pool"), **change)
    assert not desk.write(slide("pool"), **change)


def test_the_instant_is_the_one_at_which_it_was_on_the_display(desk):
    desk.present(2)
    desk.clock.pass_by(40)
    desk.write(slide("pool"))
    assert desk.status.presented_at_ms == NOON
    assert desk.status.presented_uptime_ms == desk.clock.uptime_ms - 40


def test_counts_alone_are_written_once_a_minute_and_wake_nobody(desk):
    desk.write(slide("pool"))
    late = PlaybackCounts(dropped_frames=1, late_frames=2, decode_errors=3)
    desk.clock.pass_by(COUNT_INTERVAL_MS - 1)
    assert not desk.write(slide("pool"), counts=late)
    assert desk.status.late_frames == 0
    desk.clock.pass_by(1)
    assert not desk.write(slide("pool"), counts=late)
    assert (desk.status.dropped_frames, desk.status.late_frames, desk.status.decode_errors) == (1, 2, 3)


def test_with_other_news_counts_are_written_at_once(desk):
    desk.write(slide("pool"))
    desk.write(slide("market"), counts=PlaybackCounts(late_frames=2))
    assert desk.status.late_frames == 2


def test_an_alert_is_remembered_until_something_else_is_written(desk):
    assert not desk.writer.shows_alert
    flood = ShownPart(alert="flood", form=AlertForm.TAKEOVER, reason=ReasonKind.ALERT)
    desk.write(flood)
    assert desk.writer.shows_alert
    desk.write(slide("pool"))
    assert not desk.writer.shows_alert


@pytest.mark.parametrize(
    ("after", "ended"),
    [
        ({"light": OFF}, EndReason.STANDBY),
        ({"is_overlay": True}, EndReason.NAME),
        ({"programme": 8}, EndReason.PROGRAMME),
    ],
)
def test_a_showing_that_ends_is_logged_with_its_reason_and_length(desk, after, ended):
    desk.write(slide("pool"))
    desk.clock.pass_by(4_000)
    desk.present(2)
    desk.write(**after)
    (play,) = desk.plays
    assert (play.slide, play.ended, play.lasted_ms, play.started_at_ms) == ("pool", ended, 4_000, NOON)
    assert (play.frame, play.clock) == (DIGEST, ClockState.TRUSTED)


def test_a_frame_that_comes_after_its_iteration_began_ends_the_one_before_at_its_own_instant(desk):
    desk.write(slide("pool"))
    desk.clock.pass_by(4_000)
    desk.presented = replace(desk.presented, number=2, uptime_ms=desk.clock.uptime_ms + 25)
    desk.write(slide("market"))
    (play,) = desk.plays
    assert play.lasted_ms == 4_025


def test_a_fault_is_logged_once(desk, caplog):
    fault = FrameFault(frame="a.png", detail="a.png: it is gone")
    for name in ("pool", "market", "pool"):
        desk.write(slide(name), faults=(fault,))
    assert caplog.text.count("it is gone") == 1
