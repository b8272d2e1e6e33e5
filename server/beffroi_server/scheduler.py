"""The scheduler of the leading process, with the jobs of every package.

Jobs are bookkeeping only: what a screen shows at an instant, its player decides. They are held in memory and made
anew at each start; what there is to do, they read from the database. A job that was missed runs once, late.

A new job is a ``PeriodicJob`` in the ``jobs`` module of its package.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler

from beffroi_server.alerts import jobs as alert_jobs
from beffroi_server.core import database
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery import jobs as delivery_jobs
from beffroi_server.feeds import jobs as feed_jobs
from beffroi_server.fleet import jobs as fleet_jobs
from beffroi_server.library import jobs as library_jobs
from beffroi_server.schedule import jobs as schedule_jobs

logger = logging.getLogger(__name__)
# Without any job due soon, the scheduler would sleep through a jump of the clock (APScheduler issue 794).
HEARTBEAT = PeriodicJob("heartbeat", 1, lambda _stopping: None)
JOBS = (
    HEARTBEAT,
    *delivery_jobs.JOBS,
    *fleet_jobs.JOBS,
    *feed_jobs.JOBS,
    *library_jobs.JOBS,
    *schedule_jobs.JOBS,
    *alert_jobs.JOBS,
)


def build_scheduler(stopping: threading.Event) -> BackgroundScheduler:
    """Return the scheduler with every job, not started yet.

    Args:
        stopping: Set when the server stops; jobs that take their time end early then.
    """
    made = BackgroundScheduler(
        timezone=dt.UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
    )
    now = dt.datetime.now(dt.UTC)
    for job in JOBS:
        run = _log_failures(job)
        made.add_job(run, "interval", (stopping,), seconds=job.interval_s, id=job.name, next_run_time=now)
    return made


def _log_failures(job: PeriodicJob) -> Callable[[threading.Event], None]:
    def run_job(stopping: threading.Event) -> None:
        try:
            database.with_fresh_connection(lambda: job.run(stopping))
        except Exception:
            logger.exception("the job %s failed", job.name)

    return run_job
