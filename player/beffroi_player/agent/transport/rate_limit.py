"""How fast files may come: all downloads of a player together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BURST_S = 0.5
"""How much of a pause may be caught up at once."""


class RateLimit:
    """A bucket that fills with bytes. Safe for threads.

    Args:
        clock: Seconds on a clock that nobody sets.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.bytes_per_second: int | None = None
        """None: as fast as the line is."""
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = 0.0

    def consume_bytes(self, count: int) -> float:
        """Take bytes that have come; return the seconds to wait before more are asked for."""
        rate = self.bytes_per_second
        if rate is None:
            return 0.0
        with self._lock:
            now = self._clock()
            self._free_at = max(self._free_at, now - BURST_S) + count / rate
            return max(0.0, self._free_at - now)
