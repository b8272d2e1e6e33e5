"""Screenshots: the newest small JPEG of each screen, as its player sent it over MQTT."""

from __future__ import annotations

import datetime as dt
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from beffroi_content.wire.reports import SCREENSHOT_BOX
from beffroi_server.fleet.models import Screen

_MAX_SIDE = 7680
_START_OF_SCAN, _COMMENT = 0xDA, 0xFE
_BOX = re.compile(r"[0-9a-f]{16}")
_START_OF_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The markers of ITU-T T.81, table B.1, whose segment holds the size; C4, C8 and CC are tables and an extension."""


def screenshot_path(slug: str) -> Path:
    """Return the file that holds the newest screenshot of a screen."""
    return Path(settings.MEDIA_STORE).parent / "screenshots" / f"{slug}.jpg"


def newest_screenshot(screen: Screen) -> tuple[bytes, dt.datetime] | None:
    """Return the newest screenshot as JPEG, and when it was received; None when there is none."""
    path = screenshot_path(screen.slug)
    try:
        return path.read_bytes(), dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    except OSError:
        return None


def store_screenshot(slug: str, image: bytes) -> None:
    """Put a screenshot in the place of the one before; a reader sees the one or the other, whole.

    Raises:
        ValueError: it is not a JPEG.
        OSError: the disk does not take it.
    """
    if not is_jpeg(image):
        raise ValueError("not a JPEG")
    path = screenshot_path(slug)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(image)
    Path(name).replace(path)


def box_of(data: bytes) -> str:
    """Return the machine that a screenshot names in its comment; empty where it names none."""
    for marker, contents in _segments(data):
        if marker == _COMMENT and contents.startswith(SCREENSHOT_BOX):
            found = contents.removeprefix(SCREENSHOT_BOX).decode("ascii", "replace")
            return found if _BOX.fullmatch(found) else ""
    return ""


def delete_screenshot(slug: str) -> None:
    """Delete the screenshot of a screen: it is of a player that is another one now.

    Raises:
        OSError: the disk does not let us.
    """
    screenshot_path(slug).unlink(missing_ok=True)


def is_jpeg(data: bytes) -> bool:
    """Tell whether bytes are a whole JPEG of a sane size, by walking its segments without decoding anything.

    A decoder would be an attack surface: the bytes come from a device in the street.
    """
    if not data.startswith(b"\xff\xd8\xff") or not data.endswith(b"\xff\xd9"):
        return False
    for marker, contents in _segments(data):
        if marker in _START_OF_FRAME_MARKERS:
            height, width = int.from_bytes(contents[1:3]), int.from_bytes(contents[3:5])
            return 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE
    return False


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the markers and contents of the segments before the pixels."""
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        # A segment: FF, marker, two bytes of length (which count themselves), contents.
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4])
        if marker == _START_OF_SCAN or length < 2:
            return
        yield marker, data[position + 4 : position + 2 + length]
        position += 2 + length
