"""A rate limit for all downloads of a player together (a token bucket)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BURST_S = 0.5
"""The seconds of a pause that may be caught up at once."""


class RateLimit:
    """Spreads bytes over time. Safe for threads.

    It keeps one instant: when all bytes so far would have come at the permitted rate. Each download adds its bytes to
    that instant and waits until it is reached. After a pause the instant may lag by ``BURST_S`` at most.

    Args:
        clock: Seconds on a clock that nobody sets.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.bytes_per_second: int | None = None
        """The permitted rate; None: no limit."""
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = 0.0

    def consume_bytes(self, count: int) -> float:
        """Count bytes that have come. Return the seconds to wait before more are asked for."""
        rate = self.bytes_per_second
        if rate is None:
            return 0.0
        with self._lock:
            now = self._clock()
            self._free_at = max(self._free_at, now - BURST_S) + count / rate
            return max(0.0, self._free_at - now)
