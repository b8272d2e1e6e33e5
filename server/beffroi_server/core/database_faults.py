"""What is wrong with the database or its disk when an exception says so: held by another program, or full."""

from __future__ import annotations

import errno
import sqlite3
import time
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from django.db import DatabaseError, OperationalError

Result = TypeVar("Result")
_SQLITE_FAULTS = {"SQLITE_FULL": "disk-full", "SQLITE_BUSY": "locked", "SQLITE_LOCKED": "locked"}
_POSTGRES_FAULTS = {"53100": "disk-full", "55P03": "locked", "40P01": "locked"}
"""SQLSTATE of PostgreSQL: disk_full, lock_not_available, deadlock_detected."""
_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT}
RETRY_PAUSE_S = 0.2


class StorageFault(Enum):
    """A reason why nothing could be stored that is no fault of the program."""

    DISK_FULL = "disk-full"
    LOCKED = "locked"


def fault_of(error: BaseException | None) -> StorageFault | None:
    """Return what an exception, or one that caused it, says of the storage; None for any other."""
    seen = 0
    while error is not None and seen < 20:
        found = _direct_fault(error)
        if found is not None:
            return found
        error, seen = error.__cause__ or error.__context__, seen + 1
    return None


def retry_while_locked(task: Callable[[], Result], seconds: float) -> Result:
    """Run a task, again and again while another program holds the database, for some seconds.

    The task must change nothing unless it succeeds.

    Raises:
        OperationalError: the database is still held.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return task()
        except OperationalError as error:
            if fault_of(error) is not StorageFault.LOCKED or time.monotonic() > deadline:
                raise
        time.sleep(RETRY_PAUSE_S)


def _direct_fault(error: BaseException) -> StorageFault | None:
    if isinstance(error, sqlite3.Error):
        name = getattr(error, "sqlite_errorname", "") or ""
        found = next((fault for start, fault in _SQLITE_FAULTS.items() if name.startswith(start)), None)
    elif isinstance(error, OSError):
        found = "disk-full" if error.errno in _FULL_ERRNOS else None
    elif isinstance(error, DatabaseError):
        found = None
    else:
        found = _POSTGRES_FAULTS.get(str(getattr(error, "sqlstate", "")))
    return StorageFault(found) if found else None
