"""Frame pacing: the steps of an animation fall on an even grid, and late ones are counted.

The frame loop sleeps until a step is due, and always wakes a little late. If the next step were due a period after
that, each delay would be kept for ever, and an animation of 60 steps a second would make 59. So a step that comes late
by less than a period counts as made when it was due: the grid stands still, and only the drawing trembles. A step that
comes later than that begins a new grid: to catch up would show several steps at once.
"""

from __future__ import annotations

import math

USUAL_RATE = 60.0
"""Refreshes a second of a display that does not say."""
MAX_RATE = 75.0
"""Steps a second at most: a faster display gets one for each second or third refresh, which nobody sees."""
LATE_FACTOR = 1.5
"""Periods between two steps above which the second is late."""


def steps_per_second(refresh_rate: float) -> float:
    """Return the number of steps a second of animations on a display: its refresh rate, or a whole part of it.

    Args:
        refresh_rate: In hertz; 0 where it is unknown.
    """
    if refresh_rate <= 0:
        return USUAL_RATE
    return refresh_rate / math.ceil(refresh_rate / MAX_RATE)


class FramePacer:
    """Grid of the steps of whatever is in motion."""

    def __init__(self) -> None:
        self.late_steps = 0
        """Steps that came late, since the start."""
        self.period_ms = 1000 / USUAL_RATE
        """Time between two steps."""
        self._stepped_ms: float | None = None
        """The uptime at which the last step was due; None while nothing moves."""

    @property
    def is_moving(self) -> bool:
        """True if another step follows."""
        return self._stepped_ms is not None

    def note_step(self, uptime_ms: float) -> float:
        """Note a step; return the uptime at which it was due, which is the instant to draw."""
        before, self._stepped_ms = self._stepped_ms, uptime_ms
        if before is not None:
            self.late_steps += uptime_ms - before > LATE_FACTOR * self.period_ms
            due = before + self.period_ms
            if due <= uptime_ms < due + self.period_ms:
                self._stepped_ms = due
        return self._stepped_ms

    def end_motion(self) -> None:
        """Note that no step follows: the next one begins a new grid, and is not late."""
        self._stepped_ms = None

    def left_ms(self, uptime_ms: float) -> float:
        """Return the milliseconds until the next step is due; negative where it is late already."""
        return self.period_ms - (uptime_ms - self._stepped_ms if self._stepped_ms is not None else 0.0)
