"""Screenshots: the newest small JPEG of each screen, as its player sent it over MQTT."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path

from django.conf import settings

from beffroi_server.fleet.models import Screen

_MAX_SIDE = 7680
_START_OF_SCAN = 0xDA
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


def is_jpeg(data: bytes) -> bool:
    """Tell whether bytes are a whole JPEG of a sane size, by walking its segments without decoding anything.

    A decoder would be an attack surface: the bytes come from a device in the street.
    """
    if not data.startswith(b"\xff\xd8\xff") or not data.endswith(b"\xff\xd9"):
        return False
    position = 2
    while position + 9 < len(data) and data[position] == 0xFF:
        # A segment: FF, marker, two bytes of length (which count themselves), contents.
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4])
        if marker in _START_OF_FRAME_MARKERS:
            height = int.from_bytes(data[position + 5 : position + 7])
            width = int.from_bytes(data[position + 7 : position + 9])
            return 0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE
        if marker == _START_OF_SCAN or length < 2:
            return False
        position += 2 + length
    return False
