"""Periodic jobs, as packages declare them and the scheduler of the leading process runs them."""

from __future__ import annotations

import threading
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
