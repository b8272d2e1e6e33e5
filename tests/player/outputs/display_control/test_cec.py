"""Power of a television by HDMI-CEC, with a fake kernel; ``make test-kms`` uses a real one."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import pytest

from beffroi_player.outputs.base import SwitchResult
from beffroi_player.outputs.display_control import cec, device_files
from beffroi_player.outputs.display_control.kms import DisplayConnector

HDMI = DisplayConnector(1, "HDMI-A", 1)
ON, STANDBY, TO_ON, TO_STANDBY = range(4)
TO_TELEVISION = 0x40
NOWHERE = 0xFFFF


class FakeCecKernel:
    """The kernel's side of some adapters, and a television at the other end of each.

    Written from linux/cec.h, field by field, and not with the layouts under test.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.adapters: dict[str, FakeTelevision] = {}

    def has(self, name: str, **settings: object) -> FakeTelevision:
        (self.folder / name).touch()
        self.adapters[name] = FakeTelevision(**settings)
        return self.adapters[name]

    def ioctl(self, descriptor: int, number: int, data: bytearray) -> int:
        adapter = self.adapters[Path(os.readlink(f"/proc/self/fd/{descriptor}")).name]
        if adapter.error:
            raise OSError(adapter.error, os.strerror(adapter.error))
        assert number >> 16 & 0x3FFF == len(data)
        assert number >> 8 & 0xFF == ord("a")
        adapter.asked(number & 0xFF, data)
        return 0


class FakeTelevision:
    """A television that knows no haste, and the adapter whose cable goes there."""

    def __init__(
        self, *, power: int = ON, physical: int = 0x1000, connector: tuple[int, int] | None = None,
        hears: bool = True, answers: bool = True, slow: int = 0, capabilities: int = 0x0F,
    ) -> None:  # fmt: skip
        self.power, self.physical, self.connector = power, physical, connector
        self.hears, self.answers, self.slow, self.capabilities = hears, answers, slow, capabilities
        self.stubborn = False
        self.error = 0
        self.mask, self.name, self.claims = 0, b"", 0
        self.heard: list[bytes] = []

    def asked(self, number: int, data: bytearray) -> None:
        if number == 0:
            struct.pack_into("=I", data, 68, self.capabilities)
        elif number == 1:
            struct.pack_into("=H", data, 0, self.physical)
        elif number == 3:
            struct.pack_into("=HBB", data, 4, self.mask, 5, int(self.claims > 0))
        elif number == 4:
            self._claimed(data)
        elif number == 5:
            self._sent(data)
        elif number == 10:
            if self.connector is None:
                raise OSError(errno.ENOTTY, "no such request")
            struct.pack_into("=III", data, 0, 1, *self.connector)

    def _claimed(self, data: bytearray) -> None:
        assert len(data) == 92
        assert data[7] == 1
        assert (data[31], data[35], data[39]) == (4, 3, 0x10)
        self.claims += 1
        self.name = bytes(data[16:31]).rstrip(b"\0")
        self.mask = 1 << 4 if self.physical != NOWHERE else 0
        struct.pack_into("=H", data, 4, self.mask)

    def _sent(self, data: bytearray) -> None:
        assert len(data) == 56
        (length,) = struct.unpack_from("=I", data, 16)
        message = bytes(data[32 : 32 + length])
        if message[0] >> 4 == 15 and message[0] != 0xF0:
            raise OSError(errno.ENONET, os.strerror(errno.ENONET))
        self.heard.append(message)
        broadcast = message[0] & 15 == 15
        data[50] = 0x01 if broadcast or self.hears else 0x24
        if self.hears and not broadcast:
            self._does(message, data)

    def _does(self, message: bytes, data: bytearray) -> None:
        if message[1] == 0x36 and not self.stubborn:
            self.power = TO_STANDBY if self.slow else STANDBY
        elif message[1] == 0x04 and not self.stubborn:
            self.power = TO_ON if self.slow else ON
        elif message[1] == 0x8F:
            assert data[48] == 0x90
            assert struct.unpack_from("=I", data, 20) == (1000,)
            if not self.answers:
                self._reply(data, bytes([0x04, 0x00, 0x8F, 0x04]), status=0x01 | 0x04, opcode=0)
                return
            self._reply(data, bytes([0x04, 0x90, self.power]), status=0x01, opcode=0x90)
            self.slow -= 1
            if self.slow == 0:
                self.power = {TO_STANDBY: STANDBY, TO_ON: ON}.get(self.power, self.power)

    @staticmethod
    def _reply(data: bytearray, message: bytes, status: int, opcode: int) -> None:
        struct.pack_into("=I", data, 16, len(message))
        data[32 : 32 + len(message)] = message
        data[48], data[49] = opcode, status


@pytest.fixture
def kernel(tmp_path: Path) -> FakeCecKernel:
    return FakeCecKernel(tmp_path)


def at_once(_seconds: float) -> bool:
    return True


def switch(kernel: FakeCecKernel, *, on: bool, pause: cec.InterruptibleWait = at_once) -> SwitchResult:
    found = cec.find_television(HDMI, kernel.folder, kernel.folder, kernel.ioctl)
    assert found is not None
    return found.switch_power(on, pause)


def test_the_layouts_are_those_of_the_kernel():
    # As a C compiler gives them for linux/cec.h, on machines of 32 and of 64 bits alike.
    assert cec.G_CAPABILITIES == 0xC04C6100
    assert cec.G_PHYSICAL == 0x80026101
    assert cec.G_ADDRESSES == 0x805C6103
    assert cec.S_ADDRESSES == 0xC05C6104
    assert cec.TRANSMIT == 0xC0386105
    assert cec.G_CONNECTOR == 0x8044610A


