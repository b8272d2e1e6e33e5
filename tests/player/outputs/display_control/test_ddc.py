"""Brightness of a monitor by DDC/CI, with a fake bus and monitor."""

from __future__ import annotations

import errno
import os
from contextlib import nullcontext
from functools import reduce
from operator import xor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_player.outputs.base import UnsupportedError
from beffroi_player.outputs.display_control import ddc, device_files
from beffroi_player.outputs.display_control.ddc import (
    BRIGHTNESS_CODE,
    DdcConnection,
    DdcError,
    DdcMonitor,
    GarbledError,
    NotReadyError,
)
from beffroi_player.outputs.display_control.kms import DisplayConnector

HDMI = DisplayConnector(0, "HDMI-A", 1)
NULL = bytes([0x6E, 0x80, 0xBE])
CONTRAST = 0x12
PLENTY = 100


class FakeMonitorBus:
    """A monitor on a bus: hears messages of DDC/CI, and has moods."""

    def __init__(self) -> None:
        self.values = {BRIGHTNESS_CODE: 70}
        self.late = self.garbled = self.absent = 0
        self.stubborn = False
        self.now = 0.0
        self.messages = 0
        self._heard = -1.0
        self._asked: int | None = None

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def write(self, data: bytes) -> None:
        self._is_there()
        assert self.now - self._heard >= 0.04, "the monitor is given no time"
        self._heard = self.now
        self.messages += 1
        assert reduce(xor, data, 0x6E) == 0
        assert data[0] == 0x51
        if data[2] == 0x01:
            self._asked = data[3]
        elif data[2] == 0x03 and not self.stubborn:
            self.values[data[3]] = data[4] << 8 | data[5]

    def read(self, count: int) -> bytes:
        self._is_there()
        assert self.now - self._heard >= 0.04, "the monitor is given no time"
        self._heard = self.now
        if self.late:
            self.late -= 1
            return NULL.ljust(count, b"\0")
        assert self._asked is not None
        answer = answered(self._asked, self.values.get(self._asked), 100)
        if self.garbled:
            self.garbled -= 1
            answer = answer[:-1] + bytes([answer[-1] ^ 0x55])
        return answer[:count]

    def _is_there(self) -> None:
        if self.absent:
            self.absent -= 1
            raise OSError(errno.EREMOTEIO, os.strerror(errno.EREMOTEIO))


def answered(code: int, value: int | None, highest: int) -> bytes:
    content = bytes([0x02, int(value is None), code, 0, 0, highest, *divmod(value or 0, 256)])
    head = bytes([0x6E, 0x80 | len(content), *content])
    return head + bytes([reduce(xor, head, 0x50)])


@pytest.fixture
def fake() -> FakeMonitorBus:
    return FakeMonitorBus()


@pytest.fixture
def monitor(fake: FakeMonitorBus) -> DdcMonitor:
    return DdcMonitor(lambda: nullcontext(DdcConnection(fake, fake.wait)))


def test_messages_are_those_of_the_standard():
    assert ddc.get_message(BRIGHTNESS_CODE) == bytes.fromhex("51 82 01 10 ac")
    assert ddc.set_message(BRIGHTNESS_CODE, 50) == bytes.fromhex("51 84 03 10 00 32 9a")
    assert ddc.parse_reply(bytes.fromhex("6e 88 02 00 10 00 00 64 00 32 f2"), BRIGHTNESS_CODE) == (50, 100)


def test_what_is_no_answer_is_told_apart():
    with pytest.raises(NotReadyError):
        ddc.parse_reply(NULL, BRIGHTNESS_CODE)
    with pytest.raises(UnsupportedError):
        ddc.parse_reply(answered(BRIGHTNESS_CODE, None, 0), BRIGHTNESS_CODE)
    for wrong in (b"", b"\0" * 11, answered(CONTRAST, 1, 5), answered(BRIGHTNESS_CODE, 5, 9)[:-1], NULL[:2]):
        with pytest.raises(GarbledError):
            ddc.parse_reply(wrong, BRIGHTNESS_CODE)


