"""Periodic jobs, as packages declare them and the scheduler of the leading process runs them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeriodicJob:
    """Work that the leading process repeats. What there is to do, a job reads from the database."""

    name: str
    """Unique among all jobs; a noun and a verb with a dash."""
    interval_s: int
    run: Callable[[threading.Event], object]
    """Called with an event that is set when the server stops: a long job then ends early."""


_ended_at: dict[str, float] = {}
"""By name of a job, when it last ended well in this process, by the monotonic clock."""


def note_job_end(name: str) -> None:
    """Note that a job ended well."""
    _ended_at[name] = time.monotonic()


def job_ages() -> dict[str, float]:
    """Return the seconds since each job of this process last ended well; none in a process that does not lead."""
    now = time.monotonic()
    return {name: now - ended_at for name, ended_at in dict(_ended_at).items()}
