"""Alert sets as they were signed and sent, kept beside the alerts that they carried: evidence for their dossiers.

The outbox has only the newest set of a scope. Sets without an alert, begun or planned, say nothing about any, and are
not kept.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from django.db.models import Q
from django.utils import timezone

from beffroi_content.wire.documents import AlertSet
from beffroi_content.wire.messages import ALERTS
from beffroi_server.accounts.models import Town
from beffroi_server.alerts.models import SentAlertSet
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.plays import retention

BATCH_SIZE = 500
"""Sets that are deleted in one transaction: an alert may be waiting for it to end."""
MOST_NAMED = 500
AFTERWARDS = dt.timedelta(minutes=5)
"""For how long after its last instant an alert is still looked for: it is settled a little later."""


def keep_sets(sealed: Iterable[OutboxDocument]) -> None:
    """Keep sets in the transaction that seals them."""
    now = timezone.now()
    SentAlertSet.objects.bulk_create(
        [
            SentAlertSet(topic=each.topic, sequence=each.sequence, payload=bytes(each.payload), sent_at=now)
            for each in sealed
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def delete_expired(now: dt.datetime) -> int:
    """Delete sets that are older than the town keeps them, up to ``BATCH_SIZE``; return how many were deleted.

    Alerts, their receipts and their audit events stay.
    """
    before = retention.expired_before(now, Town.objects.get().alert_sets_months)
    if before is None:
        return 0
    old = SentAlertSet.objects.filter(sent_at__lt=before).order_by("sent_at").values_list("pk", flat=True)
    return SentAlertSet.objects.filter(pk__in=list(old[:BATCH_SIZE])).delete()[0]


def sets_with(
    identifiers: Iterable[str], topics: Iterable[str], start: dt.datetime, end: dt.datetime, named: Iterable[int] = ()
) -> Iterator[tuple[SentAlertSet, AlertSet, tuple[str, ...]]]:
    """Yield the sets of a time that carried some alerts, the oldest first, as read, with the alerts that are in them.

    A planned alert reaches players long before it begins: the sets that brought it are those that receipts name.

    Args:
        identifiers: Of the alerts.
        topics: Names of the topics that they were sent on.
        start: When the first was broadcast.
        end: When the last was taken off the screens.
        named: Sequences of earlier sets that are looked at, too.
    """
    wanted = set(identifiers)
    in_time = Q(sent_at__gte=start, sent_at__lte=end + AFTERWARDS)
    named_before = Q(sequence__in=sorted(set(named))[-MOST_NAMED:], sent_at__lt=start)
    rows = SentAlertSet.objects.filter(in_time | named_before, topic__in=list(topics))
    for row in rows.order_by("sent_at", "pk").iterator(chunk_size=100):
        document = signing.open_own_document(ALERTS, bytes(row.payload))
        if isinstance(document, AlertSet):
            held = (*document.alerts, *document.planned)
            carried = tuple(dict.fromkeys(alert.id for alert in held if alert.id in wanted))
            if carried:
                yield row, document, carried
