"""Periodic jobs of alerts: settling those that are over, and renewing signatures."""

from __future__ import annotations

from django.utils import timezone

from beffroi_content.wire.messages import ALERTS
from beffroi_server.alerts import services
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery import signing


def renew_alert_sets() -> int:
    """Sign all alert sets again once one of them would soon be refused as too old; return how many were too old."""
    now = timezone.now()
    expiring = signing.expiring_documents(ALERTS, now)
    if expiring:
        services.publish_all_sets(now)
    return len(expiring)


JOBS = (
    PeriodicJob("alert-settling", 5, lambda _stopping: services.settle_ended_alerts(timezone.now())),
    PeriodicJob("alert-renewal", 3600, lambda _stopping: renew_alert_sets()),
)
