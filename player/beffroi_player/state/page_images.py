"""Uncompressed images of four bytes a pixel (PAM, P7), for pages in memory: who shows one maps it, without a copy."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

SUFFIX = ".pam"
HEADER_BYTES = 128
"""Length of every header: filled up, so that the pixels lie where a processor reads four bytes at a time."""

_HEADER = re.compile(
    rb"P7\nWIDTH (\d{1,5})\nHEIGHT (\d{1,5})\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGBX\n# *\nENDHDR\n\Z"
)  # fmt: skip
_START, _END = "P7\nWIDTH {}\nHEIGHT {}\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGBX\n# ", "\nENDHDR\n"


def page_header(size: tuple[int, int]) -> bytes:
    """Return the header of an image of that width and height."""
    start = _START.format(*size)
    return (start + " " * (HEADER_BYTES - len(start) - len(_END)) + _END).encode("ascii")


def page_length(size: tuple[int, int]) -> int:
    """Return the bytes of a file with an image of that width and height."""
    return HEADER_BYTES + 4 * size[0] * size[1]


def page_pieces(size: tuple[int, int], rows: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a file in pieces: its header, and rows of pixels as they come, four bytes each, of which the last is free.

    Joining them would copy megabytes.
    """
    yield page_header(size)
    yield from rows


def map_page(path: Path) -> tuple[tuple[int, int], memoryview]:
    """Return width, height and pixels of an image, in the memory of the file itself.

    It is for files that are only ever replaced or removed: a mapping outlives both.

    Raises:
        OSError: there is no such file.
        ValueError: it is not such an image, or truncated.
    """
    with path.open("rb", buffering=0) as file:
        header, length = file.read(HEADER_BYTES), os.fstat(file.fileno()).st_size
        found = _HEADER.match(header)
        if found is None or 0 in (size := (int(found[1]), int(found[2]))):
            raise ValueError("not a PAM image of four bytes a pixel")
        if length != page_length(size):
            raise ValueError("the image is truncated")
        # All of it at once: page by page, while it is drawn, would take longer.
        mapped = mmap.mmap(file.fileno(), length, flags=mmap.MAP_SHARED | mmap.MAP_POPULATE, prot=mmap.PROT_READ)
    return size, memoryview(mapped)[HEADER_BYTES:]