@given(st.binary(max_size=40), st.integers(0, 255))
def test_whatever_comes_is_a_value_or_an_error_of_ours(data, code):
    try:
        found = ddc.parse_reply(data, code)
    except (DdcError, UnsupportedError):
        return
    assert 0 <= found.value <= 0xFFFF


@given(st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 87))
def test_no_bit_that_fell_over_is_believed(code, value, place):
    data = bytearray(answered(code, value, 100))
    data[place // 8] ^= 1 << place % 8
    with pytest.raises((DdcError, UnsupportedError)):
        ddc.parse_reply(bytes(data), code)


def test_a_brightness_is_set_and_read_back(monitor, fake):
    assert monitor.read_brightness() == (70, 100)
    monitor.set_brightness(30)
    assert fake.values[BRIGHTNESS_CODE] == 30


@pytest.mark.parametrize("mood", ["late", "garbled", "absent"])
def test_a_monitor_in_a_mood_is_asked_again(monitor, fake, mood):
    setattr(fake, mood, ddc.MAX_TRIES - 1)
    assert monitor.read_brightness().value == 70
    setattr(fake, mood, 2)
    monitor.set_brightness(40)
    assert fake.values[BRIGHTNESS_CODE] == 40


@pytest.mark.parametrize(("mood", "said"), [
    ("late", "not ready"), ("garbled", "wrong checksum"), ("absent", "is DDC/CI switched on in its menus"),
])  # fmt: skip
def test_one_that_stays_so_is_not_asked_for_ever(monitor, fake, mood, said):
    setattr(fake, mood, PLENTY)
    with pytest.raises(DdcError, match=said):
        monitor.read_brightness()
    assert PLENTY - getattr(fake, mood) == ddc.MAX_TRIES
    with pytest.raises(DdcError, match=said):
        monitor.set_brightness(40)
    assert fake.now < 2


def test_a_monitor_that_does_not_do_it_is_an_error(monitor, fake):
    fake.stubborn = True
    with pytest.raises(DdcError, match="has a brightness of 70, and 30 was wanted"):
        monitor.set_brightness(30)
    monitor.set_brightness(71)


def test_one_that_knows_no_brightness_is_asked_once(monitor, fake):
    del fake.values[BRIGHTNESS_CODE]
    with pytest.raises(UnsupportedError):
        monitor.read_brightness()
    assert fake.messages == 1


def test_the_bus_of_a_connector_is_what_the_kernel_says(tmp_path):
    connector = tmp_path / "card0-HDMI-A-1"
    connector.mkdir()
    assert ddc.find_monitor(HDMI, tmp_path, tmp_path) is None
    (connector / "i2c-3").mkdir()
    (tmp_path / "i2c-3").touch()
    assert ddc.find_monitor(HDMI, tmp_path, tmp_path) is not None

    (tmp_path / "bus" / "i2c-20").mkdir(parents=True)
    (connector / "ddc").symlink_to(tmp_path / "bus" / "i2c-20")
    # Without the module i2c-dev no program can use it.
    assert ddc.find_monitor(HDMI, tmp_path, tmp_path) is None
    (tmp_path / "i2c-20").touch()
    assert ddc.find_monitor(HDMI, tmp_path, tmp_path) is not None


def test_a_bus_that_is_not_ours_is_said_with_what_to_do(tmp_path, monkeypatch):
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(device_files.os, "open", refuse)
    with pytest.raises(DdcError, match="add the user to the group “i2c”"), ddc.open_bus(tmp_path / "i2c-1"):
        pass


def test_what_is_no_bus_is_an_error(tmp_path: Path):
    (tmp_path / "i2c-1").touch()
    with pytest.raises(DdcError, match="cannot be used"), ddc.open_bus(tmp_path / "i2c-1"):
        pass
