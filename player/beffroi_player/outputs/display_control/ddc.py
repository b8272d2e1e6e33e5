"""DDC/CI: a monitor is dimmed through the wires by which it says what it can show (VESA DDC/CI, MCCS).

It is never switched off so: some hear nothing afterwards, and a screen that stays dark is worse than one that is lit.
The wires are an I2C bus of the kernel (i2c-dev). Monitors answer late, garble what they say, or are silent while they
sleep: everything is asked again, a bounded number of times.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from operator import xor
from pathlib import Path
from typing import NamedTuple, Protocol

from beffroi_player.outputs.base import ControlError, UnsupportedError
from beffroi_player.outputs.display_control.device_files import open_device
from beffroi_player.outputs.display_control.kms import DRM_FOLDER, DisplayConnector

DEVICE_FOLDER = Path("/dev")
I2C_ADDRESS = 0x37
"""Of a monitor on its bus."""
BRIGHTNESS_CODE = 0x10
"""What can be asked and changed: a code of MCCS."""
MAX_TRIES = 5
MESSAGE_DELAY_S = 0.05
"""Between a question and its answer, and after each message: the standard wants 40 and 50 ms."""
BRIGHTNESS_TOLERANCE = 1
"""By how much a brightness may be off when it is read back."""

_HOST_ADDRESS, _WRITE_ADDRESS, _REPLY_CHECKSUM_SEED = 0x51, 0x6E, 0x50
"""Us; the monitor when it is written to; and with what the checksum of its answers begins."""
_GET_VCP, _VCP_REPLY, _SET_VCP = 0x01, 0x02, 0x03
_LENGTH_FLAG = 0x80
_REPLY_BYTES = 11
_I2C_SLAVE = 0x0703
_BUS = re.compile(r"i2c-\d+")


class DdcError(ControlError):
    """The monitor does not do by DDC/CI what it was asked."""


class GarbledError(DdcError):
    """What it said is no answer, or not to this question."""


class NotReadyError(DdcError):
    """It has nothing to say yet: the null message."""


class VcpValue(NamedTuple):
    """A value and the highest that it may have."""

    value: int
    highest: int


def get_message(code: int) -> bytes:
    """Return the message that asks for a value."""
    return _build_message(_GET_VCP, code)


def set_message(code: int, value: int) -> bytes:
    """Return the message that changes a value."""
    return _build_message(_SET_VCP, code, value >> 8, value & 0xFF)


def parse_reply(data: bytes, code: int) -> VcpValue:
    """Return what a monitor answered.

    Args:
        data: What was read from the bus, from the source address on.
        code: What was asked for.

    Raises:
        NotReadyError, GarbledError: it can be asked again.
        UnsupportedError: it cannot.
    """
    if len(data) < 3 or data[0] != _WRITE_ADDRESS or not data[1] & _LENGTH_FLAG:
        raise GarbledError("what the monitor says is no answer")
    end = 2 + (data[1] & ~_LENGTH_FLAG)
    if len(data) <= end or _checksum(_REPLY_CHECKSUM_SEED, data[:end]) != data[end]:
        raise GarbledError("the answer of the monitor has a wrong checksum")
    content = data[2:end]
    if not content:
        raise NotReadyError("the monitor is not ready")
    if len(content) != 8 or content[0] != _VCP_REPLY or content[2] != code:
        raise GarbledError("the monitor answers something else")
    if content[1]:
        raise UnsupportedError(f"the monitor does not know {code:#04x}")
    return VcpValue(content[6] << 8 | content[7], content[4] << 8 | content[5])


class I2cBus(Protocol):
    """The wires to one monitor."""

    def write(self, data: bytes) -> None:
        """Send a message.

        Raises:
            OSError: nobody takes it.
        """

    def read(self, count: int) -> bytes:
        """Return what the monitor says.

        Raises:
            OSError: nobody is there.
        """


class KernelI2cBus:
    """A bus of the kernel that is open, and a monitor on it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        """Send a message."""
        os.write(self._descriptor, data)

    def read(self, count: int) -> bytes:
        """Return what the monitor says."""
        return os.read(self._descriptor, count)


