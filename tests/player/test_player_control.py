"""What a display is told besides its picture: at once, in every way there is, and never so that a picture waits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from player import until

from beffroi_player.nudge import LOOK, Bell
from beffroi_player.outputs import control as rooms
from beffroi_player.outputs import fullscreen
from beffroi_player.outputs.base import ControlError, Light, Lit, UnsupportedError
from beffroi_player.outputs.cec import Pause
from beffroi_player.outputs.control import Control, Find, Said
from beffroi_player.outputs.ddc import Reading
from beffroi_player.outputs.fullscreen import Fullscreen
from beffroi_player.outputs.kms import Connector
from beffroi_player.store import Altered, Runtime, State

HDMI = Connector(0, "HDMI-A", 1)
OTHER = Connector(0, "HDMI-A", 2)
NEVER_S = 60.0
NEVER = 1_000


@dataclass
class Television:
    """Switched, and not dimmed."""

    name: str = "television"
    answer: Lit = Lit.CONFIRMED
    fails: int = 0
    told: list[bool] = field(default_factory=list)
    tries: int = 0
    free: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    lingers: bool = False

    def __post_init__(self) -> None:
        self.free.set()

    def switch(self, on: bool, pause: Pause) -> Lit:
        self.tries += 1
        self.begun.set()
        assert self.free.wait(NEVER_S)
        if self.fails:
            self.fails -= 1
            raise ControlError("nobody answers")
        self.told.append(on)
        while self.lingers and pause(NEVER_S):
            pass
        return self.answer


@dataclass
class Monitor:
    """Dimmed, and not switched."""

    name: str = "monitor"
    value: int = 80
    fails: int = 0
    knows_brightness: bool = True
    set_to: list[int] = field(default_factory=list)

    def brightness(self) -> Reading:
        if not self.knows_brightness:
            raise UnsupportedError("it knows no brightness")
        return Reading(self.value, 100)

    def brighten(self, value: int) -> None:
        if self.fails:
            self.fails -= 1
            raise ControlError("nobody answers")
        self.value = value
        self.set_to.append(value)


class Room:
    """A place with a display in it."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder)
        self.rung = 0
        self.controls: list[Control] = []

    def control(self, *ways: Television | Monitor, pauses_s: tuple[float, ...] = ()) -> Control:
        finders: list[Find] = [lambda _, way=way: way for way in ways]
        made = Control(finders, self.state.altered, self._ring, pauses_s)
        self.controls.append(made)
        return made

    def _ring(self) -> None:
        self.rung += 1

    @property
    def altered(self) -> Altered:
        return self.state.altered.read() or Altered()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    for each in room.controls:
        each.close()


def settles(control: Control, lit: Lit = Lit.UNKNOWN, *, dims: bool = False) -> None:
    until(f"{lit!r}, {dims}", lambda: control.said == Said(lit, dims, settled=True))


def test_a_display_that_has_nothing_to_be_told_costs_nothing(room):
    television, monitor = Television(), Monitor()
    control = room.control(television, monitor)
    before = threading.active_count()
    control.want(HDMI, True, 100)
    control.again()
    assert threading.active_count() == before
    assert control.said == Said(Lit.UNKNOWN, dims=False, settled=True)
    assert (television.tries, monitor.set_to) == (0, [])


def test_a_display_is_switched_off_and_on_and_says_so(room):
    television = Television()
    control = room.control(television)
    control.want(HDMI, False, 0)
    settles(control, Lit.CONFIRMED)
    assert room.rung
    control.want(HDMI, True, 100)
    settles(control, Lit.CONFIRMED)
    assert television.told == [False, True]


@pytest.mark.parametrize(("answers", "expected"), [
    ((Lit.CONFIRMED, Lit.SENT), Lit.CONFIRMED), ((Lit.SENT, Lit.CONFIRMED), Lit.CONFIRMED),
    ((Lit.SENT, Lit.UNKNOWN), Lit.SENT), ((Lit.UNKNOWN, Lit.UNKNOWN), Lit.UNKNOWN), ((), Lit.UNKNOWN),
])  # fmt: skip
def test_what_one_way_confirms_is_confirmed(room, answers, expected):
    control = room.control(*(Television(str(number), answer) for number, answer in enumerate(answers)))
    control.want(HDMI, False, 0)
    settles(control, expected)


def test_nobody_waits_for_a_display_that_takes_its_time(room):
    television = Television()
    television.free.clear()
    control = room.control(television)
    control.want(HDMI, False, 0)
    assert television.begun.wait(NEVER_S)
    # The very call that asks comes back while the display has not said a word.
    control.want(HDMI, False, 0)
    assert control.said == Said(Lit.UNKNOWN, dims=False, settled=False)
    television.free.set()
    settles(control, Lit.CONFIRMED)


