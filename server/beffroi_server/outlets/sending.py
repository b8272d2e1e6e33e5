"""Sending of webhook messages, by a job of the leader: outside any request and transaction, again and again."""

from __future__ import annotations

import datetime as dt
import json
import threading

from django.db.models import F
from django.utils import timezone

from beffroi_server.core import webhooks
from beffroi_server.core.webhooks import WebhookFailed
from beffroi_server.outlets.models import WebhookMessage, WebhookSubscription

MESSAGES_PER_ROUND = 50
"""Messages to one receiver in one round; one that does not answer costs the others a deadline at most."""
KEPT = dt.timedelta(days=1)


def send_due_messages(stopping: threading.Event) -> int:
    """Send what is due; return how many messages were accepted."""
    now = timezone.now()
    due = WebhookMessage.objects.filter(done_at=None, due_at__lte=now, subscription__is_active=True)
    sent = 0
    for key in list(due.order_by("subscription").values_list("subscription", flat=True).distinct()):
        rows = due.filter(subscription=key).select_related("subscription").order_by("created_at")
        for message in list(rows[:MESSAGES_PER_ROUND]):
            if stopping.is_set() or not _send(message):
                break  # the others to the same receiver come later, in their order
            sent += 1
    return sent


def queue_trial(subscription: WebhookSubscription) -> None:
    """Queue a message that says nothing, to see whether it is accepted."""
    now = timezone.now()
    body = {"type": "trial", "timestamp": now.isoformat(), "data": {}}
    source = f"trial-{int(now.timestamp() * 1000)}"
    WebhookMessage.objects.create(subscription=subscription, source=source, body=body, due_at=now, created_at=now)


def remove_done_messages() -> None:
    """Remove messages that were delivered or given up a day ago."""
    WebhookMessage.objects.filter(done_at__lt=timezone.now() - KEPT).delete()


def _send(message: WebhookMessage) -> bool:
    receivers = WebhookSubscription.objects.filter(pk=message.subscription_id)
    row = WebhookMessage.objects.filter(pk=message.pk)
    try:
        _deliver(message.subscription, str(message.pk), message.body)
    except WebhookFailed as failed:
        now, attempts = timezone.now(), message.attempts + 1
        again = webhooks.next_attempt_at(attempts, now, is_final=failed.is_final)
        row.update(attempts=attempts, due_at=again or now, done_at=None if again else now)
        receivers.update(problem=str(failed)[:300], failed_at=now, lost_count=F("lost_count") + (0 if again else 1))
        return False
    now = timezone.now()
    row.update(done_at=now)
    receivers.update(problem="", delivered_at=now)
    return True


def _deliver(subscription: WebhookSubscription, identifier: str, body: dict[str, object]) -> None:
    payload = json.dumps(body, ensure_ascii=False).encode()[: webhooks.BODY_LIMIT]
    webhooks.deliver(
        subscription.address, secret=subscription.secret, identifier=identifier, body=payload, now=timezone.now()
    )
