"""An exact picture of the glass on its way to the server: a PNG that carries what is known of it in a chunk of text.

One file holds both, so that neither can be lost, or taken for another's. Nothing here decodes a picture: what a player
sends is read chunk by chunk (PNG, third edition, section 5), and pixels are left to the browser of whoever looks.
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
"""Bytes of what is said of it."""
LABEL_HEAD = 64 + LABEL_LIMIT
"""So many bytes from the start hold the label."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"Beffroi\0"
_TRUE_COLOUR = b"\x08\x02\x00\x00\x00"
"""Eight bits a channel, three channels, not interlaced."""


class InvalidCapture(ValueError):
    """It is not a whole picture with a label; the message says why."""


class _PngChunk(NamedTuple):
    kind: bytes
    data: memoryview
    end: int


def add_label(png: bytes, capture: CaptureLabel) -> bytes:
    """Return a PNG with what is known of it, in its second chunk."""
    text = _KEYWORD + json.dumps(capture.model_dump(mode="json"), separators=(",", ":")).encode("ascii")
    header = _read_chunk(memoryview(png), len(_SIGNATURE)).end
    return b"".join((png[:header], _write_chunk(b"tEXt", text), png[header:]))


def read_label(png: bytes | memoryview) -> CaptureLabel:
    """Return what a picture says of itself; the first ``HEAD`` bytes of it will do.

    Raises:
        BadCapture: it says nothing, or is none.
    """
    data = memoryview(png)
    if data[: len(_SIGNATURE)] != _SIGNATURE:
        raise InvalidCapture("it is no PNG")
    header = _read_chunk(data, len(_SIGNATURE))
    said = _read_chunk(data, header.end)
    if header.kind != b"IHDR" or len(header.data) != 13 or header.data[8:] != _TRUE_COLOUR:
        raise InvalidCapture("it is not a PNG of three bytes a pixel")
    if said.kind != b"tEXt" or said.data[: len(_KEYWORD)] != _KEYWORD or len(said.data) > LABEL_LIMIT:
        raise InvalidCapture("nothing is said of it")
    try:
        capture = CaptureLabel.model_validate_json(bytes(said.data[len(_KEYWORD) :]))
    except ValidationError as error:
        raise InvalidCapture(f"what is said of it is malformed: {error.error_count()} faults") from error
    if struct.unpack(">II", header.data[:8]) != capture.size:
        raise InvalidCapture("it has not the size that it says")
    return capture


def check_capture(png: bytes | memoryview) -> CaptureLabel:
    """Return what a picture says of itself, if all of it is there: header, label, pixels, end, and nothing else.

    Raises:
        BadCapture: it is cut off, damaged, or something else.
    """
    capture = read_label(png)
    kinds = [chunk.kind for chunk in _read_chunks(memoryview(png))]
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
