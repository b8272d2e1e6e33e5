"""Database connections in threads of our own.

Django closes a connection at the end of a request. A thread that serves no requests must do it itself, or it leaks
one connection for each such thread, and goes on with a dead one after the database was restarted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import close_old_connections, connection

Result = TypeVar("Result")


def with_fresh_connection(task: Callable[[], Result]) -> Result:
    """Run a task with a connection that is checked before, and closed after if it is too old or broken."""
    close_old_connections()
    try:
        return task()
    finally:
        close_old_connections()


@contextmanager
def close_connection_after() -> Iterator[None]:
    """Close the connection of this thread at the end of a block; as a decorator, at the end of a thread's function."""
    try:
        yield
    finally:
        connection.close()
