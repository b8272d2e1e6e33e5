"""Encoding of images as datagrams of DDP, Art-Net and sACN. Pure: RGB bytes in, datagrams out.

An image is its RGB bytes in rows from the upper left. Sources: DDP, http://www.3waylabs.com/ddp/ ; Art-Net 4, ArtDmx
and ArtSync; ANSI E1.31 (sACN).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

DDP_PORT, ARTNET_PORT, SACN_PORT = 4048, 6454, 5568
DDP_BYTES = 1440
"""Bytes of 480 pixels, which fit into a datagram that no network fragments."""
UNIVERSE_BYTES = 510
"""Bytes of 170 pixels: a universe has 512 channels, and no pixel is split between two."""
FIRST_UNIVERSE = {"artnet": 0, "sacn": 1}
MAX_UNIVERSES = {"artnet": 32_768, "sacn": 63_999}
_DDP = struct.Struct(">BBBBIH")
_DDP_VERSION, _DDP_PUSH, _DDP_QUERY_OR_REPLY, _DDP_RGB8, _DDP_DISPLAY = 0x40, 0x01, 0x06, 0x0B, 1
_SACN_PRIORITY, _SACN_TERMINATED = 100, 0x40
_NOT_COUNTED = 0
"""The sequence number by which DDP and Art-Net say that datagrams are not counted. A number for each image, or for
each datagram, makes some receivers drop what they take for old: after a restart, or within an image."""


def ddp_datagrams(pixels: bytes) -> Iterator[bytes]:
    """Yield the datagrams of an image, given as RGB bytes, for a DDP display; the last one makes it visible."""
    for offset in range(0, len(pixels), DDP_BYTES):
        part = pixels[offset : offset + DDP_BYTES]
        push = _DDP_PUSH if offset + len(part) == len(pixels) else 0
        head = (_DDP_VERSION | push, _NOT_COUNTED, _DDP_RGB8, _DDP_DISPLAY, offset, len(part))
        yield _DDP.pack(*head) + part


class DdpPart(NamedTuple):
    """The part of an image in a DDP datagram."""

    offset: int
    pixels: bytes
    """Empty where the datagram is truncated."""
    is_last: bool
    """Whether the image is complete and to be shown."""


def parse_ddp(datagram: bytes) -> DdpPart | None:
    """Return the part of an image in a datagram; None where it carries none."""
    if len(datagram) < _DDP.size:
        return None
    flags, _, _, _, offset, length = _DDP.unpack_from(datagram)
    if flags & 0xC0 != _DDP_VERSION or flags & _DDP_QUERY_OR_REPLY:
        return None
    pixels = datagram[_DDP.size : _DDP.size + length]
    return DdpPart(offset, pixels if len(pixels) == length else b"", bool(flags & _DDP_PUSH))


def artnet_datagrams(pixels: bytes, first_universe: int = 0) -> Iterator[bytes]:
    """Yield the datagrams of an image for Art-Net nodes, and an ArtSync that makes all of it visible at once."""
    for universe, part in _split_universes(pixels, first_universe):
        # ArtDmx wants an even number of channels; universe and opcode are little-endian, the length is not.
        even = part + b"\0" * (len(part) % 2)
        yield (
            b"Art-Net\0" + struct.pack("<H", 0x5000) + struct.pack(">HBB", 14, _NOT_COUNTED, 0)
            + struct.pack("<H", universe) + struct.pack(">H", len(even)) + even
        )  # fmt: skip
    yield b"Art-Net\0" + struct.pack("<H", 0x5200) + struct.pack(">HBB", 14, 0, 0)


class SacnSender(NamedTuple):
    """A source of sACN, as receivers tell it from others."""

    cid: bytes
    """Sixteen bytes that no other source has."""
    name: str
    """For people, 63 bytes at most."""


def sacn_datagrams(
    pixels: bytes, sequence: int, first_universe: int, sender: SacnSender, *, is_last: bool = False
) -> Iterator[bytes]:
    """Yield the datagrams of an image for E1.31 (sACN) receivers.

    Args:
        pixels: RGB bytes.
        sequence: Number of the image, counted upwards.
        first_universe: Universe of the first pixel; the others follow.
        sender: Who sends.
        is_last: Whether the stream ends with these datagrams. Receivers that got it do not wait for more.
    """
    for universe, part in _split_universes(pixels, first_universe):
        # Three nested layers, each with flags and its length: DMP (the channels), framing, root.
        data = (
            struct.pack(">HBBHHH", _flags_and_length(10 + 1 + len(part)), 0x02, 0xA1, 0, 1, 1 + len(part))
            + b"\0"
            + part
        )
        framing = struct.pack(
            ">HI64sBHBBH",
            _flags_and_length(77 + len(data)),
            0x02,
            sender.name.encode()[:63],
            _SACN_PRIORITY,
            0,
            sequence % 256,
            _SACN_TERMINATED if is_last else 0,
            universe,
        )
        root = struct.pack(
            ">HH12sHI16s", 0x10, 0, b"ASC-E1.17", _flags_and_length(22 + len(framing) + len(data)), 0x04, sender.cid
        )
        yield root + framing + data


def multicast_address(universe: int) -> str:
    """Return the multicast address of an E1.31 universe."""
    return f"239.255.{universe >> 8}.{universe & 0xFF}"


def universe_count(size: tuple[int, int]) -> int:
    """Return the number of universes that an image of a size takes."""
    return -(-size[0] * size[1] * 3 // UNIVERSE_BYTES)


def gamma_table(gamma: float) -> bytes:
    """Return a translation table of byte values: images are encoded for displays, but LEDs are linear."""
    return bytes(round(255 * (value / 255) ** gamma) for value in range(256))


def _split_universes(pixels: bytes, first: int) -> Iterator[tuple[int, bytes]]:
    for number, offset in enumerate(range(0, len(pixels), UNIVERSE_BYTES)):
        yield first + number, pixels[offset : offset + UNIVERSE_BYTES]


def _flags_and_length(size: int) -> int:
    """Return the flags and length field of an E1.31 layer."""
    return 0x7000 | size
