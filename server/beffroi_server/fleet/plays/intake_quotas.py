"""Quotas of what one screen may have stored within an hour: its token must not be able to fill the disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

HOUR_S = 3600.0
PLAYS_PER_HOUR = 40_000
"""A player that has everything to catch up sends 36,000 at most: 200 every 20 seconds. They take 10 MB."""
RECEIPTS_PER_HOUR = 2_000
COMPARISONS_PER_HOUR = 300
"""Reports of a screen that are looked into for alerts that this database does not know; all are stored."""
MAX_SCREENS = 20_000


class HourlyQuota:
    """Allowance of rows by screen, which fills again evenly within an hour; safe for threads.

    Args:
        rows: The rows of a full allowance.
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, rows: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rows, self._clock = rows, clock
        self._lock = threading.Lock()
        self._left: dict[int, tuple[float, float]] = {}

    def take(self, screen: int, count: int) -> bool:
        """Take rows from the allowance of a screen; return False, and take none, if it has not so many."""
        with self._lock:
            now = self._clock()
            left, at = self._left.get(screen, (float(self._rows), now))
            left = min(float(self._rows), left + (now - at) * self._rows / HOUR_S)
            if len(self._left) >= MAX_SCREENS and screen not in self._left:
                self._left.clear()
            self._left[screen] = (left - count if left >= count else left, now)
            return left >= count


plays_quota = HourlyQuota(PLAYS_PER_HOUR)
receipts_quota = HourlyQuota(RECEIPTS_PER_HOUR)
comparisons_quota = HourlyQuota(COMPARISONS_PER_HOUR)
