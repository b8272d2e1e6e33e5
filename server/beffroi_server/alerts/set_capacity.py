"""Room in an alert set: every level leaves some for the more urgent ones."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.wire.documents import MAX_ALERTS, AlertSetBody
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.alerts import queries
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert
from beffroi_server.delivery import signing
from beffroi_server.fleet.targets import Targets

LEVEL_SHARES = {
    content.AlertLevel.INFORMATION: 0.4,
    content.AlertLevel.VIGILANCE: 0.6,
    content.AlertLevel.ALERT: 0.8,
    content.AlertLevel.EMERGENCY: 1.0,
}
"""Part of a set, in number and in bytes, that may be taken when an alert of a level comes."""
EXERCISE_SHARE = 0.6
"""The same for exercises and tests, of whatever level."""


def check_capacity(
    scope: TopicScope, alerts: tuple[content.Alert, ...], added: content.Alert, *, is_replacement: bool = False
) -> None:
    """Check that an alert may be added to a set.

    Args:
        scope: That of the set.
        alerts: The set, with the alert.
        added: The alert.
        is_replacement: Whether it takes the place of one that was in the set: then they are no more than before, and
            of the bytes only what is kept for emergencies is not there for it.

    Raises:
        AlertRefused: the room that is left is kept for more urgent alerts, or there is none.
    """
    share = LEVEL_SHARES[added.level]
    if added.status is not content.AlertStatus.ACTUAL:
        share = min(share, EXERCISE_SHARE)
    if is_replacement:
        share = max(share, LEVEL_SHARES[content.AlertLevel.ALERT])
    elif len(alerts) > MAX_ALERTS * share:
        raise _too_many(alerts, added, _("%(count)d alerts are on these screens") % {"count": len(alerts) - 1})
    size = signing.document_size(ALERTS, scope, AlertSetBody(alerts=alerts), timezone.now())
    if size > ALERTS.size_limit * share:
        raise _too_many(alerts, added, _("The alerts on these screens have long texts"))


def room_problem(draft: content.Alert, targets: Targets, former: Alert | None, now: dt.datetime) -> str:
    """Return why an alert would be refused that were broadcast now; empty where there is room.

    Args:
        draft: The alert as it would be broadcast.
        targets: Its screens.
        former: The running alert whose place it would take.
        now: The instant.
    """
    # As long as a real identifier, which a draft has not.
    draft = draft.model_copy(update={"id": str(uuid.UUID(int=0))})
    running = queries.running_alerts()
    replaced = Targets.of(former).scopes if former is not None else ()
    sets = queries.alert_sets(now, [each for each in running if former is None or each.pk != former.pk])
    try:
        for scope in targets.scopes if running else ():
            check_capacity(scope, (*sets.get(scope, ()), draft), draft, is_replacement=scope in replaced)
    except AlertRefused as refused:
        return refused.message
    return ""


def _too_many(alerts: tuple[content.Alert, ...], added: content.Alert, reason: str) -> AlertRefused:
    others = [alert for alert in alerts if alert.id != added.id]
    order = list(LEVEL_SHARES)
    first = min(others, key=lambda alert: (order.index(alert.level), alert.issued_at_ms), default=None)
    sentence = _("%(reason)s, and what room is left is kept for more urgent ones.")
    if added.level is content.AlertLevel.EMERGENCY and added.status is content.AlertStatus.ACTUAL:
        sentence = _("%(reason)s, and there is no room for more.")
    text = sentence % {"reason": reason}
    if first is not None:
        text += " " + _("End one of them first, for example “%(title)s”.") % {"title": first.title}
    return AlertRefused("too-many", text)
