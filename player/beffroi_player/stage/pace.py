"""Steps on a grid of sixtieths of a second, and how many of them came late."""

from __future__ import annotations

FRAME_MS = 1000 / 60
"""How often a transition, or a message that glides, moves."""
LATE = 1.5
"""How many times the time of a frame may lie between two steps before the second is late."""


class Pace:
    """When the next step is due."""

    def __init__(self) -> None:
        self.late = 0
        """Steps that came late, since the start."""
        self._stepped_ms: float | None = None

    def step(self, uptime_ms: float, *, goes_on: bool) -> None:
        """Note a step, as of the instant at which it was due: a little late once is not late ever after.

        Args:
            uptime_ms: Now.
            goes_on: Whether another one follows; if not, the next is the first again.
        """
        before, self._stepped_ms = self._stepped_ms, uptime_ms if goes_on else None
        if before is None or not goes_on:
            return
        self.late += uptime_ms - before > LATE * FRAME_MS
        due = before + FRAME_MS
        if due <= uptime_ms < due + FRAME_MS:
            self._stepped_ms = due

    def left_ms(self, uptime_ms: float) -> float:
        """Return the milliseconds until the next step; less than none where it is late."""
        return FRAME_MS - (uptime_ms - self._stepped_ms if self._stepped_ms is not None else 0.0)
