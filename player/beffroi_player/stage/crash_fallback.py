"""Crash fallback: the stage leaves more out with every few crashes, and still shows alerts.

What makes it crash is not known: a video, a driver, a slide of the newest programme. So the likely causes are left out
one after the other, until it stays up.
"""

from __future__ import annotations

import logging
from enum import IntEnum
from pathlib import Path

from beffroi_player import system_clock
from beffroi_player.state.atomic_files import write_file

log = logging.getLogger(__name__)

COUNTED_MS = 600_000
"""Time for which a start counts."""
SIMPLE_AFTER, PROVEN_AFTER, BARE_AFTER = 3, 6, 9
"""Starts without a good end from which each step applies."""
STARTS_FILE = "stage-starts"


class CrashFallback(IntEnum):
    """Steps of the fallback; each leaves out what those before it do."""

    FULL = 0
    SIMPLE = 1
    """No videos, no animations and no transitions; drawn by the processor."""
    PROVEN = 2
    """Only slides that were on for some time before."""
    BARE = 3
    """Only the idle slide and alerts."""


def note_start(runtime: Path, uptime_ms: float | None = None) -> CrashFallback:
    """Count this start; return how much to leave out.

    Args:
        runtime: The runtime directory, which a power cut empties: then everything is tried again.
        uptime_ms: Now, in milliseconds since boot; None: by the clock of the machine.
    """
    now = system_clock.uptime_ms() if uptime_ms is None else uptime_ms
    before = [start for start in _recent_starts(runtime) if now - COUNTED_MS <= start <= now]
    _store_starts(runtime, [*before, now])
    crashes = len(before)
    # The steps are numbered: one for each limit that is reached.
    found = CrashFallback(sum(crashes >= limit for limit in (SIMPLE_AFTER, PROVEN_AFTER, BARE_AFTER)))
    if found is not CrashFallback.FULL:
        log.warning(
            "the stage was started %d times in ten minutes: it shows less now (%s)", crashes + 1, found.name,
            extra={"CODE": "crash-loop"},
        )  # fmt: skip
    return found


def note_end(runtime: Path) -> None:
    """Forget the starts: this one ends in good order."""
    _store_starts(runtime, [])


def _recent_starts(runtime: Path) -> list[float]:
    try:
        return [float(line) for line in (runtime / STARTS_FILE).read_text(encoding="ascii").split()][-50:]
    except (OSError, ValueError):
        return []


def _store_starts(runtime: Path, starts: list[float]) -> None:
    try:
        write_file(runtime / STARTS_FILE, "\n".join(map(str, starts)).encode(), durable=False)
    except OSError as error:
        log.warning("starts are not counted: %s", error)
