"""Database connections in threads of our own.

Django closes a connection at the end of a request. A thread that serves no requests must do it itself, or it leaks
one connection for each such thread, and goes on with a dead one after the database was restarted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from django.db import DatabaseError, close_old_connections, connection

Result = TypeVar("Result")


def with_fresh_connection(task: Callable[[], Result]) -> Result:
    """Run a task with a connection that is checked before, and closed after if it is too old or broken."""
    close_old_connections()
    try:
        return task()
    finally:
        close_old_connections()


def is_database_missing() -> bool:
    """Tell whether the file of the database is not there. SQLite makes an empty one for whoever only looks."""
    return connection.vendor == "sqlite" and not Path(str(connection.settings_dict["NAME"])).exists()


@contextmanager
def close_connection_after() -> Iterator[None]:
    """Close the connection of this thread at the end of a block; as a decorator, at the end of a thread's function."""
    try:
        yield
    finally:
        connection.close()


@contextmanager
def short_lock_wait(seconds: float) -> Iterator[None]:
    """Have statements of a block fail soon where another program holds the database, instead of waiting long."""
    _set_lock_wait(round(seconds * 1000))
    try:
        yield
    finally:
        # A connection that is broken, or in a transaction that failed, needs no limit any more.
        with suppress(DatabaseError):
            _set_lock_wait(None)


def _set_lock_wait(milliseconds: int | None) -> None:
    if connection.vendor == "sqlite":
        usual = round(1000 * connection.settings_dict["OPTIONS"].get("timeout", 5))
        statement = f"PRAGMA busy_timeout = {usual if milliseconds is None else milliseconds}"
    else:
        statement = f"SET lock_timeout = {milliseconds or 0}"
    with connection.cursor() as cursor:
        cursor.execute(statement)
