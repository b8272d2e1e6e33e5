"""Raw pictures (PPM, P6): three bytes a pixel and no compression, for files that live in memory."""

from __future__ import annotations

import re

_HEADER = re.compile(rb"P6\s+(\d{1,5})\s+(\d{1,5})\s+255\s")


def to_ppm(size: tuple[int, int], rgb: bytes) -> tuple[bytes, bytes]:
    """Return a PPM file of RGB bytes, row by row, in two pieces: to join them would copy megabytes."""
    return b"P6 %d %d 255\n" % size, rgb


def from_ppm(data: bytes) -> tuple[tuple[int, int], memoryview]:
    """Return size and RGB bytes of a PPM file.

    Raises:
        ValueError: it is not one, or cut off.
    """
    header = _HEADER.match(data)
    if header is None:
        raise ValueError("not a picture of three bytes a pixel")
    size = int(header[1]), int(header[2])
    pixels = memoryview(data)[header.end() :]
    if len(pixels) != size[0] * size[1] * 3:
        raise ValueError("the picture is cut off")
    return size, pixels
