"""Periodic jobs, as packages declare them and the scheduler of the leading process runs them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
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


_expected: dict[str, tuple[float, int]] = {}
"""By name of a job that this process runs: since when, by the monotonic clock, and its interval in seconds."""
OVERDUE_ROUNDS, OVERDUE_S = 3, 600
"""A job is overdue that has not ended well for so many intervals, and for so many seconds more."""


def expect_jobs(jobs: Iterable[PeriodicJob]) -> None:
    """Note which jobs this process runs from now on; none, once it leads no more."""
    now = time.monotonic()
    _expected.clear()
    _ended_at.clear()
    _expected.update({job.name: (now, job.interval_s) for job in jobs})


def overdue_jobs() -> list[str]:
    """Return the jobs of this process that have not ended well for longer than they may."""
    now, ended_at = time.monotonic(), dict(_ended_at)
    return [
        name
        for name, (since, interval_s) in dict(_expected).items()
        if now - ended_at.get(name, since) > OVERDUE_ROUNDS * interval_s + OVERDUE_S
    ]


def note_job_end(name: str) -> None:
    """Note that a job ended well."""
    _ended_at[name] = time.monotonic()


def job_ages() -> dict[str, float]:
    """Return the seconds since each job of this process last ended well; none in a process that does not lead."""
    now = time.monotonic()
    return {name: now - ended_at for name, ended_at in dict(_ended_at).items()}
