"""Screen captures as PNG files with a label: the exact pixels of a screen, and what was on, in one file.

One file holds both, so that neither can be lost or taken for another's. Nothing here decodes an image: the file of a
player is read chunk by chunk (PNG, third edition, section 5), and pixels are left to the browser of the operator.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from pydantic import ValidationError

from beffroi_content.wire.reports import CaptureLabel

SIZE_LIMIT = 32 * 1024 * 1024
"""Bytes of the file: a photograph of 3840 x 2160 pixels has 24 million bytes before it is compressed."""
LABEL_LIMIT = 32 * 1024
"""Bytes of the label."""
LABEL_HEAD = 64 + LABEL_LIMIT
"""Bytes from the start of the file that contain the label."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"Beffroi\0"
_TRUE_COLOUR = b"\x08\x02\x00\x00\x00"
"""Eight bits a channel, three channels, not interlaced."""


class InvalidCapture(ValueError):
    """The file is not a whole capture with a label; the message says why."""


class _PngChunk(NamedTuple):
    kind: bytes
    data: memoryview
    end: int


def add_label(png: bytes, capture: CaptureLabel) -> bytes:
    """Return a PNG with a label in its second chunk."""
    text = _KEYWORD + json.dumps(capture.model_dump(mode="json"), separators=(",", ":")).encode("ascii")
    header = _read_chunk(memoryview(png), len(_SIGNATURE)).end
    return b"".join((png[:header], _write_chunk(b"tEXt", text), png[header:]))


def read_label(png: bytes | memoryview) -> CaptureLabel:
    """Return the label of a capture; the first ``LABEL_HEAD`` bytes of the file are enough.

    Raises:
        InvalidCapture: it has no label, or is not a PNG.
    """
    data = memoryview(png)
    if data[: len(_SIGNATURE)] != _SIGNATURE:
        raise InvalidCapture("it is no PNG")
    header = _read_chunk(data, len(_SIGNATURE))
    text = _read_chunk(data, header.end)
    if header.kind != b"IHDR" or len(header.data) != 13 or header.data[8:] != _TRUE_COLOUR:
        raise InvalidCapture("it is not a PNG of three bytes a pixel")
    if text.kind != b"tEXt" or text.data[: len(_KEYWORD)] != _KEYWORD or len(text.data) > LABEL_LIMIT:
        raise InvalidCapture("it has no label")
    try:
        capture = CaptureLabel.model_validate_json(bytes(text.data[len(_KEYWORD) :]))
    except ValidationError as error:
        raise InvalidCapture(f"its label is malformed: {error.error_count()} faults") from error
    if struct.unpack(">II", header.data[:8]) != capture.size:
        raise InvalidCapture("its size is not that of its label")
    return capture


def check_capture(png: bytes | memoryview) -> CaptureLabel:
    """Return the label of a capture that is complete: header, label, pixels, end, and nothing else.

    Raises:
        InvalidCapture: it is cut off, damaged, or something else.
    """
    capture = read_label(png)
    kinds = [chunk.kind for chunk in _read_chunks(memoryview(png))]
    # Nothing else is let in: other chunks could carry anything, and a browser would be asked to read them.
    if len(kinds) < 4 or kinds[2:-1] != [b"IDAT"] * (len(kinds) - 3) or kinds[-1] != b"IEND":
        raise InvalidCapture("it is not made as a player makes one")
    return capture


def _read_chunks(data: memoryview) -> Iterator[_PngChunk]:
    position = len(_SIGNATURE)
    while position < len(data):
        chunk = _read_chunk(data, position)
        yield chunk
        position = chunk.end


def _read_chunk(data: memoryview, position: int) -> _PngChunk:
    head = bytes(data[position : position + 8])
    if len(head) < 8:
        raise InvalidCapture("it is cut off")
    length, kind = int.from_bytes(head[:4]), head[4:]
    end = position + 12 + length
    if end > len(data):
        raise InvalidCapture("it is cut off")
    body = data[position + 8 : end - 4]
    if zlib.crc32(body, zlib.crc32(kind)) != int.from_bytes(data[end - 4 : end]):
        raise InvalidCapture("it is damaged")
    return _PngChunk(kind, body, end)


def _write_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
