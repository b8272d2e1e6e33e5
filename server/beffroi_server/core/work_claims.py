"""Claims of work, so that two threads or processes never do the same thing at the same time.

A claim is not a row with a time, which a wrong clock could prolong or end: the kernel or PostgreSQL frees it when its
holder dies. On one machine it is a lock on one byte of a file; on PostgreSQL an advisory lock of the connection.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

_ADVISORY_CLASS = 0x0BEF
"""Of the locks with two numbers, which never meet those with one."""


class WorkClaims:
    """Claims of numbered pieces of one kind of work.

    Args:
        name: Of the kind of work; the file is named after it.
        kind: Its number among those of PostgreSQL's advisory locks, from 0 to 15.
    """

    def __init__(self, name: str, kind: int) -> None:
        self._name, self._class = name, _ADVISORY_CLASS << 4 | kind
        self._lock = threading.Lock()
        self._held: set[int] = set()
        # Never closed while it is in use: to close any descriptor of a file gives up all locks of the process on it.
        self._files: dict[Path, int] = {}

    @contextmanager
    def claim(self, number: int) -> Iterator[bool]:
        """Claim a piece of work for a block; False if another has it: the block must not do it then.

        Args:
            number: Such as a primary key.
        """
        with self._lock:
            is_first = number not in self._held
            if is_first:
                self._held.add(number)
        if not is_first:
            yield False
            return
        try:
            with self._claim_from_other_processes(number) as is_ours:
                yield is_ours
        finally:
            with self._lock:
                self._held.discard(number)

    @contextmanager
    def _claim_from_other_processes(self, number: int) -> Iterator[bool]:
        is_ours = self._try_advisory(number) if connection.vendor == "postgresql" else self._try_byte(number)
        try:
            yield is_ours
        finally:
            if is_ours and connection.vendor == "postgresql":
                self._release_advisory(number)
            elif is_ours:
                fcntl.lockf(self._descriptor(), fcntl.LOCK_UN, 1, number)

    def _try_byte(self, number: int) -> bool:
        descriptor = self._descriptor()
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return False
        return True

    def _try_advisory(self, number: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [self._class, number % 2**31])
            row = cursor.fetchone()
        return bool(row and row[0])

    def _release_advisory(self, number: int) -> None:
        if connection.connection is None:
            return  # the connection was lost, and the lock with it
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [self._class, number % 2**31])

    def _descriptor(self) -> int:
        path = Path(settings.DATA) / f"{self._name}.lock"
        with self._lock:
            if path not in self._files:
                self._files[path] = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            return self._files[path]
