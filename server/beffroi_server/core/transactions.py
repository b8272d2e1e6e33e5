"""Serialised transactions, for changes whose order matters: the hash chain of the audit trail, topic sequences.

What people do goes through them, alerts among it. What screens say does not, and gives way to them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_LOCK = 0xBEFF_0001
_serialised_count = 0
_changed = threading.Condition()


class _OfThread(threading.local):
    """How many of those counted are of this thread: what runs right after a commit is still inside of one."""

    count = 0


_of_thread = _OfThread()


@contextmanager
def serialised() -> Iterator[None]:
    """Open a transaction that no other serialised transaction overlaps. Keep it short: an alert may be waiting.

    SQLite has one writer at a time, and our transactions start as writers. PostgreSQL takes an advisory lock, since
    there may be no row yet to lock.
    """
    with counted_as_serialised(), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield


@contextmanager
def counted_as_serialised() -> Iterator[None]:
    """Have batches of messages wait while this block runs: it waits for the database, or holds it."""
    _count_serialised(1)
    try:
        yield
    finally:
        _count_serialised(-1)


def wait_for_serialised(timeout_s: float) -> bool:
    """Wait until no serialised transaction of other threads waits or runs; return whether that came in time.

    SQLite has no queue: a writer that finds the database locked looks again after some milliseconds, and may find
    that the next batch of messages has begun meanwhile.
    """
    with _changed:
        return _changed.wait_for(lambda: _serialised_count == _of_thread.count, timeout_s)


def _count_serialised(change: int) -> None:
    global _serialised_count  # noqa: PLW0603 - there is one database
    with _changed:
        _serialised_count += change
        _of_thread.count += change
        _changed.notify_all()
