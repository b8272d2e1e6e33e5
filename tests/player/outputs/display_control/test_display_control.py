"""Control of a display's power and brightness: through every interface, with retries, and without delaying a frame."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.player_harness import until

from beffroi_player.outputs import fullscreen
from beffroi_player.outputs.base import ControlError, DisplayResult, SwitchResult, UnsupportedError
from beffroi_player.outputs.display_control import control as rooms
from beffroi_player.outputs.display_control.cec import InterruptibleWait
from beffroi_player.outputs.display_control.control import DisplayAnswer, DisplayControl, FindInterface
from beffroi_player.outputs.display_control.ddc import VcpValue
from beffroi_player.outputs.display_control.kms import DisplayConnector
from beffroi_player.outputs.fullscreen import FullscreenOutput
from beffroi_player.state.directories import DisplayChanges, RuntimeDirectory, StateDirectory
from beffroi_player.wakeup import STATE_CHANGED, WakeupSocket

HDMI = DisplayConnector(0, "HDMI-A", 1)
OTHER = DisplayConnector(0, "HDMI-A", 2)
NEVER_S = 60.0
NEVER = 1_000


@dataclass
class FakeTelevision:
    """A display that can be switched, but not dimmed."""

    name: str = "television"
    answer: SwitchResult = SwitchResult.CONFIRMED
    fails: int = 0
    told: list[bool] = field(default_factory=list)
    tries: int = 0
    free: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    lingers: bool = False

    def __post_init__(self) -> None:
        self.free.set()

    def switch_power(self, on: bool, wait: InterruptibleWait) -> SwitchResult:
        self.tries += 1
        self.begun.set()
        assert self.free.wait(NEVER_S)
        if self.fails:
            self.fails -= 1
            raise ControlError("nobody answers")
        self.told.append(on)
        while self.lingers and wait(NEVER_S):
            pass
        return self.answer


@dataclass
class FakeMonitor:
    """A display that can be dimmed, but not switched."""

    name: str = "monitor"
    value: int = 80
    fails: int = 0
    knows_brightness: bool = True
    set_to: list[int] = field(default_factory=list)

    def read_brightness(self) -> VcpValue:
        if not self.knows_brightness:
            raise UnsupportedError("it knows no brightness")
        return VcpValue(self.value, 100)

    def set_brightness(self, value: int) -> None:
        if self.fails:
            self.fails -= 1
            raise ControlError("nobody answers")
        self.value = value
        self.set_to.append(value)


class Room:
    """A state directory, and the controllers that use it."""

    def __init__(self, folder: Path) -> None:
        self.state = StateDirectory(folder)
        self.rung = 0
        self.controls: list[DisplayControl] = []

    def control(self, *ways: FakeTelevision | FakeMonitor, pauses_s: tuple[float, ...] = ()) -> DisplayControl:
        finders: list[FindInterface] = [lambda _, way=way: way for way in ways]
        made = DisplayControl(finders, self.state.display_changes, self._ring, pauses_s)
        self.controls.append(made)
        return made

    def _ring(self) -> None:
        self.rung += 1

    @property
    def altered(self) -> DisplayChanges:
        return self.state.display_changes.read() or DisplayChanges()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    for each in room.controls:
        each.close()


def settles(control: DisplayControl, lit: SwitchResult = SwitchResult.UNKNOWN, *, dims: bool = False) -> None:
    until(f"{lit!r}, {dims}", lambda: control.last_answer == DisplayAnswer(lit, dims, is_answered=True))


def test_a_display_that_has_nothing_to_be_told_costs_nothing(room):
    television, monitor = FakeTelevision(), FakeMonitor()
    control = room.control(television, monitor)
    before = threading.active_count()
    control.request_state(HDMI, True, 100)
    control.repeat_request()
    assert threading.active_count() == before
    assert control.last_answer == DisplayAnswer(SwitchResult.UNKNOWN, dims_itself=False, is_answered=True)
    assert (television.tries, monitor.set_to) == (0, [])


def test_a_display_is_switched_off_and_on_and_says_so(room):
    television = FakeTelevision()
    control = room.control(television)
    control.request_state(HDMI, False, 0)
    settles(control, SwitchResult.CONFIRMED)
    assert room.rung
    control.request_state(HDMI, True, 100)
    settles(control, SwitchResult.CONFIRMED)
    assert television.told == [False, True]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ((SwitchResult.CONFIRMED, SwitchResult.SENT), SwitchResult.CONFIRMED),
        ((SwitchResult.SENT, SwitchResult.CONFIRMED), SwitchResult.CONFIRMED),
        ((SwitchResult.SENT, SwitchResult.UNKNOWN), SwitchResult.SENT),
        ((SwitchResult.UNKNOWN, SwitchResult.UNKNOWN), SwitchResult.UNKNOWN),
        ((), SwitchResult.UNKNOWN),
    ],
)
def test_what_one_way_confirms_is_confirmed(room, answers, expected):
    control = room.control(*(FakeTelevision(str(number), answer) for number, answer in enumerate(answers)))
    control.request_state(HDMI, False, 0)
    settles(control, expected)


def test_nobody_waits_for_a_display_that_takes_its_time(room):
    television = FakeTelevision()
    television.free.clear()
    control = room.control(television)
    control.request_state(HDMI, False, 0)
    assert television.begun.wait(NEVER_S)
    # The very call that asks comes back while the display has not said a word.
    control.request_state(HDMI, False, 0)
    assert control.last_answer == DisplayAnswer(SwitchResult.UNKNOWN, dims_itself=False, is_answered=False)
    television.free.set()
    settles(control, SwitchResult.CONFIRMED)


def test_only_the_newest_wish_is_carried_out(room):
    television, monitor = FakeTelevision(), FakeMonitor(value=100)
    television.free.clear()
    control = room.control(television, monitor)
    control.request_state(HDMI, False, 0)
    assert television.begun.wait(NEVER_S)
    for percent in (90, 50, 20):
        control.request_state(HDMI, True, percent)
    television.free.set()
    settles(control, SwitchResult.CONFIRMED, dims=True)
    assert television.told == [False, True]
    assert monitor.set_to == [20]


def test_an_emergency_does_not_wait_for_a_display_that_is_still_being_asked(room):
    television = FakeTelevision(lingers=True)
    control = room.control(television)
    control.request_state(HDMI, False, 0)
    until("it is told", lambda: television.told == [False])
    television.lingers = False
    control.request_state(HDMI, True, 100)
    settles(control, SwitchResult.CONFIRMED)
    assert television.told == [False, True]


def test_what_failed_is_tried_again(room):
    television = FakeTelevision(fails=2)
    control = room.control(television, pauses_s=(0.01, 0.01, 0.01))
    control.request_state(HDMI, False, 0)
    settles(control, SwitchResult.CONFIRMED)
    assert television.tries == 3


def test_who_was_not_reached_by_night_is_not_called_by_day(room):
    deaf, television = FakeTelevision("deaf", fails=NEVER), FakeTelevision("other")
    control = room.control(deaf, television)
    control.request_state(HDMI, False, 0)
    settles(control, SwitchResult.CONFIRMED)
    assert room.altered.off == ("other",)
    control.request_state(HDMI, True, 100)
    until("it is on", lambda: television.told == [False, True])
    settles(control, SwitchResult.CONFIRMED)
    assert deaf.tries == 1
    assert room.altered == DisplayChanges()


def test_who_is_not_woken_is_called_again_and_not_for_ever(room):
    television = FakeTelevision()
    control = room.control(television, pauses_s=(0.0,))
    control.request_state(HDMI, False, 0)
    settles(control, SwitchResult.CONFIRMED)
    television.fails = NEVER
    for percent in (100, 90, 80, 70):
        control.request_state(HDMI, True, percent)
        until("it gave up", lambda: television.tries >= 3)
    settles(control)
    assert television.tries == 3
    assert room.altered.off == ("television",)

    television.fails = 0
    after = room.control(television)
    after.request_state(HDMI, True, 100)
    settles(after, SwitchResult.CONFIRMED)
    assert room.altered == DisplayChanges()


def test_it_is_not_tried_for_ever_but_again_once_a_display_is_plugged_in(room):
    television = FakeTelevision(fails=3)
    control = room.control(television, pauses_s=(0.01, 0.01))
    control.request_state(HDMI, False, 0)
    until("it was tried", lambda: television.tries == 3)
    settles(control)
    assert threading.Event().wait(0.1) is False
    assert television.tries == 3
    control.repeat_request()
    settles(control, SwitchResult.CONFIRMED)
    control.request_state(OTHER, False, 0)
    until("the other one is told", lambda: television.tries == 5)


def test_who_has_answered_is_not_told_again_because_another_has_not(room):
    television, other = FakeTelevision("one"), FakeTelevision("other", fails=2)
    control = room.control(television, other, pauses_s=(0.01, 0.01))
    control.request_state(HDMI, False, 0)
    until("both are told", lambda: other.told == [False])
    assert television.told == [False]


def test_an_error_that_should_not_happen_ends_nothing(room):
    class Broken(FakeTelevision):
        def switch(self, on: bool, pause: InterruptibleWait) -> SwitchResult:
            if not self.told:
                self.told.append(on)
                raise ValueError("broken")
            return super().switch_power(on, pause)

    control = room.control(Broken(), pauses_s=(0.01,))
    control.request_state(HDMI, False, 0)
    settles(control, SwitchResult.CONFIRMED)


def test_a_monitor_is_dimmed_by_percent_of_what_it_had_and_gets_it_back(room):
    monitor = FakeMonitor(value=80)
    control = room.control(monitor)
    for percent in (50, 25, 100):
        control.request_state(HDMI, True, percent)
        until(f"{percent} %", lambda percent=percent: monitor.value == 80 * percent / 100)
    settles(control, dims=True)
    until("nothing is to be undone", lambda: room.altered == DisplayChanges())


def test_it_gets_it_back_after_a_power_cut_as_well(room):
    monitor, television = FakeMonitor(value=80), FakeTelevision()
    control = room.control(monitor, television)
    control.request_state(HDMI, True, 25)
    settles(control, dims=True)
    control.request_state(HDMI, False, 0)
    settles(control, SwitchResult.CONFIRMED, dims=True)
    control.close()
    assert (monitor.value, television.told) == (20, [False])

    after = room.control(monitor, television)
    after.request_state(HDMI, True, 100)
    until("all is undone", lambda: (monitor.value, television.told) == (80, [False, True]))
    settles(after, SwitchResult.CONFIRMED, dims=True)
    assert room.altered == DisplayChanges()


def test_another_monitor_does_not_get_what_this_one_had(room, monkeypatch):
    said = {HDMI: b"one", OTHER: b"other"}
    monkeypatch.setattr(rooms, "read_edid", said.get)
    one = FakeMonitor(value=80)
    control = room.control(one)
    control.request_state(HDMI, True, 50)
    settles(control, dims=True)
    one.value = 60
    control.request_state(OTHER, True, 50)
    assert not control.last_answer.dims_itself
    until("the other one is dimmed", lambda: one.value == 30)


def test_a_monitor_that_fails_leaves_the_dimming_to_the_picture(room):
    monitor = FakeMonitor(value=100)
    control = room.control(monitor, pauses_s=(0.2,))
    control.request_state(HDMI, True, 50)
    settles(control, dims=True)
    rung, monitor.fails = room.rung, 1
    control.request_state(HDMI, True, 40)
    settles(control, dims=False)
    assert room.rung > rung
    settles(control, dims=True)
    assert monitor.value == 40


def test_a_monitor_that_knows_no_brightness_is_asked_once(room):
    monitor = FakeMonitor(knows_brightness=False)
    control = room.control(monitor, pauses_s=(0.01,))
    control.request_state(HDMI, True, 50)
    settles(control, dims=False)
    assert room.altered.brightness is None


def test_a_display_that_is_deaf_is_not_asked_at_each_change_of_the_light(room):
    monitor = FakeMonitor(value=100, fails=NEVER)
    control = room.control(monitor, pauses_s=(0.0,))
    for percent in (90, 80, 70, 60):
        control.request_state(HDMI, True, percent)
        settles(control, dims=False)
        until("it gave up", lambda: monitor.fails <= NEVER - 2)
    assert monitor.fails == NEVER - 2
    monitor.fails = 0
    control.repeat_request()
    settles(control, dims=True)
    assert monitor.value == 60


def test_light_that_changes_does_not_forget_that_the_display_is_on(room):
    monitor, television = FakeMonitor(), FakeTelevision()
    control = room.control(monitor, television)
    control.request_state(HDMI, False, 0)
    settles(control, SwitchResult.CONFIRMED)
    control.request_state(HDMI, True, 50)
    settles(control, SwitchResult.CONFIRMED, dims=True)
    control.request_state(HDMI, True, 40)
    assert control.last_answer.switched is SwitchResult.CONFIRMED
    until("it is dimmed", lambda: monitor.value == 32)
    assert television.told == [False, True]


def test_it_ends_at_once(room):
    television = FakeTelevision(lingers=True)
    control = room.control(television)
    control.request_state(HDMI, False, 0)
    until("it is told", lambda: television.told == [False])
    control.close()
    assert not [each for each in threading.enumerate() if each.name == "display control"]


def test_a_disk_that_fails_does_not_keep_the_display_on(room, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(room.state.display_changes, "write", full)
    television = FakeTelevision()
    control = room.control(television)
    control.request_state(HDMI, False, 0)
    settles(control, SwitchResult.CONFIRMED)


# --- with the whole display


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    switched: list[bool] = []
    monkeypatch.setattr(fullscreen.kms, "switch_signal", lambda _, on: switched.append(on) or "")
    monkeypatch.setattr(fullscreen.kms, "is_signal_on", lambda _: switched[-1])
    monkeypatch.setattr(fullscreen.kms, "connected_displays", lambda: (HDMI,))
    return switched


def whole(room: Room, *ways: FakeTelevision | FakeMonitor) -> FullscreenOutput:
    output = FullscreenOutput(control=lambda: room.control(*ways))
    output._connectors = (HDMI,)
    return output


def lights(output: FullscreenOutput, expected: DisplayResult, *, on: bool, brightness: int = 100) -> Callable[[], bool]:
    return lambda: output.control_display(on, brightness) == expected


def test_where_the_display_is_not_reached_the_kernel_is_believed(room, kernel):
    output = whole(room)
    assert output.control_display(True, 100) == DisplayResult()
    until("off", lights(output, DisplayResult(SwitchResult.CONFIRMED), on=False))
    until("on", lights(output, DisplayResult(SwitchResult.CONFIRMED), on=True))
    assert kernel == [False, True]


def test_a_display_that_is_reached_is_believed_more_than_the_kernel(room, kernel):
    television = FakeTelevision(answer=SwitchResult.SENT)
    television.free.clear()
    output = whole(room, television)
    assert output.control_display(False, 0) == DisplayResult(SwitchResult.SENT)
    television.free.set()
    until("it is settled", lambda: room.controls[0].last_answer.is_answered)
    assert output.control_display(False, 0) == DisplayResult(SwitchResult.SENT)


def test_what_was_unplugged_is_told_again(room, kernel, monkeypatch):
    television = FakeTelevision()
    output = whole(room, television)
    until("off", lights(output, DisplayResult(SwitchResult.CONFIRMED), on=False))
    for plugged in ((), (HDMI,)):
        output._checked_s = -NEVER_S
        monkeypatch.setattr(fullscreen.kms, "connected_displays", lambda plugged=plugged: plugged)
        assert not output.is_display_changed()
    until("it is told again", lambda: television.told == [False, False])


def test_the_stage_is_rung_when_an_answer_has_changed(tmp_path):
    state, runtime = StateDirectory(tmp_path / "state"), RuntimeDirectory(tmp_path / "run")
    state.create_folders()
    runtime.create_folder()
    control = rooms.create_control(state.folder, runtime.folder)
    with WakeupSocket(runtime.stage_socket) as bell:
        control.request_state(DisplayConnector(99, "HDMI-A", 1), False, 0)
        assert bell.wait(10) == {STATE_CHANGED}
    control.close()