def test_a_television_goes_to_standby_and_says_so(kernel):
    television = kernel.has("cec0")
    assert switch(kernel, on=False) is SwitchResult.CONFIRMED
    assert television.power == STANDBY
    assert television.heard == [bytes([TO_TELEVISION, 0x36]), bytes([TO_TELEVISION, 0x8F])]
    assert television.name == b"Beffroi"


def test_it_wakes_and_shows_our_socket(kernel):
    television = kernel.has("cec0", power=STANDBY, physical=0x2100)
    assert switch(kernel, on=True) is SwitchResult.CONFIRMED
    assert television.heard[:2] == [bytes([TO_TELEVISION, 0x04]), bytes([0x4F, 0x82, 0x21, 0x00])]


def test_the_address_is_claimed_once(kernel):
    television = kernel.has("cec0")
    for on in (False, True, False):
        switch(kernel, on=on)
    assert television.claims == 1


def test_on_its_way_it_is_asked_again(kernel):
    television = kernel.has("cec0", slow=3)
    assert switch(kernel, on=False) is SwitchResult.CONFIRMED
    assert television.heard.count(bytes([TO_TELEVISION, 0x8F])) == 4


def test_it_is_not_asked_for_ever(kernel):
    television = kernel.has("cec0", slow=100)
    assert switch(kernel, on=False) is SwitchResult.SENT
    assert television.heard.count(bytes([TO_TELEVISION, 0x8F])) == cec.MAX_STATUS_QUERIES


def test_it_is_not_asked_any_more_once_something_else_is_wanted(kernel):
    television = kernel.has("cec0", slow=100)
    assert switch(kernel, on=False, pause=lambda _: False) is SwitchResult.SENT
    assert television.heard.count(bytes([TO_TELEVISION, 0x8F])) == 1


def test_what_was_heard_and_is_not_answered_is_only_sent(kernel):
    television = kernel.has("cec0", answers=False)
    assert switch(kernel, on=False) is SwitchResult.SENT
    assert len(television.heard) == 2


def test_a_television_that_stays_on_confirms_nothing(kernel):
    kernel.has("cec0").stubborn = True
    assert switch(kernel, on=False) is SwitchResult.SENT


def test_a_television_that_hears_nothing_is_an_error_with_what_to_do(kernel):
    kernel.has("cec0", hears=False)
    for on in (True, False):
        with pytest.raises(cec.CecError, match="is HDMI-CEC switched on in its menus"):
            switch(kernel, on=on)


def test_a_television_that_looks_unplugged_while_it_sleeps_is_woken_all_the_same(kernel):
    television = kernel.has("cec0", power=STANDBY, physical=NOWHERE)
    assert switch(kernel, on=True) is SwitchResult.SENT
    assert television.heard == [bytes([0xF0, 0x04])]
    with pytest.raises(cec.CecError, match="no television is plugged into cec0"):
        switch(kernel, on=False)


def test_once_it_is_awake_it_is_told_whom_to_show(kernel):
    television = kernel.has("cec0", power=STANDBY, physical=NOWHERE)

    def seconds_pass(_seconds: float) -> bool:
        television.physical, television.mask = 0x1000, 1 << 4
        return True

    assert switch(kernel, on=True, pause=seconds_pass) is SwitchResult.CONFIRMED
    assert television.heard[:2] == [bytes([0xF0, 0x04]), bytes([0x4F, 0x82, 0x10, 0x00])]


def test_an_adapter_that_fails_is_an_error(kernel):
    television = kernel.has("cec0")
    found = cec.find_television(HDMI, kernel.folder, kernel.folder, kernel.ioctl)
    television.error = errno.ENODEV
    with pytest.raises(cec.CecError, match="No such device"):
        found.switch_power(False, at_once)


def test_of_two_adapters_that_of_the_display_is_taken(kernel):
    folder = kernel.folder / "card1-HDMI-A-1"
    folder.mkdir()
    (folder / "connector_id").write_text("42\n")
    other = kernel.has("cec0", connector=(1, 32))
    ours = kernel.has("cec1", connector=(1, 42))
    switch(kernel, on=False)
    assert (other.power, ours.power) == (ON, STANDBY)


def test_the_adapter_of_another_socket_is_left_alone(kernel):
    (kernel.folder / "card1-HDMI-A-1").mkdir()
    (kernel.folder / "card1-HDMI-A-1" / "connector_id").write_text("42\n")
    kernel.has("cec0", connector=(1, 32))
    assert cec.find_television(HDMI, kernel.folder, kernel.folder, kernel.ioctl) is None


def test_where_the_kernel_does_not_say_only_a_single_one_is_taken(kernel):
    kernel.has("cec0")
    kernel.has("cec1", capabilities=0x01)
    kernel.has("cec2", physical=0x0000)
    assert cec.find_television(HDMI, kernel.folder, kernel.folder, kernel.ioctl) is not None
    kernel.has("cec3")
    assert cec.find_television(HDMI, kernel.folder, kernel.folder, kernel.ioctl) is None


def test_without_an_adapter_there_is_no_television(kernel):
    assert cec.find_television(HDMI, kernel.folder, kernel.folder, kernel.ioctl) is None


def test_an_adapter_that_is_not_ours_is_said_with_what_to_do(kernel, monkeypatch):
    kernel.has("cec0")

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(device_files.os, "open", refuse)
    with pytest.raises(cec.CecError, match="add the user to the group “video”"):
        cec.find_television(HDMI, kernel.folder, kernel.folder, kernel.ioctl)
