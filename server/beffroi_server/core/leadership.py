"""Leader election: of several server processes, the one that runs the jobs and writes inbound messages."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import Error, connection, connections

_ADVISORY_LOCK = 0xBEFF_0002


class LeaderLock(Protocol):
    """A lock that at most one process holds, and that is released when the process dies."""

    def acquire(self) -> bool:
        """Take the lock if it is free; return True when this process holds it, also when it did before."""

    def release(self) -> None:
        """Release the lock, if this process holds it."""


class FileLeaderLock:
    """A lock on a file, for processes of one machine; the kernel frees it when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class PostgresLeaderLock:
    """An advisory lock of PostgreSQL, for processes of several machines; it ends with its connection."""

    def __init__(self) -> None:
        self._connection = connections.create_connection("default")

    def acquire(self) -> bool:
        try:
            with self._connection.cursor() as cursor:
                # Taking it again is counted; asking whether the session holds it is not.
                cursor.execute(
                    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
                    " AND pid = pg_backend_pid()) OR pg_try_advisory_lock(%s)",
                    [_ADVISORY_LOCK, _ADVISORY_LOCK],
                )
                row = cursor.fetchone()
                return bool(row and row[0])
        except Error:
            self._connection.close()
            return False

    def release(self) -> None:
        # Closing alone frees the lock later, when PostgreSQL notices that the client is gone.
        if self._connection.connection is not None:
            with suppress(Error), self._connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()


def create_leader_lock() -> LeaderLock:
    """Return the kind of lock that fits the database in use."""
    return PostgresLeaderLock() if connection.vendor == "postgresql" else FileLeaderLock(_lock_file())


def has_leader() -> bool:
    """Tell whether some process leads: whoever gets its lock is alone. Nothing is left behind by asking."""
    if connection.vendor != "postgresql" and not _lock_file().exists():
        return False
    lock = create_leader_lock()
    try:
        return not lock.acquire()
    except OSError:
        return False
    finally:
        lock.release()


def _lock_file() -> Path:
    return Path(settings.DATA) / "leader.lock"