def test_only_the_newest_wish_is_carried_out(room):
    television, monitor = Television(), Monitor(value=100)
    television.free.clear()
    control = room.control(television, monitor)
    control.want(HDMI, False, 0)
    assert television.begun.wait(NEVER_S)
    for percent in (90, 50, 20):
        control.want(HDMI, True, percent)
    television.free.set()
    settles(control, Lit.CONFIRMED, dims=True)
    assert television.told == [False, True]
    assert monitor.set_to == [20]


def test_an_emergency_does_not_wait_for_a_display_that_is_still_being_asked(room):
    television = Television(lingers=True)
    control = room.control(television)
    control.want(HDMI, False, 0)
    until("it is told", lambda: television.told == [False])
    television.lingers = False
    control.want(HDMI, True, 100)
    settles(control, Lit.CONFIRMED)
    assert television.told == [False, True]


def test_what_failed_is_tried_again(room):
    television = Television(fails=2)
    control = room.control(television, pauses_s=(0.01, 0.01, 0.01))
    control.want(HDMI, False, 0)
    settles(control, Lit.CONFIRMED)
    assert television.tries == 3


def test_who_was_not_reached_by_night_is_not_called_by_day(room):
    deaf, television = Television("deaf", fails=NEVER), Television("other")
    control = room.control(deaf, television)
    control.want(HDMI, False, 0)
    settles(control, Lit.CONFIRMED)
    assert room.altered.off == ("other",)
    control.want(HDMI, True, 100)
    until("it is on", lambda: television.told == [False, True])
    settles(control, Lit.CONFIRMED)
    assert deaf.tries == 1
    assert room.altered == Altered()


def test_who_is_not_woken_is_called_again_and_not_for_ever(room):
    television = Television()
    control = room.control(television, pauses_s=(0.0,))
    control.want(HDMI, False, 0)
    settles(control, Lit.CONFIRMED)
    television.fails = NEVER
    for percent in (100, 90, 80, 70):
        control.want(HDMI, True, percent)
        until("it gave up", lambda: television.tries >= 3)
    settles(control)
    assert television.tries == 3
    assert room.altered.off == ("television",)

    television.fails = 0
    after = room.control(television)
    after.want(HDMI, True, 100)
    settles(after, Lit.CONFIRMED)
    assert room.altered == Altered()


def test_it_is_not_tried_for_ever_but_again_once_a_display_is_plugged_in(room):
    television = Television(fails=3)
    control = room.control(television, pauses_s=(0.01, 0.01))
    control.want(HDMI, False, 0)
    until("it was tried", lambda: television.tries == 3)
    settles(control)
    assert threading.Event().wait(0.1) is False
    assert television.tries == 3
    control.again()
    settles(control, Lit.CONFIRMED)
    control.want(OTHER, False, 0)
    until("the other one is told", lambda: television.tries == 5)


def test_who_has_answered_is_not_told_again_because_another_has_not(room):
    television, other = Television("one"), Television("other", fails=2)
    control = room.control(television, other, pauses_s=(0.01, 0.01))
    control.want(HDMI, False, 0)
    until("both are told", lambda: other.told == [False])
    assert television.told == [False]


def test_an_error_that_should_not_happen_ends_nothing(room):
    class Broken(Television):
        def switch(self, on: bool, pause: Pause) -> Lit:
            if not self.told:
                self.told.append(on)
                raise ValueError("broken")
            return super().switch(on, pause)

    control = room.control(Broken(), pauses_s=(0.01,))
    control.want(HDMI, False, 0)
    settles(control, Lit.CONFIRMED)


def test_a_monitor_is_dimmed_by_percent_of_what_it_had_and_gets_it_back(room):
    monitor = Monitor(value=80)
    control = room.control(monitor)
    for percent in (50, 25, 100):
        control.want(HDMI, True, percent)
        until(f"{percent} %", lambda percent=percent: monitor.value == 80 * percent / 100)
    settles(control, dims=True)
    until("nothing is to be undone", lambda: room.altered == Altered())


def test_it_gets_it_back_after_a_power_cut_as_well(room):
    monitor, television = Monitor(value=80), Television()
    control = room.control(monitor, television)
    control.want(HDMI, True, 25)
    settles(control, dims=True)
    control.want(HDMI, False, 0)
    settles(control, Lit.CONFIRMED, dims=True)
    control.close()
    assert (monitor.value, television.told) == (20, [False])

    after = room.control(monitor, television)
    after.want(HDMI, True, 100)
    until("all is undone", lambda: (monitor.value, television.told) == (80, [False, True]))
    settles(after, Lit.CONFIRMED, dims=True)
    assert room.altered == Altered()


def test_another_monitor_does_not_get_what_this_one_had(room, monkeypatch):
    said = {HDMI: b"one", OTHER: b"other"}
    monkeypatch.setattr(rooms, "edid", said.get)
    one = Monitor(value=80)
    control = room.control(one)
    control.want(HDMI, True, 50)
    settles(control, dims=True)
    one.value = 60
    control.want(OTHER, True, 50)
    assert not control.said.dims
    until("the other one is dimmed", lambda: one.value == 30)


