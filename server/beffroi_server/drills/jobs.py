"""Periodic jobs of drills: the nightly one, its answers, its report, retention."""

from __future__ import annotations

import datetime as dt
import threading
from zoneinfo import ZoneInfo

from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery.clock_watch import is_clock_confirmed
from beffroi_server.drills import drill_reports, silent_drills
from beffroi_server.drills.models import Drill

LATE = dt.timedelta(hours=2)
"""A drill that is so late, as after a server was off, waits for the next night."""


def hold_nightly(now: dt.datetime) -> Drill | None:
    """Start the drill of the night where it is due and was not held yet; return it."""
    at, town = drill_reports.saved_settings().nightly_at, Town.objects.first()
    if at is None or town is None or not is_clock_confirmed():
        return None
    local = now.astimezone(ZoneInfo(town.time_zone))
    due = dt.datetime.combine(local.date(), at, local.tzinfo)
    is_due = due <= local < due + LATE
    if not is_due or Drill.objects.filter(started_by=None, started_at__gte=due).exists():
        return None
    return silent_drills.start_drill(now, user=None)


def follow(_stopping: threading.Event) -> int:
    """Follow the drills that are open, and mail the reports of those that are not."""
    now = timezone.now()
    return silent_drills.follow_drills(now) + drill_reports.mail_reports(now)


JOBS = (
    PeriodicJob("drill-start", 60, lambda _stopping: hold_nightly(timezone.now())),
    PeriodicJob("drill-follow", 10, follow),
    PeriodicJob("drill-retention", 3600, lambda _stopping: silent_drills.delete_old(timezone.now())),
)
