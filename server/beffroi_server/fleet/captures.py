"""Exact pictures of the glass: kept as they came, one for each screen, and compared with what must be there."""

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
    """There are more bytes than a picture may have."""


class ByteSource(Protocol):
    """Where a picture comes from."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """The newest exact picture of a glass."""

    path: Path
    details: CaptureLabel
    received_at: dt.datetime
    version: str
    """Changes with the picture."""
    bytes: int


def store_capture(screen: Screen, stream: ByteSource) -> CaptureLabel:
    """Keep what a player sends, in place of the picture before; return what is said of it.

    Raises:
        TooLarge: it has more than ``SIZE_LIMIT`` bytes.
        BadCapture: it is not a whole picture as players make them.
        OSError: the disk does not take it.
    """
    path = capture_path(screen)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".incoming-", delete=False) as file:
        incoming = Path(file.name)
        try:
            _copy_limited(stream, file)
            said = _validated(file)
            incoming.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                incoming.unlink()
            raise
    return said


def newest_capture(screen: Screen) -> StoredCapture | None:
    """Return the newest exact picture of a screen's glass; None where there is none that can be read."""
    path = capture_path(screen)
    try:
        with path.open("rb") as file:
            said, status = read_label(file.read(LABEL_HEAD)), path.stat()
    except (OSError, InvalidCapture):
        return None
    arrived = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
    return StoredCapture(path, said, arrived, f"{status.st_mtime_ns:x}", status.st_size)


def capture_path(screen: Screen) -> Path:
    """Return where it is kept: beside the small one."""
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
    # Closed by itself once nobody looks into it: after an error somebody still does.
    return check_capture(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
