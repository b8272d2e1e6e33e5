"""The database connections of threads that are not Django's own: nobody else closes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import close_old_connections, connection

Result = TypeVar("Result")


def with_fresh_connection(task: Callable[[], Result]) -> Result:
    """Do some work of a thread of our own, with a database connection that is alive before and closed in time after."""
    close_old_connections()
    try:
        return task()
    finally:
        close_old_connections()


@contextmanager
def close_connection_after() -> Iterator[None]:
    """Close the database connection of a thread when the thread has done its work: nobody else can."""
    try:
        yield
    finally:
        connection.close()
