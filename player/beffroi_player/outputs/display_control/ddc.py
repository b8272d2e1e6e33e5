"""DDC/CI: brightness of a monitor through the I2C bus of its cable (VESA DDC/CI, MCCS; i2c-dev).

Monitors are never switched off by DDC/CI: some answer nothing afterwards, and a screen that stays dark is worse than
one that stays on. Monitors answer late, with damaged messages, or not at all in standby: every query is repeated, a
bounded number of times.
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
"""Address of a monitor on its bus."""
BRIGHTNESS_CODE = 0x10
"""VCP code of the brightness (MCCS)."""
MAX_TRIES = 5
MESSAGE_DELAY_S = 0.05
"""Pause between query and reply, and after each message: the standard requires 40 and 50 ms."""
BRIGHTNESS_TOLERANCE = 1
"""Largest accepted difference of a brightness that is read back."""

_HOST_ADDRESS, _WRITE_ADDRESS, _REPLY_CHECKSUM_SEED = 0x51, 0x6E, 0x50
"""Source address of the host, write address of the monitor, and start value of the checksum of replies."""
_GET_VCP, _VCP_REPLY, _SET_VCP = 0x01, 0x02, 0x03
_LENGTH_FLAG = 0x80
_REPLY_BYTES = 11
_I2C_SLAVE = 0x0703
_BUS = re.compile(r"i2c-\d+")


class DdcError(ControlError):
    """The monitor does not carry out a DDC/CI request."""


class GarbledError(DdcError):
    """The reply is not valid, or answers another query."""


class NotReadyError(DdcError):
    """The monitor is not ready: it sent the null message."""


class VcpValue(NamedTuple):
    """Value of a VCP code, and the highest that it may have."""

    value: int
    highest: int


def get_message(code: int) -> bytes:
    """Return the message that queries a value."""
    return _build_message(_GET_VCP, code)


def set_message(code: int, value: int) -> bytes:
    """Return the message that sets a value."""
    return _build_message(_SET_VCP, code, value >> 8, value & 0xFF)


def parse_reply(data: bytes, code: int) -> VcpValue:
    """Return the value in a reply.

    Args:
        data: Bytes from the bus, from the source address on.
        code: The VCP code that was queried.

    Raises:
        NotReadyError, GarbledError: the query may be repeated.
        UnsupportedError: the monitor does not have the code.
    """
    # Source address, length with a flag bit, content, checksum. Content of a reply: opcode, result code, VCP code,
    # type, highest value and present value, both with the high byte first.
    if len(data) < 3 or data[0] != _WRITE_ADDRESS or not data[1] & _LENGTH_FLAG:
        raise GarbledError("the reply of the monitor is not valid")
    end = 2 + (data[1] & ~_LENGTH_FLAG)
    if len(data) <= end or _checksum(_REPLY_CHECKSUM_SEED, data[:end]) != data[end]:
        raise GarbledError("the reply of the monitor has a wrong checksum")
    content = data[2:end]
    if not content:
        raise NotReadyError("the monitor is not ready")
    if len(content) != 8 or content[0] != _VCP_REPLY or content[2] != code:
        raise GarbledError("the monitor replies to another query")
    if content[1]:
        raise UnsupportedError(f"the monitor does not know {code:#04x}")
    return VcpValue(content[6] << 8 | content[7], content[4] << 8 | content[5])


class I2cBus(Protocol):
    """The I2C bus to one monitor."""

    def write(self, data: bytes) -> None:
        """Send a message.

        Raises:
            OSError: nothing acknowledges it.
        """

    def read(self, count: int) -> bytes:
        """Return so many bytes from the monitor.

        Raises:
            OSError: nothing acknowledges the read.
        """


class KernelI2cBus:
    """An open I2C device of the kernel, with the address of the monitor set."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        """Send a message."""
        os.write(self._descriptor, data)

    def read(self, count: int) -> bytes:
        """Return so many bytes from the monitor."""
        return os.read(self._descriptor, count)


@dataclass(frozen=True, slots=True)
class DdcConnection:
    """A connection to a monitor, with the pauses and retries that DDC/CI needs.

    Args:
        bus: The bus.
        wait: Sleeps so many seconds.
    """

    bus: I2cBus
    wait: Callable[[float], object] = time.sleep

    def get_value(self, code: int) -> VcpValue:
        """Return the value of a VCP code.

        Raises:
            DdcError: the monitor gives none.
            UnsupportedError: the monitor does not have the code.
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
        """Set the value of a VCP code. DDC/CI has no acknowledgement: read the value back to verify it.

        Raises:
            DdcError: the monitor does not answer on the bus.
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
    """A monitor that is controlled by DDC/CI.

    Args:
        opening: Opens the connection.
    """

    name = "DDC/CI"

    def __init__(self, opening: OpenConnection) -> None:
        self._opening = opening

    def read_brightness(self) -> VcpValue:
        """Return the brightness, in units of the monitor.

        Raises:
            DdcError: the monitor gives none.
        """
        with self._opening() as line:
            return line.get_value(BRIGHTNESS_CODE)

    def set_brightness(self, value: int) -> None:
        """Set the brightness and verify it.

        Raises:
            DdcError: the monitor has not taken it.
        """
        with self._opening() as line:
            line.set_value(BRIGHTNESS_CODE, value)
            found = line.get_value(BRIGHTNESS_CODE).value
        if abs(found - value) > BRIGHTNESS_TOLERANCE:
            raise DdcError(f"the monitor has a brightness of {found}, and {value} was wanted")


def find_monitor(
    connector: DisplayConnector, devices: Path = DEVICE_FOLDER, system: Path = DRM_FOLDER
) -> DdcMonitor | None:
    """Return the monitor at a connector, if the kernel names its bus and has a device file for it."""
    name = _bus_name(system / f"card{connector.card}-{connector.name}")
    path = devices / name if name else None
    return DdcMonitor(partial(open_bus, path)) if path and path.exists() else None


@contextmanager
def open_bus(path: Path) -> Iterator[DdcConnection]:
    """Open the connection to the monitor on a bus, as a context manager.

    Raises:
        DdcError: this user may not open the bus.
    """
    with open_device(path, "i2c", DdcError) as descriptor:
        try:
            fcntl.ioctl(descriptor, _I2C_SLAVE, I2C_ADDRESS)
        except OSError as error:
            raise DdcError(f"{path} cannot be used: {error.strerror}") from error
        yield DdcConnection(KernelI2cBus(descriptor))


def _as_ddc_error(problem: Exception) -> DdcError:
    if isinstance(problem, DdcError):
        return problem
    return DdcError("no monitor answers: is DDC/CI switched on in its menus?")


def _bus_name(connector: Path) -> str | None:
    """Return the name of the I2C bus of a connector, such as ``i2c-20``; None where the kernel names none."""
    linked = connector / "ddc"
    names = [linked.resolve().name] if linked.exists() else sorted(path.name for path in connector.glob("i2c-*"))
    return next((name for name in names if _BUS.fullmatch(name)), None)


def _build_message(*content: int) -> bytes:
    # The write address is not sent by this process (i2c-dev does it), but it counts for the checksum.
    head = bytes([_HOST_ADDRESS, _LENGTH_FLAG | len(content), *content])
    return head + bytes([_checksum(_WRITE_ADDRESS, head)])


def _checksum(start: int, data: bytes) -> int:
    return reduce(xor, data, start)
