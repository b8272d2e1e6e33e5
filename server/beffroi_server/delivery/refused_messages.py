"""Refused messages of screens: counted by screen, with one log line a minute for each of them.

A screen that sends nonsense, or too much, must fill neither the log nor the disk, and people are to see which one it
is: the package that knows screens registers a handler, which is told at most once a minute of each screen.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

logger = logging.getLogger(__name__)
REPORT_EVERY_S = 60.0
MAX_SCREENS = 20_000
"""Screens that are counted at the same time; more names than that are strangers', and are passed over."""

MAX_LINES = 50
"""Lines in the log at a time; one more counts the rest."""


class RefusalReason(StrEnum):
    """Reasons for which a message is not stored."""

    MALFORMED = "malformed"
    """It is not what the message table declares."""
    UNKNOWN_SCREEN = "unknown-screen"
    """No such screen is enrolled."""
    FLOOD = "flood"
    """Its screen sends more than one screen may, or more than the server's memory holds."""
    QUOTA = "quota"
    """Its screen has sent more plays or receipts within an hour than are stored."""
    UNSTORABLE = "unstorable"
    """The database does not take it, or its disk has too little room left for what can wait."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Messages of one screen that were refused since the refusal before was reported."""

    screen: str
    reason: RefusalReason
    """Of the newest."""
    detail: str
    count: int


class RefusedMessages:
    """Counter of refused messages; safe for threads.

    Args:
        clock: Seconds on a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._waiting: dict[str, Refusal] = {}
        self._reported_at: dict[str, float] = {}

    def note(self, screen: str, reason: RefusalReason, detail: str) -> None:
        """Count a message that is refused."""
        with self._lock:
            before = self._waiting.get(screen)
            if before is not None or len(self._waiting) < MAX_SCREENS:
                self._waiting[screen] = Refusal(screen, reason, detail[:200], (before.count if before else 0) + 1)

    def take_due(self) -> list[Refusal]:
        """Return what is to be reported now, each screen at most once a minute; write the first to the log."""
        with self._lock:
            now = self._clock()
            for screen in [name for name, at in self._reported_at.items() if at <= now - REPORT_EVERY_S]:
                del self._reported_at[screen]
            due = [refusal for screen, refusal in self._waiting.items() if screen not in self._reported_at]
            for refusal in due:
                del self._waiting[refusal.screen]
                self._reported_at[refusal.screen] = now
        for refusal in due[:MAX_LINES]:
            logger.warning(
                "%d messages of %s were refused (%s): %s",
                refusal.count,
                refusal.screen[:80],
                refusal.reason,
                refusal.detail,
            )
        if others := due[MAX_LINES:]:
            logger.warning(
                "%d messages of %d further screens were refused", sum(each.count for each in others), len(others)
            )
        return due


refused_messages = RefusedMessages()
"""Of this process."""
RefusalHandler = Callable[[Sequence[Refusal]], None]
_handlers: list[RefusalHandler] = []


def register_refusal_handler(handler: RefusalHandler) -> None:
    """Have something told of refused messages, at most once a minute for each screen, outside a transaction."""
    _handlers.append(handler)


def report_refusals() -> None:
    """Log what is due, and tell the handlers."""
    if due := refused_messages.take_due():
        for handler in _handlers:
            handler(due)
