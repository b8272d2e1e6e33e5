"""What the screens are, and whether what they show is right."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from beffroi_server.screens.models import Screen


@dataclass(frozen=True, slots=True)
class ScreenOverview:
    """How a screen is doing."""

    screen: Screen
    state: str
    """``right``, ``pending``, ``wrong``, ``offline`` or ``new``."""
    reasons: tuple[str, ...]
    """Codes of what is not as it should be; see ``REASONS``."""
    seen_at: dt.datetime | None


def overview(now: dt.datetime) -> list[ScreenOverview]:
    """Return how each screen is doing."""
    raise NotImplementedError


def screenshot(screen: Screen) -> tuple[bytes, dt.datetime] | None:
    """Return the newest picture of the glass as JPEG, and when it arrived; None when there is none."""
    path = screenshot_path(screen.slug)
    try:
        return path.read_bytes(), dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    except OSError:
        return None


def screenshot_path(slug: str) -> Path:
    """Return where the newest picture of a screen's glass is kept."""
    return Path(settings.MEDIA_STORE).parent / "screenshots" / f"{slug}.jpg"
