"""What the stage leaves out after it has crashed again and again: whatever it is, alerts must still be shown."""

from __future__ import annotations

import logging
from enum import IntEnum
from pathlib import Path

from beffroi_player import system_clock
from beffroi_player.state.atomic_files import write_file

log = logging.getLogger(__name__)

COUNTED_MS = 600_000
"""Starts of the last ten minutes count."""
SIMPLE_AFTER, PROVEN_AFTER, BARE_AFTER = 3, 6, 9
"""Starts that did not end as they should."""
STARTS_FILE = "stage-starts"


class CrashFallback(IntEnum):
    """How much is left out."""

    FULL = 0
    SIMPLE = 1
    """No films and no transitions."""
    PROVEN = 2
    """Besides, only slides that were on before the programme came."""
    BARE = 3
    """The idle slide and alerts, and nothing else."""


def note_start(runtime: Path, uptime_ms: float | None = None) -> CrashFallback:
    """Count this start; return how much is to be left out.

    Args:
        runtime: The runtime directory: after a power cut all is tried again.
        uptime_ms: Now; None: as the machine says.
    """
    now = system_clock.uptime_ms() if uptime_ms is None else uptime_ms
    before = [start for start in _recent_starts(runtime) if now - COUNTED_MS <= start <= now]
    _store_starts(runtime, [*before, now])
    crashes = len(before)
    # One step for each limit that is reached.
    found = CrashFallback(sum(crashes >= limit for limit in (SIMPLE_AFTER, PROVEN_AFTER, BARE_AFTER)))
    if found is not CrashFallback.FULL:
        log.warning(
            "the stage was started %d times in ten minutes: it shows less now (%s)", crashes + 1, found.name,
            extra={"CODE": "crash-loop"},
        )  # fmt: skip
    return found


def note_end(runtime: Path) -> None:
    """Forget the starts: this one ends as it should."""
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
