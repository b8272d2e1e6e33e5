"""The database as it is at one instant, while others write to it, and how large it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import connection, transaction


@contextmanager
def database_of_one_instant() -> Iterator[None]:
    """Have every query of a block see the database as it was at its beginning; nothing can be written in it.

    Nobody waits for it, alerts least of all: our transactions begin as writers, this one does not. With SQLite the
    write-ahead log grows until it has ended.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
        cursor.execute("BEGIN DEFERRED")
        # The instant is that of the first query.
        cursor.execute("SELECT count(*) FROM sqlite_master")
        cursor.fetchall()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
            cursor.execute("PRAGMA query_only = OFF")


@contextmanager
def part_of_the_instant() -> Iterator[None]:
    """Have a statement that fails within a block spoil that block only: PostgreSQL refuses whatever comes after one."""
    with transaction.atomic() if connection.vendor == "postgresql" else nullcontext():
        yield


def database_bytes() -> int:
    """Return how large the database is."""
    statement = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    if connection.vendor == "postgresql":
        statement = "SELECT pg_database_size(current_database())"
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])
