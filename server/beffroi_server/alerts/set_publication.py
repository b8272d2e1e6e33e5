"""Sealing and publishing of alert sets: each is the complete state of its scope, so that the next mends what was lost.

A change of alerts publishes the sets of its scopes in its own transaction; start and renewal publish all of them.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.wire.documents import AlertSetBody
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.alerts import planned_alerts, queries, sent_sets
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument

logger = logging.getLogger(__name__)
AlertSets = Mapping[TopicScope, tuple[content.Alert, ...]]
"""The alert set of every scope that has any."""


def publish_all_sets(now: dt.datetime) -> None:
    """Publish the alert set of all screens, and of every scope that has or had one, for start and renewal."""
    with serialised():
        publish_scopes({TopicScope.all_screens(), *queries.alert_sets(now), *queries.published_scopes()}, now)


def publish_scopes(scopes: Iterable[TopicScope], now: dt.datetime, sets: AlertSets | None = None) -> None:
    """Publish the alert sets of scopes as they are now, within a serialised transaction.

    Args:
        scopes: Of which; sets are sealed in the order of the scopes.
        now: The moment at which the sets are made.
        sets: Those of that moment, where they were read already.

    Raises:
        AlertRefused: the alerts of a scope are too long together.
    """
    ordered = sorted(scopes)
    if not ordered:
        return
    if sets is None:
        sets = queries.alert_sets(now)
    planned = planned_alerts.planned_sets(now)
    sealed = [(scope, _publish_set(scope, sets.get(scope, ()), planned.get(scope, ()))) for scope in ordered]
    sent_sets.keep_sets(document for scope, document in sealed if sets.get(scope) or planned.get(scope))


def _publish_set(
    scope: TopicScope, alerts: tuple[content.Alert, ...], planned: tuple[content.Alert, ...] = ()
) -> OutboxDocument:
    try:
        return signing.seal_document(ALERTS, scope, AlertSetBody(alerts=alerts, planned=planned))
    except signing.DocumentTooLarge as error:
        if planned:
            # What is planned never keeps out what is on; the server sends it at its hour.
            logger.warning("the planned alerts of %s have no room beside those that are on", scope)
            return _publish_set(scope, alerts)
        raise AlertRefused(
            "too-many", _("The alerts on these screens are too long together. End one of them first.")
        ) from error
