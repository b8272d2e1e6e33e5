"""Uncompressed images (PPM, P6) of three bytes a pixel, for files in memory."""

from __future__ import annotations

import re

_HEADER = re.compile(rb"P6\s+(?:# ([^\n]*)\n)?(\d{1,5})\s+(\d{1,5})\s+255\s")


def ppm_header(size: tuple[int, int], comment: bytes = b"") -> bytes:
    """Return the header of a PPM file; the comment must not contain a line feed."""
    return b"P6\n" + (b"# %b\n" % comment if comment else b"") + b"%d %d 255\n" % size


def to_ppm(size: tuple[int, int], rgb: bytes) -> tuple[bytes, bytes]:
    """Return a PPM file in two pieces, header and RGB bytes in rows: joining them would copy megabytes."""
    return ppm_header(size), rgb


def from_ppm(data: bytes) -> tuple[tuple[int, int], memoryview]:
    """Return size and RGB bytes of a PPM file.

    Raises:
        ValueError: it is not a PPM file, or truncated.
    """
    size, start = read_header(data, len(data))
    return size, memoryview(data)[start:]


def read_header(beginning: bytes, length: int) -> tuple[tuple[int, int], int]:
    """Return size and header length of a PPM file.

    Args:
        beginning: Of the file, with its whole header.
        length: Of the whole file, in bytes.

    Raises:
        ValueError: it is not a PPM file, or truncated.
    """
    header = _HEADER.match(beginning)
    if header is None or 0 in (size := (int(header[2]), int(header[3]))):
        raise ValueError("not a PPM image of three bytes a pixel")
    if length - header.end() != size[0] * size[1] * 3:
        raise ValueError("the image is truncated")
    return size, header.end()


def ppm_comment(data: bytes) -> bytes:
    """Return the comment in the header of a PPM file; empty where there is none."""
    header = _HEADER.match(data)
    return header[1] or b"" if header else b""
