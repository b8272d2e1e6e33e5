"""Output without a display: the presented frame is a PNG file in the runtime directory."""

from __future__ import annotations

import contextlib
import struct
import zlib
from pathlib import Path

import pygame

from beffroi_player.outputs.base import DisplayResult, Size, start_display
from beffroi_player.state.atomic_files import write_file


class HeadlessOutput:
    """Output for machines without a display, and for tests.

    Args:
        path: The PNG file.
    """

    event_interval_s: float | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._image: pygame.Surface | None = None

    def start(self) -> None:
        """Initialise SDL with its dummy display."""
        start_display("dummy")

    def desktop_size(self) -> Size:
        """Return the size of a usual display."""
        return 1920, 1080

    def refresh_rate(self) -> float:
        """Return 0: there is no display."""
        return 0.0

    def open(self, size: Size) -> None:
        """Prepare for frames of a size."""
        pygame.display.set_mode(size)

    def present_image(self, image: pygame.Surface) -> None:
        """Keep the image for ``finish_present``."""
        self._image = image

    def finish_present(self) -> None:
        """Replace the file in one step."""
        assert self._image is not None
        with contextlib.suppress(OSError):
            write_file(self._path, _encode_png(self._image), durable=False)

    def last_presented(self) -> pygame.Surface:
        """Return the image that was presented last."""
        assert self._image is not None
        return self._image

    def process_events(self) -> bool:
        """Return True: there is no window to close."""
        return True

    def control_display(self, on: bool, brightness: int) -> DisplayResult:
        """Do nothing: there is no display."""
        return DisplayResult()

    def close(self) -> None:
        """Close SDL's display; the file stays."""
        pygame.display.quit()


def _encode_png(image: pygame.Surface) -> bytes:
    """Return an uncompressed PNG: ten times faster than a compressed one, and the file is in memory anyway."""
    width, height = image.get_size()
    rgb = memoryview(pygame.image.tobytes(image, "RGB"))
    rows = b"".join(part for y in range(height) for part in (b"\0", rgb[y * width * 3 : (y + 1) * width * 3]))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
