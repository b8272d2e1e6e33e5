"""Threads that read feeds in the background: a few at a time, since some answer slowly or not at all.

Which feeds are to be read is in the database, so a reading that was asked for survives a restart.
"""

from __future__ import annotations

import logging
import threading

from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from beffroi_server.core import database
from beffroi_server.feeds import refresh
from beffroi_server.feeds.models import Feed, FeedKind

logger = logging.getLogger(__name__)
reading_due = threading.Event()
"""Set when somebody asks for a feed to be read; the threads of the leading server process wait for it."""
READER_THREADS = 4
POLL_INTERVAL_S = 15
"""Seconds between two looks into the database: another server process may have been asked."""


class FeedReadings:
    """The feeds that are being read, each by one thread; safe for threads."""

    def __init__(self) -> None:
        self._in_progress: set[int] = set()
        self._lock = threading.Lock()

    @database.close_connection_after()
    def run_readings(self, stopping: threading.Event) -> None:
        """Read feeds that are due until ``stopping`` is set."""
        while not stopping.is_set():
            try:
                while not stopping.is_set() and database.with_fresh_connection(self.read_next):
                    pass
            except Exception:
                logger.exception("a feed could not be read")
            reading_due.wait(timeout=POLL_INTERVAL_S)
            reading_due.clear()

    def read_next(self) -> bool:
        """Read the feed that is due first and that no other thread reads; return whether there was one."""
        feed = self._take_due()
        if feed is None:
            return False
        try:
            refresh.refresh_feed(feed)
        finally:
            with self._lock:
                self._in_progress.discard(feed.pk)
        return True

    def _take_due(self) -> Feed | None:
        with self._lock:
            due = Feed.objects.filter(Q(due_at=None) | Q(due_at__lte=timezone.now())).exclude(pk__in=self._in_progress)
            # Warnings come first; then what somebody waits for, which has no time.
            warnings = Case(When(kind=FeedKind.VIGILANCE, then=Value(0)), default=Value(1))
            feed = due.order_by(warnings, F("due_at").asc(nulls_first=True), "pk").first()
            if feed is not None:
                self._in_progress.add(feed.pk)
        return feed
