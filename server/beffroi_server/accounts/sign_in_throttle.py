"""Throttle of sign-ins: refuses user names and addresses that failed too often, in the memory of this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

MAX_FAILURES = 8
"""Wrong passwords that are allowed within ``WINDOW_S`` seconds."""
WINDOW_S = 300
MAX_KEYS = 10_000
"""User names and addresses that are held at most; the oldest are dropped."""


class SignInThrottle:
    """Counter of failures by key; safe for threads.

    Args:
        clock: Returns seconds that only rise.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def is_blocked(self, *keys: str) -> bool:
        """Tell whether one of the keys failed too often of late."""
        since = self._clock() - WINDOW_S
        with self._lock:
            found = [self._failures.get(key, ()) for key in keys]
            return any(sum(at > since for at in failures) >= MAX_FAILURES for failures in found)

    def record_failure(self, *keys: str) -> None:
        """Count a failure for each key."""
        with self._lock:
            for key in keys:
                self._failures.setdefault(key, deque(maxlen=MAX_FAILURES)).append(self._clock())
                self._failures.move_to_end(key)
            while len(self._failures) > MAX_KEYS:
                self._failures.popitem(last=False)

    def clear_failures(self, key: str) -> None:
        """Drop the failures of a key."""
        with self._lock:
            self._failures.pop(key, None)


sign_in_throttle = SignInThrottle()
