"""Frames that the stage could not show: when each is to be made again, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from beffroi_player.state.directories import CRASH_FALLBACK, OUTPUT_FAULT, PresentedStatus

FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 10_000, 30_000
"""How long the same frame is not repaired again: what is broken again at once cannot be repaired here."""
FORGET_MS = 300_000


class FrameRepair(NamedTuple):
    """When a frame was repaired, and how long it is not repaired again."""

    at_ms: float
    pause_ms: int


class FrameRepairs:
    """Remembers which frames were repaired.

    Args:
        uptime: Milliseconds since boot.
    """

    def __init__(self, uptime: Callable[[], float]) -> None:
        self._uptime = uptime
        self._repaired: dict[str, FrameRepair] = {}

    def due_frames(self, presented: PresentedStatus) -> tuple[str, ...]:
        """Return the frames that are to be repaired now, and remember them."""
        now = self._uptime()
        self._repaired = {name: each for name, each in self._repaired.items() if now - each.at_ms < FORGET_MS}
        # In safe mode the stage leaves things out on purpose, and an output is no frame: there is nothing to repair.
        broken = sorted({fault.frame for fault in presented.faults} - {CRASH_FALLBACK, OUTPUT_FAULT})
        due = tuple(name for name in broken if self._is_due(name, now))
        for name in due:
            before = self._repaired.get(name)
            pause_ms = FIRST_PAUSE_MS if before is None else min(LONGEST_PAUSE_MS, 2 * before.pause_ms)
            self._repaired[name] = FrameRepair(now, pause_ms)
        return due

    def _is_due(self, name: str, now: float) -> bool:
        before = self._repaired.get(name)
        return before is None or now - before.at_ms >= before.pause_ms
