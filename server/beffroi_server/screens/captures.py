"""Exact pictures of the glass: kept as they came, one for each screen, and compared with what must be there."""

from __future__ import annotations

import contextlib
import datetime as dt
import mmap
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from beffroi_content.wire.captures import HEAD, SIZE_LIMIT, BadCapture, checked, label
from beffroi_content.wire.reports import Capture
from beffroi_server.screens import queries
from beffroi_server.screens.models import Screen

CHUNK = 256 * 1024


class TooLarge(ValueError):
    """There are more bytes than a picture may have."""


class Stream(Protocol):
    """Where a picture comes from."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The newest exact picture of a glass."""

    path: Path
    said: Capture
    arrived_at: dt.datetime
    mark: str
    """Changes with the picture."""
    bytes: int


def keep(screen: Screen, stream: Stream) -> Capture:
    """Keep what a player sends, in place of the picture before; return what is said of it.

    Raises:
        TooLarge: it has more than ``SIZE_LIMIT`` bytes.
        BadCapture: it is not a whole picture as players make them.
        OSError: the disk does not take it.
    """
    path = path_of(screen)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".incoming-", delete=False) as file:
        incoming = Path(file.name)
        try:
            _copy(stream, file)
            said = _checked(file)
            incoming.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                incoming.unlink()
            raise
    return said


def of(screen: Screen) -> Kept | None:
    """Return the newest exact picture of a screen's glass; None where there is none that can be read."""
    path = path_of(screen)
    try:
        with path.open("rb") as file:
            said, status = label(file.read(HEAD)), path.stat()
    except (OSError, BadCapture):
        return None
    arrived = dt.datetime.fromtimestamp(status.st_mtime, dt.UTC)
    return Kept(path, said, arrived, f"{status.st_mtime_ns:x}", status.st_size)


def path_of(screen: Screen) -> Path:
    """Return where it is kept: beside the small one."""
    return queries.screenshot_path(screen.slug).with_suffix(".png")


def verdict(screen: Screen, said: Capture) -> str:
    """Compare a picture with what had to be on the glass then.

    Returns:
        ``equal``: each pixel is as it must be. ``moves``, ``dimmed``: what was presented is as it must be, but for what
        moved on it or for its light. ``differs``: it is another picture. ``outdated``: the screen has been sent
        something else since. ``unknown``: there is nothing to compare it with.
    """
    if said.overlay or said.frame is None:
        return "unknown"
    if queries.is_outdated(screen, said):
        return "outdated"
    is_right = queries.picture_is_right(screen, said)
    if is_right is None:
        return "unknown"
    if not is_right:
        return "differs"
    if said.picture == said.frame:
        return "equal"
    return "moves" if said.moves else "dimmed" if said.brightness < 100 else "differs"


def _copy(stream: Stream, file: IO[bytes]) -> None:
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > SIZE_LIMIT:
            raise TooLarge(f"more than {SIZE_LIMIT} bytes")
        file.write(chunk)
    file.flush()
    if size == 0:
        raise BadCapture("it is empty")


def _checked(file: IO[bytes]) -> Capture:
    # Closed by itself once nobody looks into it: after an error somebody still does.
    return checked(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
