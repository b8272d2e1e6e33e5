"""Queues of inbound messages, one for each screen, emptied in turn.

A screen that floods the server delays and drops its own messages only. What one may send is bounded by a rate
(``RATE_BYTES`` a second after a first ``BURST_BYTES``), and what waits of it by its share of the memory: an eighth of
what is still free, so that there is always room for the others, however many screens flood.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

RawMessage = tuple[str, bytes]
"""Topic and payload."""
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Of all that waits, of all screens."""
SHARE = 8
MESSAGE_OVERHEAD = 512
"""Bytes that a message takes in memory beside its payload."""
RATE_BYTES = 256 * 1024
"""Bytes a second of one screen in the long run: a player with everything to catch up sends a fortieth of it."""
BURST_BYTES = 8 * 1024 * 1024
"""What a screen may send at once, such as after a long time without a server."""
MAX_SCREENS = 20_000
"""Screens whose rate is remembered."""


class ScreenQueues:
    """Bounded queues of messages by screen; safe for threads.

    Args:
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, deque[RawMessage]] = OrderedDict()
        """The screens that have messages, the next in turn first."""
        self._bytes: dict[str, int] = {}
        self._all_bytes = self._count = self._wanted = 0
        self._allowance: dict[str, tuple[float, float]] = {}
        """By screen, the bytes that it may still send, and when that was counted; none: all of ``BURST_BYTES``."""

    def put(self, screen: str, message: RawMessage) -> bool:
        """Put a message into the queue of a screen; return False if it has sent too much. Never waits for long."""
        size = len(message[1]) + MESSAGE_OVERHEAD
        with self._changed:
            waiting = self._bytes.get(screen, 0)
            if (
                not self._is_within_rate(screen, size)
                or waiting + size > (MAX_WAITING_BYTES - self._all_bytes) // SHARE
            ):
                return False
            self._waiting.setdefault(screen, deque()).append(message)
            self._bytes[screen] = waiting + size
            self._all_bytes += size
            self._count += 1
            # The writer is woken for the first, and once a batch is full: not for each.
            if self._count in {1, self._wanted}:
                self._changed.notify()
        return True

    def take(self, timeout_s: float, *, gather_s: float, most: int, most_bytes: int) -> list[RawMessage]:
        """Return the next messages, of each screen in turn; none if there is none in time.

        Args:
            timeout_s: Seconds to wait for the first.
            gather_s: Seconds to wait for the others after that.
            most: Messages that are returned at most.
            most_bytes: Bytes of payload; the message that reaches them is the last.
        """
        batch: list[RawMessage] = []
        size = 0
        with self._changed:
            self._wanted = most
            if self._changed.wait_for(lambda: self._count > 0, timeout_s) and gather_s:
                self._changed.wait_for(lambda: self._count >= most, gather_s)
            while self._waiting and len(batch) < most and size < most_bytes:
                batch.append(self._pop_next())
                size += len(batch[-1][1])
        return batch

    def _pop_next(self) -> RawMessage:
        screen, messages = self._waiting.popitem(last=False)
        message = messages.popleft()
        size = len(message[1]) + MESSAGE_OVERHEAD
        self._all_bytes -= size
        self._count -= 1
        if messages:
            self._waiting[screen] = messages
            self._bytes[screen] -= size
        else:
            del self._bytes[screen]
        return message

    def _is_within_rate(self, screen: str, size: int) -> bool:
        now = self._clock()
        left, at = self._allowance.get(screen, (BURST_BYTES, now))
        left = min(BURST_BYTES, left + (now - at) * RATE_BYTES)
        if len(self._allowance) >= MAX_SCREENS and screen not in self._allowance:
            self._allowance.clear()
        # What is refused counts for nothing: a screen that goes on for ever still gets its rate.
        self._allowance[screen] = (left - size if left >= size else left, now)
        return left >= size