@dataclass(frozen=True, slots=True)
class DdcConnection:
    """A conversation with a monitor, at its pace.

    Args:
        bus: The wires.
        wait: Waits so many seconds.
    """

    bus: I2cBus
    wait: Callable[[float], object] = time.sleep

    def get_value(self, code: int) -> VcpValue:
        """Return a value.

        Raises:
            DdcError: it does not say.
        """
        problem: Exception | None = None
        for _ in range(MAX_TRIES):
            try:
                return self._query_once(code)
            except UnsupportedError:
                raise
            except (DdcError, OSError) as error:
                problem = error
        assert problem is not None
        raise _as_ddc_error(problem)

    def set_value(self, code: int, value: int) -> None:
        """Change a value; whether that was heard, only the value says.

        Raises:
            DdcError: nobody is there.
        """
        problem: OSError | None = None
        for _ in range(MAX_TRIES):
            try:
                self._send_message(set_message(code, value))
                return
            except OSError as error:
                problem = error
        assert problem is not None
        raise _as_ddc_error(problem)

    def _query_once(self, code: int) -> VcpValue:
        self._send_message(get_message(code))
        try:
            return parse_reply(self.bus.read(_REPLY_BYTES), code)
        finally:
            self.wait(MESSAGE_DELAY_S)

    def _send_message(self, message: bytes) -> None:
        try:
            self.bus.write(message)
        finally:
            self.wait(MESSAGE_DELAY_S)


OpenConnection = Callable[[], AbstractContextManager[DdcConnection]]


class DdcMonitor:
    """The monitor on a bus.

    Args:
        opening: Opens the line to it.
    """

    name = "DDC/CI"

    def __init__(self, opening: OpenConnection) -> None:
        self._opening = opening

    def read_brightness(self) -> VcpValue:
        """Return how bright it is, in units of its own.

        Raises:
            DdcError: it does not say.
        """
        with self._opening() as line:
            return line.get_value(BRIGHTNESS_CODE)

    def set_brightness(self, value: int) -> None:
        """Change how bright it is, and make sure that it is so.

        Raises:
            DdcError: it is not.
        """
        with self._opening() as line:
            line.set_value(BRIGHTNESS_CODE, value)
            found = line.get_value(BRIGHTNESS_CODE).value
        if abs(found - value) > BRIGHTNESS_TOLERANCE:
            raise DdcError(f"the monitor has a brightness of {found}, and {value} was wanted")


def find_monitor(
    connector: DisplayConnector, devices: Path = DEVICE_FOLDER, system: Path = DRM_FOLDER
) -> DdcMonitor | None:
    """Return the monitor at a connector, if the kernel names a bus that goes there and lets programs use it."""
    name = _bus_name(system / f"card{connector.card}-{connector.name}")
    path = devices / name if name else None
    return DdcMonitor(partial(open_bus, path)) if path and path.exists() else None


@contextmanager
def open_bus(path: Path) -> Iterator[DdcConnection]:
    """Give the line to the monitor on a bus.

    Raises:
        DdcError: the bus is not ours to use.
    """
    with open_device(path, "i2c", DdcError) as descriptor:
        try:
            fcntl.ioctl(descriptor, _I2C_SLAVE, I2C_ADDRESS)
        except OSError as error:
            raise DdcError(f"{path} is not ours to use: {error.strerror}") from error
        yield DdcConnection(KernelI2cBus(descriptor))


def _as_ddc_error(problem: Exception) -> DdcError:
    if isinstance(problem, DdcError):
        return problem
    return DdcError("no monitor answers: is DDC/CI switched on in its menus?")


def _bus_name(connector: Path) -> str | None:
    """Return the name of the bus of a connector, such as ``i2c-20``."""
    linked = connector / "ddc"
    names = [linked.resolve().name] if linked.exists() else sorted(path.name for path in connector.glob("i2c-*"))
    return next((name for name in names if _BUS.fullmatch(name)), None)


def _build_message(*content: int) -> bytes:
    head = bytes([_HOST_ADDRESS, _LENGTH_FLAG | len(content), *content])
    return head + bytes([_checksum(_WRITE_ADDRESS, head)])


def _checksum(start: int, data: bytes) -> int:
    return reduce(xor, data, start)
