"""One process leads: it alone runs the jobs and takes in what screens say."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol

from django.conf import settings
from django.db import Error, connection, connections

_ADVISORY_LOCK = 0xBEFF_0002


class LeaderLock(Protocol):
    """A lock that one process of all holds, and that falls with it."""

    def acquire(self) -> bool:
        """Take the lead if nobody has it; return whether we have it, also when we had it before."""

    def release(self) -> None:
        """Give it up."""


class FileLeaderLock:
    """For processes of one machine: a lock on a file, which the kernel frees when its holder dies."""

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
    """For processes of several machines: an advisory lock, which falls with its connection."""

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
        self._connection.close()


def create_leader_lock() -> LeaderLock:
    """Return the leadership that fits the database."""
    if connection.vendor == "postgresql":
        return PostgresLeaderLock()
    return FileLeaderLock(Path(settings.DATA) / "leader.lock")