def test_a_monitor_that_fails_leaves_the_dimming_to_the_picture(room):
    monitor = Monitor(value=100)
    control = room.control(monitor, pauses_s=(0.2,))
    control.want(HDMI, True, 50)
    settles(control, dims=True)
    rung, monitor.fails = room.rung, 1
    control.want(HDMI, True, 40)
    settles(control, dims=False)
    assert room.rung > rung
    settles(control, dims=True)
    assert monitor.value == 40


def test_a_monitor_that_knows_no_brightness_is_asked_once(room):
    monitor = Monitor(knows_brightness=False)
    control = room.control(monitor, pauses_s=(0.01,))
    control.want(HDMI, True, 50)
    settles(control, dims=False)
    assert room.altered.brightness is None


def test_a_display_that_is_deaf_is_not_asked_at_each_change_of_the_light(room):
    monitor = Monitor(value=100, fails=NEVER)
    control = room.control(monitor, pauses_s=(0.0,))
    for percent in (90, 80, 70, 60):
        control.want(HDMI, True, percent)
        settles(control, dims=False)
        until("it gave up", lambda: monitor.fails <= NEVER - 2)
    assert monitor.fails == NEVER - 2
    monitor.fails = 0
    control.again()
    settles(control, dims=True)
    assert monitor.value == 60


def test_light_that_changes_does_not_forget_that_the_display_is_on(room):
    monitor, television = Monitor(), Television()
    control = room.control(monitor, television)
    control.want(HDMI, False, 0)
    settles(control, Lit.CONFIRMED)
    control.want(HDMI, True, 50)
    settles(control, Lit.CONFIRMED, dims=True)
    control.want(HDMI, True, 40)
    assert control.said.lit is Lit.CONFIRMED
    until("it is dimmed", lambda: monitor.value == 32)
    assert television.told == [False, True]


def test_it_ends_at_once(room):
    television = Television(lingers=True)
    control = room.control(television)
    control.want(HDMI, False, 0)
    until("it is told", lambda: television.told == [False])
    control.close()
    assert not [each for each in threading.enumerate() if each.name == "display control"]


def test_a_disk_that_fails_does_not_keep_the_display_on(room, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(room.state.altered, "write", full)
    television = Television()
    control = room.control(television)
    control.want(HDMI, False, 0)
    settles(control, Lit.CONFIRMED)


# --- with the whole display


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    switched: list[bool] = []
    monkeypatch.setattr(fullscreen.kms, "switch", lambda _, on: switched.append(on) or "")
    monkeypatch.setattr(fullscreen.kms, "is_lit", lambda _: switched[-1])
    monkeypatch.setattr(fullscreen.kms, "connected", lambda: (HDMI,))
    return switched


def whole(room: Room, *ways: Television | Monitor) -> Fullscreen:
    output = Fullscreen(control=lambda: room.control(*ways))
    output._plugged = (HDMI,)
    return output


def lights(output: Fullscreen, expected: Light, *, on: bool, brightness: int = 100) -> Callable[[], bool]:
    return lambda: output.light(on, brightness) == expected


def test_where_the_display_is_not_reached_the_kernel_is_believed(room, kernel):
    output = whole(room)
    assert output.light(True, 100) == Light()
    until("off", lights(output, Light(Lit.CONFIRMED), on=False))
    until("on", lights(output, Light(Lit.CONFIRMED), on=True))
    assert kernel == [False, True]


def test_a_display_that_is_reached_is_believed_more_than_the_kernel(room, kernel):
    television = Television(answer=Lit.SENT)
    television.free.clear()
    output = whole(room, television)
    assert output.light(False, 0) == Light(Lit.SENT)
    television.free.set()
    until("it is settled", lambda: room.controls[0].said.settled)
    assert output.light(False, 0) == Light(Lit.SENT)


def test_what_was_unplugged_is_told_again(room, kernel, monkeypatch):
    television = Television()
    output = whole(room, television)
    until("off", lights(output, Light(Lit.CONFIRMED), on=False))
    for plugged in ((), (HDMI,)):
        output._looked = -NEVER_S
        monkeypatch.setattr(fullscreen.kms, "connected", lambda plugged=plugged: plugged)
        assert not output.replugged()
    until("it is told again", lambda: television.told == [False, False])


def test_the_stage_is_rung_when_an_answer_has_changed(tmp_path):
    state, runtime = State(tmp_path / "state"), Runtime(tmp_path / "run")
    state.make()
    runtime.make()
    control = rooms.control(state.folder, runtime.folder)
    with Bell(runtime.stage_bell) as bell:
        control.want(Connector(99, "HDMI-A", 1), False, 0)
        assert bell.wait(10) == {LOOK}
    control.close()
