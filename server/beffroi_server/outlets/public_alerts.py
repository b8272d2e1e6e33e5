"""Alerts that the public may read: those in force, and those that ended within some days.

Nothing of who broadcast or ended them is there. What was withdrawn as a mistake leaves at once, as does a text that was
corrected; exercises and tests leave with their end.
"""

from __future__ import annotations

import datetime as dt
import uuid

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.queries import active_alerts
from beffroi_server.fleet.targets import Targets
from beffroi_server.library.models import PublicSettings

MOST_PAST = 50
MAX_AGE_S = 10
"""Seconds for which caches may hand out the same: an alert is not to be late for a cache."""


def alerts_in_force(now: dt.datetime) -> list[Alert]:
    """Return the alerts that are on the screens at an instant: real ones first, and of these the gravest."""
    found = active_alerts(now)
    return sorted(found, key=lambda each: (each.status != AlertStatus.ACTUAL, -AlertLevel(each.level).rank))


def past_alerts(settings: PublicSettings, now: dt.datetime) -> list[Alert]:
    """Return the alerts that ended within the days for which the town keeps past announcements, the newest first."""
    since = now - dt.timedelta(days=settings.past_days)
    rows = Alert.objects.filter(
        status=AlertStatus.ACTUAL, ends_at__gt=since, ends_at__lte=now, withdrawn_at=None, replaced_at=None
    ).exclude(settled=False, held_back_at__isnull=False)
    return list(rows.prefetch_related("groups", "screens").order_by("-ends_at", "pk")[:MOST_PAST])


def public_alert(settings: PublicSettings, pk: uuid.UUID, now: dt.datetime) -> Alert | None:
    """Return an alert that the public may read now; of one that was corrected its present text; None for any other."""
    shown = [*alerts_in_force(now), *past_alerts(settings, now)]
    known = {each.pk: each for each in shown}
    if pk in known:
        return known[pk]
    # Somebody was sent the address of a text that another has replaced since.
    row = Alert.objects.filter(pk=pk).first()
    for _ in range(MOST_PAST):
        row = Alert.objects.filter(corrects=row).first() if row is not None else None
        if row is None or row.pk in known:
            break
    return known.get(row.pk) if row is not None else None


def places_of(alert: Alert) -> list[str]:
    """Return where an alert is shown, in words; nothing for the whole town."""
    targets = Targets.of(alert)
    if targets.everywhere:
        return []
    return [*(str(each.name) for each in targets.groups), *(each.place or each.name for each in targets.screens)]
