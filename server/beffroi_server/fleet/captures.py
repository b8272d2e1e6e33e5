"""Captures: the newest PNG of the pixels of each screen, stored as its player sent it over HTTP."""

from __future__ import annotations

import contextlib
import datetime as dt
import mmap
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from beffroi_content.wire.capture_png import LABEL_HEAD, SIZE_LIMIT, InvalidCapture, check_capture, read_label
from beffroi_content.wire.reports import CaptureLabel
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.screenshots import screenshot_path

CHUNK_BYTES = 256 * 1024


class CaptureTooLarge(ValueError):
    """Refusal of a capture with more than ``SIZE_LIMIT`` bytes."""


class ByteSource(Protocol):
    """A source of bytes, such as a request."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """The newest capture of a screen."""

    path: Path
    details: CaptureLabel
    received_at: dt.datetime
    version: str
    """Differs for each capture; part of the address of its image."""
    bytes: int


def store_capture(screen: Screen, stream: ByteSource) -> CaptureLabel:
    """Store a capture in the place of the one before; return its label.

    Raises:
        CaptureTooLarge: it has more than ``SIZE_LIMIT`` bytes.
        InvalidCapture: it is not a whole PNG with a label, as players make them.
        OSError: the disk does not take it.
    """
    path = capture_path(screen)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".incoming-", delete=False) as file:
        incoming = Path(file.name)
        try:
            _copy_limited(stream, file)
            label = _validated(file)
            incoming.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                incoming.unlink()
            raise
    return label


def newest_capture(screen: Screen) -> StoredCapture | None:
    """Return the newest capture of a screen; None where there is none that can be read."""
    path = capture_path(screen)
    try:
        with path.open("rb") as file:
            label, status = read_label(file.read(LABEL_HEAD)), path.stat()
    except (OSError, InvalidCapture):
        return None
    arrived = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
    return StoredCapture(path, label, arrived, f"{status.st_mtime_ns:x}", status.st_size)


def capture_path(screen: Screen) -> Path:
    """Return the file of a screen's capture: beside its screenshot."""
    return screenshot_path(screen.slug).with_suffix(".png")


def _copy_limited(stream: ByteSource, file: IO[bytes]) -> None:
    size = 0
    while chunk := stream.read(CHUNK_BYTES):
        size += len(chunk)
        if size > SIZE_LIMIT:
            raise CaptureTooLarge(f"more than {SIZE_LIMIT} bytes")
        file.write(chunk)
    file.flush()
    if size == 0:
        raise InvalidCapture("it is empty")


def _validated(file: IO[bytes]) -> CaptureLabel:
    # Not closed here: a memory view of it may still exist after an error. It is closed when the last one is gone.
    return check_capture(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
