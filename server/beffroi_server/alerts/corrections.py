"""Corrections: an alert that takes the place of one that is running, and the ends of both.

A correction is an alert of its own, so that its receipts start anew and the former text keeps those that it had.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils.translation import gettext as _

from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert

SAFEGUARD = dt.timedelta(days=1)
"""For how long an open-ended alert goes on by itself after somebody should have ended it: no server may be there to."""
MOST_FORMER = 50
"""Former texts of an alert that are followed."""
_MOST_REMEMBERED = 1_000
_corrected_by: dict[uuid.UUID, uuid.UUID | None] = {}
"""What each former text has corrected in its turn."""
_TOLD_FIELDS = (
    "level",
    "status",
    "hazard",
    "title",
    "description",
    "instruction",
    "short_text",
    "phone",
    "link",
    "source",
    "translations",
    "ends_at",
)


def planned_end(
    now: dt.datetime, duration_min: int | None, corrects: Alert | None, *, is_open_ended: bool
) -> tuple[dt.datetime, dt.datetime | None]:
    """Return when an alert ends by itself, and when somebody is asked to end it."""
    if duration_min is None and corrects is not None:
        ends = corrects.review_at or corrects.ends_at
    else:
        ends = now + dt.timedelta(minutes=duration_min or 0)
    return (ends + SAFEGUARD, ends) if is_open_ended else (ends, None)


def is_overdue(alert: Alert, now: dt.datetime) -> bool:
    """Tell whether an open-ended alert should have been ended or extended by now; one with an end never is."""
    return not alert.settled and alert.review_at is not None and alert.review_at <= now < alert.ends_at


def corrected_before(token: uuid.UUID, corrects: Alert | None) -> Alert | None:
    """Return what a press of the same button has made of an alert before.

    That one is over by then, and the second press must not be told so.
    """
    return Alert.objects.filter(token=token).first() if corrects is not None else None


def check_running(alert: Alert | None, now: dt.datetime) -> None:
    """Refuse to correct an alert that is not running any more.

    Raises:
        AlertRefused: it is over, was corrected already, or waits for a decision after a restoration.
    """
    if alert is not None and (alert.settled or alert.held_back_at is not None or alert.ends_at <= now):
        raise over_error(alert)


def replace_corrected(row: Alert, *, is_sent: bool) -> Alert | None:
    """Take the alert that another corrects out of its sets, within a serialised transaction; return it.

    Args:
        row: The correction, not saved yet.
        is_sent: Whether screens have it already, because the database did not take it in.

    Raises:
        AlertRefused: it is over, or was corrected by somebody else meanwhile.
    """
    if row.corrects_id is None:
        return None
    running = Alert.objects.filter(pk=row.corrects_id, settled=False, withdrawn_at=None, ends_at__gt=row.issued_at)
    if running.update(replaced_at=row.issued_at, settled=True, ended_by=row.issued_by_id):
        return Alert.objects.get(pk=row.corrects_id)
    former = Alert.objects.filter(pk=row.corrects_id).first()
    if not is_sent:
        raise over_error(former or row)
    if former is None or Alert.objects.filter(corrects=former).exists():
        # Two people have corrected it: both texts are on the screens, and one of them is ended by hand.
        row.corrects = None
    return former


def text_changes(former: Alert, row: Alert) -> dict[str, object]:
    """Return what a correction has changed, for the audit trail."""
    pairs = {name: [getattr(former, name), getattr(row, name)] for name in _TOLD_FIELDS}
    return {"model": "alerts.alert", "changes": {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}}


def former_texts(alert: Alert) -> list[Alert]:
    """Return the texts that an alert had before, the newest first."""
    found: list[Alert] = []
    current = alert
    while current.corrects is not None and len(found) < MOST_FORMER:
        current = current.corrects
        found.append(current)
    return found


def former_keys(alert: Alert) -> list[uuid.UUID]:
    """Return the keys of the texts that an alert had before, the newest first.

    What an alert corrects never changes, and every page asks while one runs: it is read once.
    """
    found: list[uuid.UUID] = []
    key = alert.corrects_id
    while key is not None and len(found) < MOST_FORMER:
        found.append(key)
        if key not in _corrected_by:
            known = list(Alert.objects.filter(pk=key).values_list("corrects", flat=True))
            if not known:
                break
            if len(_corrected_by) >= _MOST_REMEMBERED:
                _corrected_by.clear()
            _corrected_by[key] = known[0]
        key = _corrected_by[key]
    return found


def over_error(alert: Alert) -> AlertRefused:
    """Return why an alert cannot be changed any more."""
    words = {"title": alert.title}
    if Alert.objects.filter(pk=alert.pk).exclude(replaced_at=None).exists():
        return AlertRefused("corrected", _("“%(title)s” has been corrected: change its new text.") % words)
    if Alert.objects.filter(pk=alert.pk).exclude(withdrawn_at=None).exists():
        return AlertRefused("over", _("“%(title)s” has been withdrawn.") % words)
    return AlertRefused("over", _("“%(title)s” has already ended.") % words)
