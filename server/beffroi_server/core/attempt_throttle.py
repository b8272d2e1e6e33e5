"""Throttle of guesses: whoever failed often waits before each further attempt, in the memory of this process."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_KEYS = 10_000
"""Keys that are held at most; those that failed longest ago are dropped."""


class AttemptThrottle:
    """Leaky buckets of failures by key; safe for threads.

    A key may fail ``limit`` times at once; after that it has one attempt in ``interval_s`` seconds. It is never shut
    out for longer than one interval, so that a stranger who guesses cannot keep others away for good.

    Args:
        limit: Failures that cost no wait.
        interval_s: Seconds in which one failure is forgiven.
        clock: Returns seconds that only rise.
    """

    def __init__(self, limit: int, interval_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._interval_s, self._clock = limit, interval_s, clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By key: the level of failures, and when it was so."""
        self._lock = threading.Lock()

    def wait_s(self, key: str) -> float:
        """Return for how many seconds a key has to wait for its next attempt; 0 if it may try now."""
        with self._lock:
            excess = self._level(key) - (self._limit - 1)
        return max(0.0, excess * self._interval_s)

    def record_failure(self, key: str) -> None:
        """Count a failure."""
        with self._lock:
            self._buckets[key] = (min(self._level(key) + 1, float(self._limit)), self._clock())
            self._buckets.move_to_end(key)
            while len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)

    def clear_failures(self, key: str) -> None:
        """Drop the failures of a key."""
        with self._lock:
            self._buckets.pop(key, None)

    def clear_all(self) -> None:
        """Drop the failures of all keys."""
        with self._lock:
            self._buckets.clear()

    def _level(self, key: str) -> float:
        level, at = self._buckets.get(key, (0.0, 0.0))
        return max(0.0, level - (self._clock() - at) / self._interval_s)


def network_of(address: str) -> str:
    """Return the network that one guesser has to itself: an IPv4 address, or the first 64 bits of an IPv6 address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        return str(found.ipv4_mapped)
    return str(found)
