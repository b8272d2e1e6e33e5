"""Work on alerts in the background: settling those that are over, renewing signatures, storing what was sent first."""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError
from django.utils import timezone

from beffroi_content.wire.messages import ALERTS
from beffroi_server.alerts import local_scenarios, pending_alerts, plan_services, queries, sent_sets, services
from beffroi_server.alerts.pending_alerts import pending_due
from beffroi_server.alerts.set_publication import publish_all_sets
from beffroi_server.core import database
from beffroi_server.core.jobs import PeriodicJob
from beffroi_server.delivery import signing
from beffroi_server.delivery.clock_watch import is_clock_confirmed

logger = logging.getLogger(__name__)
RETRY_INTERVAL_S, IDLE_INTERVAL_S = 1, 30
"""Seconds between two looks at alerts that wait for the database, and where none waits."""


def renew_alert_sets() -> int:
    """Sign all alert sets again once one would soon be too old, or has another key than now; return how many did."""
    now = timezone.now()
    expiring = signing.expiring_documents(ALERTS, now)
    if expiring:
        publish_all_sets(now)
    return len(expiring)


def delete_expired_sets() -> int:
    """Delete signed sets that the town keeps no longer, once the clock is known to be right; return how many."""
    return sent_sets.delete_expired(timezone.now()) if is_clock_confirmed() else 0


def renew_after_step(_step_ms: int) -> None:
    """Sign the alert sets again that a wrong clock has given an end in the past, once it was set."""
    renew_alert_sets()


def renew_after_change(_change: None) -> None:
    """Sign the sets of alerts and scenarios again that another key than that of now has signed."""
    if not list(queries.published_scopes()):
        # The first keys were signed elsewhere, after everything else was made.
        publish_all_sets(timezone.now())
    renew_alert_sets()
    local_scenarios.publish_scenarios()


@database.close_connection_after()
def run_pending_alerts(stopping: threading.Event) -> None:
    """Store alerts that were sent before the database took them in, until ``stopping`` is set."""
    is_loaded = False
    while not stopping.is_set():
        try:
            if not is_loaded:
                database.with_fresh_connection(pending_alerts.load_pending)
                is_loaded = True
            if pending_alerts.pending_alerts():
                database.with_fresh_connection(services.store_pending_alerts)
        except DatabaseError as error:
            logger.warning("alerts on the screens are not stored yet: %s", error)
        except Exception:
            logger.exception("alerts on the screens cannot be stored")
        is_waiting = pending_alerts.pending_alerts() or not is_loaded
        pending_due.wait(RETRY_INTERVAL_S if is_waiting else IDLE_INTERVAL_S)
        pending_due.clear()


JOBS = (
    PeriodicJob("planned-alerts", 2, lambda _stopping: plan_services.begin_due(timezone.now())),
    PeriodicJob("alert-settling", 5, lambda _stopping: services.settle_ended_alerts(timezone.now())),
    PeriodicJob("local-scenarios", 30, lambda _stopping: local_scenarios.publish_scenarios()),
    PeriodicJob("alert-set-retention", 600, lambda _stopping: delete_expired_sets()),
    PeriodicJob("alert-renewal", 3600, lambda _stopping: renew_alert_sets()),
)
