"""HDMI-CEC: power of a television through its HDMI cable, by the kernel's interface (linux/cec.h).

A television answers nothing unless CEC is enabled in its menus, where each maker calls it by another name (Anynet+,
SimpLink, Bravia Sync and so on). No device stays open: the kernel remembers the address that was claimed, and answers
the messages that the standard requires of every device.
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from beffroi_player.outputs.base import ControlError, SwitchResult
from beffroi_player.outputs.display_control.device_files import open_device
from beffroi_player.outputs.display_control.kms import DRM_FOLDER, DisplayConnector

DEVICES = Path("/dev")
OSD_NAME = b"Beffroi"
"""Name of the player in the menus of a television."""
REPLY_MS = 1_000
"""Longest time that a television may take to answer, by the standard."""
MAX_STATUS_QUERIES, STATUS_QUERY_INTERVAL_S = 10, 1.0
"""Number of queries of the power status after a command, and the pause between two."""

Ioctl = Callable[[int, int, bytearray], int]
InterruptibleWait = Callable[[float], bool]
"""Waits so many seconds; returns False as soon as the request is superseded."""

TELEVISION, UNREGISTERED, BROADCAST = 0, 15, 15
"""Logical addresses."""
IMAGE_VIEW_ON, STANDBY, ACTIVE_SOURCE = 0x04, 0x36, 0x82
GIVE_POWER_STATUS, REPORT_POWER_STATUS = 0x8F, 0x90
_ON, _STANDBY = 0, 1
"""Operands of a power status; 2 and 3 are the transitions to them."""
_PLAYBACK_ADDRESS, _PLAYBACK, _PLAYBACK_DEVICE = 3, 4, 0x10
"""A playback device: as the type of an address, as the primary type, and in the mask of all types."""
_VERSION_1_4 = 5
_TRANSMITS = 0x02 | 0x04
"""Capabilities: the adapter can claim addresses and send messages."""
_DRM_CONNECTOR = 1
_NOT_PLUGGED, _TELEVISION_ROOT = 0xFFFF, 0x0000
"""Physical addresses: of a device that is not plugged in, and of a television itself."""
_ACKNOWLEDGED, _ANSWERED, _REFUSED = 0x01, 0x01, 0x04

_CAPABILITIES = struct.Struct("=32s32sIII")
_PHYSICAL = struct.Struct("=H")
_CONNECTOR = struct.Struct("=3I56x")
_ADDRESSES = struct.Struct("=4sHBBII15s4s4s4s48sx")
_MESSAGE = struct.Struct("=QQIIII16s7Bx")
_IOC_READ, _IOC_WRITE = 2, 1


def ioctl_number(number: int, size: int, direction: int = _IOC_READ | _IOC_WRITE) -> int:
    """Return the number of an ioctl request (asm-generic/ioctl.h)."""
    return direction << 30 | size << 16 | ord("a") << 8 | number


G_CAPABILITIES = ioctl_number(0, _CAPABILITIES.size)
G_PHYSICAL = ioctl_number(1, _PHYSICAL.size, _IOC_READ)
G_ADDRESSES = ioctl_number(3, _ADDRESSES.size, _IOC_READ)
S_ADDRESSES = ioctl_number(4, _ADDRESSES.size)
TRANSMIT = ioctl_number(5, _MESSAGE.size)
G_CONNECTOR = ioctl_number(10, _CONNECTOR.size, _IOC_READ)


class CecError(ControlError):
    """The television is not reached by HDMI-CEC."""


def call_ioctl(descriptor: int, number: int, data: bytearray) -> int:
    """Call ioctl and return its result; with a mutable buffer, Python releases its lock during the call."""
    return int(fcntl.ioctl(descriptor, number, data))


@dataclass(frozen=True, slots=True)
class LogicalAddresses:
    """Logical addresses that an adapter has claimed."""

    mask: int = 0
    """One bit for each address that is claimed."""
    requested: int = 0
    """Number of addresses requested; none are claimed while no television is plugged in."""

    @property
    def lowest(self) -> int:
        """Return the lowest address; ``UNREGISTERED`` if none is claimed."""
        return next((number for number in range(15) if self.mask >> number & 1), UNREGISTERED)


@dataclass(frozen=True, slots=True)
class MessageResult:
    """Result of sending a message."""

    acknowledged: bool
    reply: bytes = b""
    """Empty where none was received."""
    refused: bool = False
    """Whether the reply was a feature abort: the question is not supported."""


class CecAdapter:
    """An open CEC adapter.

    Args:
        descriptor: File descriptor of its device.
        ioctl: Calls the kernel.
    """

    def __init__(self, descriptor: int, ioctl: Ioctl = call_ioctl) -> None:
        self.descriptor, self._ioctl = descriptor, ioctl

    @property
    def can_transmit(self) -> bool:
        """Whether it can claim an address and send."""
        *_, capabilities, _version = _CAPABILITIES.unpack(self._call_ioctl(G_CAPABILITIES, _CAPABILITIES))
        return bool(capabilities & _TRANSMITS == _TRANSMITS)

    @property
    def connector(self) -> tuple[int, int] | None:
        """Return card and number of the connector that it belongs to; None where the kernel does not say."""
        with suppress(CecError):
            kind, card, number = _CONNECTOR.unpack(self._call_ioctl(G_CONNECTOR, _CONNECTOR))
            return (card, number) if kind == _DRM_CONNECTOR else None
        return None

    @property
    def physical_address(self) -> int:
        """Return the physical address: 0x1000 is the first socket of a television."""
        found: int = _PHYSICAL.unpack(self._call_ioctl(G_PHYSICAL, _PHYSICAL))[0]
        return found

    @property
    def logical_addresses(self) -> LogicalAddresses:
        """Return the addresses that it has claimed."""
        return _parse_addresses(self._call_ioctl(G_ADDRESSES, _ADDRESSES))

    def claim_address(self) -> LogicalAddresses:
        """Claim an address as a playback device and return the result; takes up to some seconds."""
        wanted = _ADDRESSES.pack(
            b"", 0, _VERSION_1_4, 1, 0xFFFFFFFF, 0, OSD_NAME, bytes([_PLAYBACK]), bytes([_PLAYBACK_ADDRESS]),
            bytes([_PLAYBACK_DEVICE]), b"",
        )  # fmt: skip
        return _parse_addresses(self._call_ioctl(S_ADDRESSES, _ADDRESSES, wanted))

    def send_message(self, sender: int, to: int, *message: int, reply: int = 0) -> MessageResult:
        """Send a message and wait until it was acknowledged, or for its reply.

        Raises:
            CecError: the adapter cannot send.
        """
        # struct cec_msg: sequence and timestamps are the kernel's; ``reply`` makes the ioctl wait for that opcode.
        content = bytes([sender << 4 | to, *message])
        timeout = REPLY_MS if reply else 0
        packed = _MESSAGE.pack(0, 0, len(content), timeout, 0, 0, content, reply, 0, 0, 0, 0, 0, 0)
        fields = _MESSAGE.unpack(self._call_ioctl(TRANSMIT, _MESSAGE, packed))
        length, data, received, sent = fields[2], fields[6], fields[8], fields[9]
        answer = data[:length] if reply and received & _ANSWERED else b""
        return MessageResult(bool(sent & _ACKNOWLEDGED), answer, bool(received & _REFUSED))

    def _call_ioctl(self, number: int, layout: struct.Struct, content: bytes = b"") -> bytearray:
        data = bytearray(content or layout.size)
        try:
            self._ioctl(self.descriptor, number, data)
        except OSError as error:
            raise CecError(f"the adapter refuses: {error.strerror or error}") from error
        return data


class CecTelevision:
    """The television at the other end of an adapter's cable.

    Args:
        path: Device file of the adapter.
        ioctl: Calls the kernel.
    """

    name = "HDMI-CEC"

    def __init__(self, path: Path, ioctl: Ioctl = call_ioctl) -> None:
        self._path, self._ioctl = path, ioctl

    def switch_power(self, on: bool, wait: InterruptibleWait) -> SwitchResult:
        """Switch the television on or to standby, and query its power status.

        Raises:
            CecError: it acknowledges nothing.
        """
        with open_adapter(self._path, self._ioctl) as adapter:
            own = self._wake_television(adapter, wait) if on else self._send_standby(adapter)
            return SwitchResult.SENT if own == UNREGISTERED else _confirm_power(adapter, own, on, wait)

    def _send_standby(self, adapter: CecAdapter) -> int:
        own = _claim_if_needed(adapter)
        if own == UNREGISTERED:
            raise CecError(f"no television is plugged into {self._path.name}")
        self._send_acknowledged(adapter, own, STANDBY)
        return own

    def _wake_television(self, adapter: CecAdapter, pause: InterruptibleWait) -> int:
        own = _claim_if_needed(adapter)
        # Some televisions look unplugged in standby; the standard lets an unregistered device wake them.
        self._send_acknowledged(adapter, own, IMAGE_VIEW_ON)
        for _ in range(MAX_STATUS_QUERIES):
            if own != UNREGISTERED or not pause(STATUS_QUERY_INTERVAL_S):
                break
            own = _claim_if_needed(adapter)
        physical = adapter.physical_address
        if own != UNREGISTERED and physical != _NOT_PLUGGED:
            adapter.send_message(own, BROADCAST, ACTIVE_SOURCE, physical >> 8, physical & 0xFF)
        return own

    def _send_acknowledged(self, adapter: CecAdapter, own: int, message: int) -> None:
        if not adapter.send_message(own, TELEVISION, message).acknowledged:
            raise CecError("the television does not answer: is HDMI-CEC switched on in its menus?")


def find_television(
    connector: DisplayConnector, devices: Path = DEVICES, system: Path = DRM_FOLDER, ioctl: Ioctl = call_ioctl
) -> CecTelevision | None:
    """Return the television at a connector: through the adapter that the kernel names for it, or the only one.

    Raises:
        CecError: there are adapters, and this user may open none of them.
    """
    paths, refused = [], None
    for path in sorted(devices.glob("cec[0-9]*")):
        try:
            with open_adapter(path, ioctl) as adapter:
                # An adapter at the root of the tree belongs to an input of this machine, not to an output.
                if adapter.can_transmit and adapter.physical_address != _TELEVISION_ROOT:
                    paths.append((path, adapter.connector))
        except CecError as error:
            refused = error
    number = _connector_id(connector, system)
    matching = [path for path, place in paths if place and place[0] == connector.card and number in (None, place[1])]
    matching = matching or [path for path, place in paths if place is None]
    if not matching and refused is not None:
        raise refused
    return CecTelevision(matching[0], ioctl) if len(matching) == 1 else None


@contextmanager
def open_adapter(path: Path, ioctl: Ioctl = call_ioctl) -> Iterator[CecAdapter]:
    """Open an adapter, as a context manager.

    Raises:
        CecError: this user may not open it, or it is gone.
    """
    # udev gives CEC devices to the group that may use the display.
    with open_device(path, "video", CecError) as descriptor:
        yield CecAdapter(descriptor, ioctl)


def _claim_if_needed(adapter: CecAdapter) -> int:
    """Return the logical address of the player, claimed if need be."""
    addresses = adapter.logical_addresses
    if not addresses.requested:
        addresses = adapter.claim_address()
    return addresses.lowest


def _confirm_power(adapter: CecAdapter, own: int, on: bool, pause: InterruptibleWait) -> SwitchResult:
    """Query the power status until it is the requested one, for some seconds."""
    wanted = _ON if on else _STANDBY
    for number in range(MAX_STATUS_QUERIES):
        if number and not pause(STATUS_QUERY_INTERVAL_S):
            break
        sent = adapter.send_message(own, TELEVISION, GIVE_POWER_STATUS, reply=REPORT_POWER_STATUS)
        # In transition it may be too busy to answer; one that does not support the query never will.
        if sent.refused or not sent.acknowledged:
            break
        if sent.reply[2:3] == bytes([wanted]):
            return SwitchResult.CONFIRMED
    return SwitchResult.SENT


def _parse_addresses(data: bytearray) -> LogicalAddresses:
    _, mask, _, wanted, *_ = _ADDRESSES.unpack(data)
    return LogicalAddresses(mask, wanted)


def _connector_id(connector: DisplayConnector, system: Path) -> int | None:
    """Return the kernel's number of a connector; None where it does not say."""
    with suppress(OSError, ValueError):
        return int((system / f"card{connector.card}-{connector.name}" / "connector_id").read_text())
    return None
