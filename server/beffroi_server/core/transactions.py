"""Serialised transactions, for changes whose order matters: the hash chain of the audit trail, topic sequences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_LOCK = 0xBEFF_0001


@contextmanager
def serialised() -> Iterator[None]:
    """Open a transaction that no other serialised transaction overlaps. Keep it short: an alert may be waiting.

    SQLite has one writer at a time, and our transactions start as writers. PostgreSQL takes an advisory lock, since
    there may be no row yet to lock.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield
