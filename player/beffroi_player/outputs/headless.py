"""No display: what would be on the glass is a PNG file in the runtime directory."""

from __future__ import annotations

import contextlib
import struct
import zlib
from pathlib import Path

import pygame

from beffroi_player.outputs.base import DisplayResult, Size, start_display
from beffroi_player.state.atomic_files import write_file


class HeadlessOutput:
    """A display for servers, tests and the curious."""

    event_interval_s: float | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._image: pygame.Surface | None = None

    def start(self) -> None:
        """Start SDL's display that shows nothing."""
        start_display("dummy")

    def desktop_size(self) -> Size:
        """Return the size of a usual display."""
        return 1920, 1080

    def refresh_rate(self) -> float:
        """Return 0: there is no display."""
        return 0.0

    def open(self, size: Size) -> None:
        """Make ready for pictures of that size."""
        pygame.display.set_mode(size)

    def present_image(self, image: pygame.Surface) -> None:
        """Take the picture."""
        self._image = image

    def finish_present(self) -> None:
        """Write the picture to the file, in one step."""
        assert self._image is not None
        with contextlib.suppress(OSError):
            write_file(self._path, _encode_png(self._image), durable=False)

    def last_presented(self) -> pygame.Surface:
        """Return what was taken last."""
        assert self._image is not None
        return self._image

    def process_events(self) -> bool:
        """Return True: nobody closes it."""
        return True

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Do nothing: there is no display."""
        return DisplayResult()

    def close(self) -> None:
        """Leave the file: it is what was shown last."""
        pygame.display.quit()


def _encode_png(picture: pygame.Surface) -> bytes:
    """Return a PNG that is not compressed: ten times faster than one that is, and the file lives in memory."""
    width, height = picture.get_size()
    rgb = memoryview(pygame.image.tobytes(picture, "RGB"))
    rows = b"".join(part for y in range(height) for part in (b"\0", rgb[y * width * 3 : (y + 1) * width * 3]))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
