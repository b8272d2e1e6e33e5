"""Uncompressed images (PPM, P6) of three bytes a pixel, for captures in memory."""

from __future__ import annotations

import re

_HEADER = re.compile(rb"P6\s+(?:# ([^\n]*)\n)?(\d{1,5})\s+(\d{1,5})\s+255\s")


def ppm_header(size: tuple[int, int], comment: bytes = b"") -> bytes:
    """Return the header of a PPM file; the comment must not contain a line feed."""
    return b"P6\n" + (b"# %b\n" % comment if comment else b"") + b"%d %d 255\n" % size


def from_ppm(data: bytes) -> tuple[tuple[int, int], memoryview]:
    """Return size and RGB bytes of a PPM file.

    Raises:
        ValueError: it is not a PPM file, or truncated.
    """
    header = _HEADER.match(data)
    if header is None or 0 in (size := (int(header[2]), int(header[3]))):
        raise ValueError("not a PPM image of three bytes a pixel")
    if len(data) - header.end() != size[0] * size[1] * 3:
        raise ValueError("the image is truncated")
    return size, memoryview(data)[header.end() :]


def ppm_comment(data: bytes) -> bytes:
    """Return the comment in the header of a PPM file; empty where there is none."""
    header = _HEADER.match(data)
    return header[1] or b"" if header else b""
