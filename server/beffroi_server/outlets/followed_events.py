"""Events for webhooks, read from the audit trail and the incidents: whoever acts does not wait for it.

What people do is in the audit trail in the same transaction, so nothing is missed, whichever page, program or job did
it; the leader follows the trail a few seconds later, also after a restart.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from beffroi_server.accounts.models import AuditEvent
from beffroi_server.notifications.models import Incident
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.outlets.models import CapMessage, FollowedTrail, WebhookEvent, WebhookMessage, WebhookSubscription

EVENTS_PER_ROUND = 500
MOST_WAITING = 1_000
"""Messages that wait for one receiver at most: the oldest make room."""
OVERLAP = dt.timedelta(minutes=5)
"""Incidents of this time are looked at again: one may be written later than it says."""
_EVENT_OF_ACTION = {
    "announcement-placed": WebhookEvent.PUBLISHED,
    "announcement-put-back": WebhookEvent.PUBLISHED,
    "announcement-taken-off": WebhookEvent.TAKEN_OFF,
    "announcements-archived": WebhookEvent.TAKEN_OFF,
    "alert-broadcast": WebhookEvent.BROADCAST,
    "alert-begun": WebhookEvent.BROADCAST,
    "alert-triggered": WebhookEvent.BROADCAST,
    "alert-corrected": WebhookEvent.CORRECTED,
    "alert-ended": WebhookEvent.ENDED,
    "alert-ended-locally": WebhookEvent.ENDED,
    "alert-withdrawn": WebhookEvent.ENDED,
}
_TOLD_DETAIL = (
    "id", "former", "level", "status", "until", "everywhere", "screens", "groups", "starts_at", "ends_at", "titles",
    "municipality",
)  # fmt: skip
"""What receivers are told of the detail of an event: nothing of who did it."""


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """Something that receivers are told."""

    kind: WebhookEvent
    source: str
    at: dt.datetime
    data: dict[str, Any]

    def to_body(self) -> dict[str, Any]:
        """Return the message as it is sent (Standard Webhooks)."""
        return {"type": self.kind.value, "timestamp": self.at.isoformat(), "data": self.data}


def follow_events(now: dt.datetime | None = None) -> int:
    """Queue messages of what has happened since the last time; return how many."""
    now = now or timezone.now()
    subscriptions = list(WebhookSubscription.objects.filter(is_active=True))
    with transaction.atomic():
        trail = FollowedTrail.objects.first()
        if trail is None or not subscriptions:
            # Nobody is told of what was before.
            newest = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0
            trail = trail or FollowedTrail()
            trail.event, trail.incidents_at = newest, now
            trail.save()
            return 0
        rows = list(AuditEvent.objects.filter(id__gt=trail.event).order_by("id")[:EVENTS_PER_ROUND])
        found = [*_told_events(rows), *_screen_events(trail.incidents_at - OVERLAP, now)]
        found += _cap_events(trail.incidents_at - OVERLAP)
        count = _queue(found, subscriptions, now)
        trail.event, trail.incidents_at = rows[-1].pk if rows else trail.event, now
        trail.save()
    return count


def _told_events(rows: Iterable[AuditEvent]) -> Iterator[OutgoingEvent]:
    for row in rows:
        kind = _EVENT_OF_ACTION.get(row.action)
        if kind is not None:
            told = {name: row.detail[name] for name in _TOLD_DETAIL if name in row.detail}
            yield OutgoingEvent(kind, f"audit-{row.pk}", row.at, {"title": row.subject, **told})


def _cap_events(since: dt.datetime) -> Iterator[OutgoingEvent]:
    for row in CapMessage.objects.filter(written_at__gt=since)[:EVENTS_PER_ROUND]:
        data = {"identifier": row.identifier, "headline": row.headline, "document": row.document}
        yield OutgoingEvent(WebhookEvent.CAP, f"cap-{row.pk}", row.sent, data)


def _screen_events(since: dt.datetime, now: dt.datetime) -> Iterator[OutgoingEvent]:
    silent = Incident.objects.filter(occasion=Occasion.SCREEN_SILENT, announced_at__isnull=False)
    recent = Q(announced_at__gt=since, announced_at__lte=now) | Q(ended_at__gt=since, ended_at__lte=now)
    for row in silent.filter(recent).select_related("screen")[:EVENTS_PER_ROUND]:
        data = {
            "screen": row.screen.slug if row.screen else "", "name": row.name,
            "since": row.began_at.isoformat(),
        }  # fmt: skip
        if row.announced_at is not None and row.announced_at > since:
            yield OutgoingEvent(WebhookEvent.SILENT, f"incident-{row.pk}-silent", row.announced_at, data)
        if row.ended_at is not None and row.ended_at > since:
            yield OutgoingEvent(WebhookEvent.BACK, f"incident-{row.pk}-back", row.ended_at, data)


def _queue(found: list[OutgoingEvent], subscriptions: list[WebhookSubscription], now: dt.datetime) -> int:
    count = 0
    for subscription in subscriptions:
        wanted = [each for each in found if each.kind in subscription.events]
        rows = [
            WebhookMessage(
                subscription=subscription, source=each.source, body=each.to_body(), due_at=now, created_at=now
            )
            for each in wanted
        ]
        WebhookMessage.objects.bulk_create(rows, ignore_conflicts=True)
        count += len(rows)
        _drop_oldest(subscription)
    return count


def _drop_oldest(subscription: WebhookSubscription) -> None:
    waiting = subscription.messages.filter(done_at=None).order_by("-created_at", "-pk").values_list("pk", flat=True)
    beyond = list(waiting[MOST_WAITING : MOST_WAITING + EVENTS_PER_ROUND])
    if beyond:
        WebhookMessage.objects.filter(pk__in=beyond).delete()
        subscription.lost_count += len(beyond)
        subscription.save(update_fields=["lost_count"])
