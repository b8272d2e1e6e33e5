"""Periodic jobs of warnings from outside: reading their sources, following what is in force, retention."""

from __future__ import annotations

import threading

from django.utils import timezone

from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.outside_warnings import following, message_store, polling, silence

READERS = 3
"""Sources that are read at the same time: some answer slowly or not at all."""


def read_due(stopping: threading.Event) -> None:
    """Read the sources that are due."""
    while not stopping.is_set() and polling.read_next(timezone.now()):
        pass


def follow(_stopping: threading.Event) -> None:
    """Follow what is in force, and note which sources have fallen silent."""
    now = timezone.now()
    silence.note_silent(now)
    following.follow_sources(now)


def delete_old(_stopping: threading.Event) -> None:
    """Delete messages and warnings that nobody needs any more."""
    now = timezone.now()
    message_store.delete_old(now)
    following.delete_old(now)


JOBS = (
    *(PeriodicJob(f"warning-reading-{number}", 5, read_due) for number in range(1, READERS + 1)),
    PeriodicJob("warning-following", 10, follow),
    PeriodicJob("warning-retention", 3600, delete_old),
)
