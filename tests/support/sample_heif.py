"""Small photographs as telephones make them: HEIC, with the picture cut into tiles (ISO/IEC 23008-12)."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

import av
from PIL import Image

TILE = 64
"""Pixels of a tile on each side."""


def sample_heic(
    colours: Sequence[str], *, columns: int, nclx: tuple[int, int] = (1, 13), brand: bytes = b"heic"
) -> bytes:
    """Return a photograph of tiles, each of one colour.

    Args:
        colours: Those of the tiles, row by row.
        columns: Tiles in a row.
        nclx: Primaries and transfer characteristics (ITU-T H.273).
        brand: The first that the file names.
    """
    tiles = [_coded_tile(colour) for colour in colours]
    rows = len(tiles) // columns
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, columns * TILE, rows * TILE)
    ipco = [
        _box(b"hvcC", tiles[0][0]),
        _full_box(b"ispe", struct.pack(">II", TILE, TILE)),
        _full_box(b"ispe", struct.pack(">II", columns * TILE, rows * TILE)),
    ]
    ipco.append(_box(b"colr", b"nclx" + struct.pack(">HHHB", *nclx, 1, 0)))
    associations = [(number + 2, [0x81, 2]) for number in range(len(tiles))]
    ipma = (
        struct.pack(">I", len(tiles) + 1) + _association(1, [3, 4]) + b"".join(_association(*a) for a in associations)
    )
    infos = [_info(1, b"grid"), *(_info(number + 2, b"hvc1") for number in range(len(tiles)))]
    reference = _box(
        b"dimg", struct.pack(">HH", 1, len(tiles)) + struct.pack(f">{len(tiles)}H", *range(2, len(tiles) + 2))
    )
    ftyp = _box(b"ftyp", brand + struct.pack(">I", 0) + b"mif1heic")
    contents = [grid, *(tile for _, tile in tiles)]

    def meta(first: int) -> bytes:
        iloc, at = struct.pack(">BBH", 0x44, 0, len(contents)), first
        for number, content in enumerate(contents, 1):
            iloc += struct.pack(">HHHII", number, 0, 1, at, len(content))
            at += len(content)
        return _full_box(
            b"meta",
            _full_box(b"hdlr", struct.pack(">I4s12xB", 0, b"pict", 0))
            + _full_box(b"pitm", struct.pack(">H", 1))
            + _full_box(b"iinf", struct.pack(">H", len(infos)) + b"".join(infos))
            + _full_box(b"iref", reference)
            + _box(b"iprp", _box(b"ipco", b"".join(ipco)) + _full_box(b"ipma", ipma))
            + _full_box(b"iloc", iloc),
        )

    start = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(start) + _box(b"mdat", b"".join(contents))


def _coded_tile(colour: str) -> tuple[bytes, bytes]:
    """Return the configuration (``hvcC``) and the picture of a tile."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        options = {"x265-params": "log-level=none:keyint=1:qp=10:pools=1", "preset": "ultrafast"}
        video: Any = out.add_stream("libx265", rate=1, options=options)
        video.width = video.height = TILE
        video.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", (TILE, TILE), colour))
        out.mux(video.encode(frame.reformat(format="yuv420p", dst_colorspace=1)))
        out.mux(video.encode(None))
    with av.open(io.BytesIO(buffer.getvalue())) as made:
        stream = made.streams.video[0]
        return bytes(stream.codec_context.extradata), bytes(next(made.demux(stream)))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _full_box(kind: bytes, body: bytes, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24) + body)


def _info(number: int, kind: bytes) -> bytes:
    return _full_box(b"infe", struct.pack(">HH4sB", number, 0, kind, 0), 2)


def _association(item: int, properties: Sequence[int]) -> bytes:
    return struct.pack(">HB", item, len(properties)) + bytes(properties)
