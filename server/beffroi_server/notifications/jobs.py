"""Periodic jobs of notifications: looking, sending by each way, the certificate, retention."""

from __future__ import annotations

import threading
from functools import cache

from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery.clock_watch import is_clock_confirmed
from beffroi_server.notifications import certificate, incidents, notices
from beffroi_server.notifications.incident_watch import IncidentWatch
from beffroi_server.notifications.models import Way
from beffroi_server.notifications.sending import send_due


@cache
def watch() -> IncidentWatch:
    """Return the watch of this process, begun when it first leads."""
    return IncidentWatch()


def delete_old(_stopping: threading.Event) -> int:
    """Delete what has been over for long enough; nothing while the clock may be wrong by years."""
    town, now = Town.objects.first(), timezone.now()
    if town is None or not is_clock_confirmed():
        return 0
    return incidents.delete_old(now, town) + notices.delete_old(now)


JOBS = (
    PeriodicJob("outage-watch", 15, lambda _stopping: watch().look_often(timezone.now())),
    PeriodicJob("incident-watch", 60, lambda _stopping: watch().look_around(timezone.now())),
    PeriodicJob("mail-sending", 5, lambda stopping: send_due(Way.MAIL, stopping)),
    PeriodicJob("webhook-sending", 5, lambda stopping: send_due(Way.WEBHOOK, stopping)),
    PeriodicJob("push-sending", 5, lambda stopping: send_due(Way.PUSH, stopping)),
    PeriodicJob("certificate-watch", 6 * 3600, lambda _stopping: certificate.watch_certificate(timezone.now())),
    PeriodicJob("incident-retention", 3600, delete_old),
)
