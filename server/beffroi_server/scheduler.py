"""The scheduler of the leading process, with the jobs of every package.

Jobs are bookkeeping only: what a screen shows at an instant, its player decides. They are held in memory and made
anew at each start; what there is to do, they read from the database. A job that was missed runs once, late.

Each job has a thread, and only monotonic time decides when it is due: a clock that somebody sets, by whatever, neither
delays the beat nor makes it run twice (docs/decisions/0027-clocks.md).

A new job is a ``PeriodicJob`` in the ``jobs`` module of its package.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from beffroi_server.accounts import jobs as account_jobs
from beffroi_server.alerts import jobs as alert_jobs
from beffroi_server.core import database
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery import jobs as delivery_jobs
from beffroi_server.feeds import jobs as feed_jobs
from beffroi_server.fleet import jobs as fleet_jobs
from beffroi_server.library import jobs as library_jobs
from beffroi_server.monitoring import jobs as monitoring_jobs
from beffroi_server.schedule import jobs as schedule_jobs

logger = logging.getLogger(__name__)
JOBS = (
    *delivery_jobs.JOBS,
    *fleet_jobs.JOBS,
    *feed_jobs.JOBS,
    *library_jobs.JOBS,
    *schedule_jobs.JOBS,
    *alert_jobs.JOBS,
    *monitoring_jobs.JOBS,
    *account_jobs.JOBS,
)
JOIN_TIMEOUT_S = 30


class JobScheduler:
    """Runs jobs again and again, each in a thread of its own, so that none waits for another.

    Args:
        jobs: What is to be run; the first time at once.
        stopping: Ends every thread; jobs that take their time end early then.
        monotonic: Seconds on a clock that cannot be set.
        wait: Waits for ``stopping``, so many seconds at most; returns whether it is set.
    """

    def __init__(
        self, jobs: Iterable[PeriodicJob], stopping: threading.Event,
        monotonic: Callable[[], float] = time.monotonic, wait: Callable[[float], bool] | None = None,
    ) -> None:  # fmt: skip
        self._stopping, self._monotonic = stopping, monotonic
        self._wait = wait or stopping.wait
        self._threads = [
            threading.Thread(target=self.repeat_job, args=(job,), name=job.name, daemon=True) for job in jobs
        ]

    def start(self) -> None:
        """Start every thread."""
        for thread in self._threads:
            thread.start()

    def shutdown(self) -> None:
        """Wait until every thread has ended; ``stopping`` must be set."""
        for thread in self._threads:
            thread.join(JOIN_TIMEOUT_S)

    def repeat_job(self, job: PeriodicJob) -> None:
        """Run a job at its interval until the server stops. What it missed while it was busy, it runs once."""
        with database.close_connection_after():
            due = self._monotonic()
            while not self._stopping.is_set():
                self._run_logged(job)
                due = max(due + job.interval_s, self._monotonic())
                if self._wait(max(0.0, due - self._monotonic())):
                    return

    def _run_logged(self, job: PeriodicJob) -> None:
        try:
            database.with_fresh_connection(lambda: job.run(self._stopping))
        except Exception:
            logger.exception("the job %s failed", job.name)


def build_scheduler(stopping: threading.Event) -> JobScheduler:
    """Return the scheduler with every job, not started yet.

    Args:
        stopping: Set when the server stops.
    """
    return JobScheduler(JOBS, stopping)
