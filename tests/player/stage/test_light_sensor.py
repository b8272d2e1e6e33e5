"""A light sensor: dark streets are not dazzled, headlights do nothing, and without one all is as it was."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.player_harness import until

from beffroi_content.model import PowerState
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_player.stage.light_sensor import READ_INTERVAL_MS, LightSensor, brightness_for

DAY = DisplayPower(PowerState.ON, 100, None)


class Street:
    """A place with a sensor."""

    def __init__(self, folder: Path) -> None:
        self.device = folder / "iio:device0"
        self.device.mkdir()
        self.sensor = LightSensor(folder, lambda work: work())
        self.now = 0.0

    def after(self, seconds: float, lux: float, darkest: int = 20, light: DisplayPower = DAY) -> DisplayPower:
        """Return what the display does after so many seconds of that light."""
        (self.device / "in_illuminance_input").write_text(str(lux))
        found = light
        for _ in range(round(seconds * 1000 / READ_INTERVAL_MS)):
            self.now += READ_INTERVAL_MS
            found = self.sensor.dim_display(light, darkest, self.now)
        return found


@pytest.fixture
def street(tmp_path: Path) -> Street:
    return Street(tmp_path)


def test_in_darkness_it_is_as_dark_as_the_town_wants(street):
    assert street.after(300, 1.0) == DisplayPower(PowerState.DIM, 20, None)


def test_by_day_all_the_light_is_there(street):
    street.after(300, 1.0)
    assert street.after(300, 20_000.0) == DAY


def test_a_headlight_does_nothing(street):
    before = street.after(300, 1.0)
    assert street.after(10, 5_000.0) == before
    assert street.after(60, 1.0) == before


def test_it_changes_slowly(street):
    street.after(100, 20_000.0)
    levels = [street.after(5, 1.0).brightness for _ in range(40)]
    assert all(0 <= one - other <= 5 for one, other in zip(levels, levels[1:], strict=False))
    assert levels[-1] == 20


def test_the_hours_of_the_screen_may_be_darker_still(street):
    night = DisplayPower(PowerState.DIM, 10, None)
    assert street.after(300, 1.0, light=night) == night
    rest = DisplayPower(PowerState.OFF, 0, None)
    assert street.after(10, 1.0, light=rest) == rest


def test_who_does_not_heed_the_sensor_has_all_the_light(street):
    assert street.after(300, 1.0, darkest=100) == DAY


def test_raw_readings_are_scaled(street):
    (street.device / "in_illuminance_raw").write_text("10")
    (street.device / "in_illuminance_scale").write_text("0.1")
    for _ in range(60):
        street.now += READ_INTERVAL_MS
        found = street.sensor.dim_display(DAY, 20, street.now)
    assert found.brightness == 20


@pytest.mark.parametrize("said", [None, "", "dark"])
def test_without_a_sensor_that_works_nothing_is_dimmed(street, said):
    street.after(300, 1.0)
    path = street.device / "in_illuminance_input"
    path.unlink() if said is None else path.write_text(said)
    street.now += READ_INTERVAL_MS
    assert street.sensor.dim_display(DAY, 20, street.now) == DAY


@given(st.floats(0, 200_000), st.floats(0, 200_000), st.integers(1, 99))
def test_more_light_around_never_means_less_on_the_glass(one, other, darkest):
    low, high = sorted((one, other))
    assert darkest <= brightness_for(low, darkest) <= brightness_for(high, darkest) <= 100


def test_no_picture_waits_for_a_sensor(tmp_path: Path):
    """One on a slow bus takes a tenth of a second and more; one that hangs is not read a second time."""
    device = tmp_path / "iio:device0"
    device.mkdir()
    os.mkfifo(device / "in_illuminance_input")
    before = threading.active_count()
    sensor = LightSensor(tmp_path)
    for number in range(5):
        assert sensor.dim_display(DAY, 20, number * READ_INTERVAL_MS) == DAY
    assert threading.active_count() == before + 1
    (device / "in_illuminance_input").write_text("1.0")
    until("it is not read", lambda: threading.active_count() == before)
    assert sensor.dim_display(DAY, 20, 5 * READ_INTERVAL_MS).brightness == 95
    # It is being read again.
    until("nobody reads", lambda: write_once(device / "in_illuminance_input"))


def write_once(pipe: Path) -> bool:
    """Write to a pipe if somebody reads there."""
    with contextlib.suppress(OSError):
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        return True
    return False
