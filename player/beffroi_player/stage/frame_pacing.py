"""Steps on a grid of the display's own pictures, and how many of them came late."""

from __future__ import annotations

import math

USUAL_RATE = 60.0
"""Pictures a second of a display that does not say."""
MAX_RATE = 75.0
"""Steps a second: a display that shows more gets one for each second or third picture, which nobody sees."""
LATE_FACTOR = 1.5
"""How many times the time of a step may lie between two before the second is late."""


def steps_per_second(pictures: float) -> float:
    """Return how often a second something moves on a display.

    Args:
        pictures: How many it shows a second; 0 where nobody knows.
    """
    if pictures <= 0:
        return USUAL_RATE
    return pictures / math.ceil(pictures / MAX_RATE)


class FramePacer:
    """When the next step is due."""

    def __init__(self) -> None:
        self.late_steps = 0
        """Steps that came late, since the start."""
        self.period_ms = 1000 / USUAL_RATE
        """From one step to the next."""
        self._stepped_ms: float | None = None

    @property
    def is_moving(self) -> bool:
        """Whether another step follows."""
        return self._stepped_ms is not None

    def note_step(self, uptime_ms: float) -> float:
        """Note a step; return the uptime at which it was due: a little late once is not late ever after."""
        before, self._stepped_ms = self._stepped_ms, uptime_ms
        if before is not None:
            self.late_steps += uptime_ms - before > LATE_FACTOR * self.period_ms
            due = before + self.period_ms
            if due <= uptime_ms < due + self.period_ms:
                self._stepped_ms = due
        return self._stepped_ms

    def end_motion(self) -> None:
        """Note that no step follows: the next is the first again."""
        self._stepped_ms = None

    def left_ms(self, uptime_ms: float) -> float:
        """Return the milliseconds until the next step; less than none where it is late."""
        return self.period_ms - (uptime_ms - self._stepped_ms if self._stepped_ms is not None else 0.0)
