"""Pixels as datagrams for LED controllers. Pure: the bytes of a picture in, datagrams out.

A picture is its RGB bytes in rows from the upper left. Sources: DDP, http://www.3waylabs.com/ddp/ ; Art-Net 4, ArtDmx
and ArtSync; ANSI E1.31 (sACN).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

DDP_PORT, ARTNET_PORT, SACN_PORT = 4048, 6454, 5568
DDP_BYTES = 1440
"""480 pixels: what fits into a datagram that no network cuts."""
UNIVERSE_BYTES = 510
"""170 pixels: a universe has 512 channels, and no pixel lies in two."""
FIRST_UNIVERSE = {"artnet": 0, "sacn": 1}
MAX_UNIVERSES = {"artnet": 32_768, "sacn": 63_999}
_DDP = struct.Struct(">BBBBIH")
_DDP_VERSION, _DDP_PUSH, _DDP_QUERY_OR_REPLY, _DDP_RGB8, _DDP_DISPLAY = 0x40, 0x01, 0x06, 0x0B, 1
_SACN_PRIORITY = 100


def ddp_datagrams(pixels: bytes, sequence: int) -> Iterator[bytes]:
    """Yield the datagrams of a picture for a DDP display; the last one makes it seen.

    Args:
        pixels: RGB bytes.
        sequence: Counts the pictures.
    """
    for offset in range(0, len(pixels), DDP_BYTES):
        part = pixels[offset : offset + DDP_BYTES]
        push = _DDP_PUSH if offset + len(part) == len(pixels) else 0
        head = (_DDP_VERSION | push, sequence % 15 + 1, _DDP_RGB8, _DDP_DISPLAY, offset, len(part))
        yield _DDP.pack(*head) + part


class DdpPart(NamedTuple):
    """What a datagram for a DDP display has of a picture."""

    offset: int
    pixels: bytes
    """Empty where they are cut off."""
    is_last: bool
    """Whether the picture is to be seen now."""


def parse_ddp(datagram: bytes) -> DdpPart | None:
    """Return what is in a datagram; None: it is not one of a picture."""
    if len(datagram) < _DDP.size:
        return None
    flags, _, _, _, offset, length = _DDP.unpack_from(datagram)
    if flags & 0xC0 != _DDP_VERSION or flags & _DDP_QUERY_OR_REPLY:
        return None
    pixels = datagram[_DDP.size : _DDP.size + length]
    return DdpPart(offset, pixels if len(pixels) == length else b"", bool(flags & _DDP_PUSH))


def artnet_datagrams(pixels: bytes, sequence: int, first_universe: int = 0) -> Iterator[bytes]:
    """Yield the datagrams of a picture for Art-Net nodes, and the one that makes all of it seen at once."""
    for universe, part in _split_universes(pixels, first_universe):
        even = part + b"\0" * (len(part) % 2)
        yield (
            b"Art-Net\0" + struct.pack("<H", 0x5000) + struct.pack(">HBB", 14, sequence % 255 + 1, 0)
            + struct.pack("<H", universe) + struct.pack(">H", len(even)) + even
        )  # fmt: skip
    yield b"Art-Net\0" + struct.pack("<H", 0x5200) + struct.pack(">HBB", 14, 0, 0)


def sacn_datagrams(
    pixels: bytes, sequence: int, first_universe: int = 1, sender: bytes = b"\0" * 16
) -> Iterator[bytes]:
    """Yield the datagrams of a picture for E1.31 receivers.

    Args:
        pixels: RGB bytes.
        sequence: Counts the pictures.
        first_universe: That of the first pixel; the others follow.
        sender: Sixteen bytes that tell this sender from others.
    """
    for universe, part in _split_universes(pixels, first_universe):
        data = (
            struct.pack(">HBBHHH", _flags_and_length(10 + 1 + len(part)), 0x02, 0xA1, 0, 1, 1 + len(part))
            + b"\0"
            + part
        )
        framing = struct.pack(
            ">HI64sBHBBH",
            _flags_and_length(77 + len(data)),
            0x02,
            b"Beffroi",
            _SACN_PRIORITY,
            0,
            sequence % 256,
            0,
            universe,
        )
        root = struct.pack(
            ">HH12sHI16s", 0x10, 0, b"ASC-E1.17", _flags_and_length(22 + len(framing) + len(data)), 0x04, sender
        )
        yield root + framing + data


def multicast_address(universe: int) -> str:
    """Return the address of a universe where E1.31 is not sent to one receiver."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"


def universe_count(size: tuple[int, int]) -> int:
    """Return how many universes a picture of a size takes."""
    return -(-size[0] * size[1] * 3 // UNIVERSE_BYTES)


def gamma_table(gamma: float) -> bytes:
    """Return what each value of a picture becomes: a LED is as bright as its number, an eye sees otherwise."""
    return bytes(round(255 * (value / 255) ** gamma) for value in range(256))


def _split_universes(pixels: bytes, first: int) -> Iterator[tuple[int, bytes]]:
    for number, offset in enumerate(range(0, len(pixels), UNIVERSE_BYTES)):
        yield first + number, pixels[offset : offset + UNIVERSE_BYTES]


def _flags_and_length(size: int) -> int:
    """Return flags and length of a layer of E1.31."""
    return 0x7000 | size
