"""The scheduler of the leading process, with the jobs of every package.

Jobs are bookkeeping only: what a screen shows at an instant, its player decides. They are held in memory and made
anew at each start; what there is to do, they read from the database. A job that was missed runs once, late.

APScheduler runs them. It knows when a job is due by the wall clock; where somebody sets that one, what is due moves
with it, so that each job goes on at its interval (docs/decisions/0027-clocks.md).

A new job is a ``PeriodicJob`` in the ``jobs`` module of its package.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Sequence

from apscheduler.executors.base import BaseExecutor
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from beffroi_server.accounts import jobs as account_jobs
from beffroi_server.alerts import jobs as alert_jobs
from beffroi_server.api import jobs as api_jobs
from beffroi_server.backups import jobs as backup_jobs
from beffroi_server.channels import jobs as channel_jobs
from beffroi_server.core import database
from beffroi_server.core.jobs import PeriodicJob, expect_jobs, note_job_end
from beffroi_server.delivery import jobs as delivery_jobs
from beffroi_server.doctor import jobs as doctor_jobs
from beffroi_server.drills import jobs as drill_jobs
from beffroi_server.feeds import jobs as feed_jobs
from beffroi_server.fleet import jobs as fleet_jobs
from beffroi_server.library import jobs as library_jobs
from beffroi_server.monitoring import jobs as monitoring_jobs
from beffroi_server.notifications import jobs as notification_jobs
from beffroi_server.outlets import jobs as outlet_jobs
from beffroi_server.outside_warnings import jobs as warning_jobs
from beffroi_server.schedule import jobs as schedule_jobs
from beffroi_server.software import jobs as software_jobs

logger = logging.getLogger(__name__)
JOBS = (
    *delivery_jobs.JOBS,
    *fleet_jobs.JOBS,
    *feed_jobs.JOBS,
    *library_jobs.JOBS,
    *schedule_jobs.JOBS,
    *alert_jobs.JOBS,
    *monitoring_jobs.JOBS,
    *notification_jobs.JOBS,
    *account_jobs.JOBS,
    *api_jobs.JOBS,
    *outlet_jobs.JOBS,
    *drill_jobs.JOBS,
    *software_jobs.JOBS,
    *backup_jobs.JOBS,
    *channel_jobs.JOBS,
    *warning_jobs.JOBS,
    *doctor_jobs.JOBS,
)
LOOK_INTERVAL_S = 0.5
"""Seconds after which the scheduler looks again, whenever the next job is due: it notices a clock that was set."""
STEP_S = 0.5
"""From here on the wall clock was set; smaller changes delay no job by more than that."""


class SteadyJobStore(MemoryJobStore):  # type: ignore[misc]
    """Jobs in memory whose times move with the wall clock when it is set.

    Args:
        monotonic: Seconds on a clock that cannot be set.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._offset_s = time.time() - monotonic()

    def get_due_jobs(self, now: dt.datetime) -> list[Job]:
        """Return what is due, by the reading of the wall clock that the scheduler plans the next run with."""
        step_s = now.timestamp() - self._monotonic() - self._offset_s
        if abs(step_s) >= STEP_S:
            self._offset_s += step_s
            for job in self.get_all_jobs():
                job.modify(next_run_time=job.next_run_time + dt.timedelta(seconds=step_s))
        return list(super().get_due_jobs(now))


class JobScheduler(BackgroundScheduler):  # type: ignore[misc]
    """Runs jobs again and again, the first time at once. What one missed while it was busy, it runs once.

    Args:
        jobs: What is to be run.
        stopping: Set when the server stops: jobs that take their time end early then.
        monotonic: Seconds on a clock that cannot be set.
        executor: Runs what is due; by default threads, so many that no job waits for another.
    """

    def __init__(
        self, jobs: Sequence[PeriodicJob], stopping: threading.Event,
        monotonic: Callable[[], float] = time.monotonic, executor: BaseExecutor | None = None,
    ) -> None:  # fmt: skip
        super().__init__(
            timezone=dt.UTC,
            jobstores={"default": SteadyJobStore(monotonic)},
            executors={"default": executor or ThreadPoolExecutor(len(jobs))},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        now = dt.datetime.now(dt.UTC)
        for job in jobs:
            run = _log_failures(job)
            self.add_job(run, "interval", (stopping,), seconds=job.interval_s, id=job.name, next_run_time=now)

    def _process_jobs(self) -> float:
        """Start what is due; return the seconds to wait, which a clock that is set right now makes arbitrary."""
        wait_s = super()._process_jobs()
        return LOOK_INTERVAL_S if wait_s is None else min(wait_s, LOOK_INTERVAL_S)


def build_scheduler(stopping: threading.Event) -> JobScheduler:
    """Return the scheduler with every job, not started yet.

    Args:
        stopping: Set when the server stops.
    """
    expect_jobs(JOBS)
    return JobScheduler(JOBS, stopping)


def _log_failures(job: PeriodicJob) -> Callable[[threading.Event], None]:
    def run_job(stopping: threading.Event) -> None:
        try:
            database.with_fresh_connection(lambda: job.run(stopping))
            note_job_end(job.name)
        except Exception:
            logger.exception("the job %s failed", job.name)

    return run_job
