"""Sending of webhook messages, by a job of the leader: outside any request and transaction, again and again."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from django.db.models import F
from django.utils import timezone

from beffroi_server.core import webhooks
from beffroi_server.core.webhooks import WebhookFailed
from beffroi_server.outlets.models import WebhookMessage, WebhookSubscription

MESSAGES_PER_ROUND = 50
"""Messages to one receiver in one round."""
RECEIVERS_AT_ONCE = 8
"""Receivers that are sent to at the same time: one that does not answer keeps no other waiting."""
KEPT = dt.timedelta(days=1)


def send_due_messages(stopping: threading.Event) -> int:
    """Send what is due; return how many messages were accepted."""
    now = timezone.now()
    due = WebhookMessage.objects.filter(done_at=None, due_at__lte=now, subscription__is_active=True)
    batches = [
        list(due.filter(subscription=key).select_related("subscription").order_by("created_at")[:MESSAGES_PER_ROUND])
        for key in due.order_by("subscription").values_list("subscription", flat=True).distinct()
    ]
    if not batches:
        return 0
    with ThreadPoolExecutor(RECEIVERS_AT_ONCE, thread_name_prefix="webhook") as pool:
        attempts = [pool.submit(_deliver_in_order, batch, stopping) for batch in batches]
        outcomes = [outcome for each in as_completed(attempts) for outcome in map(_note_outcome, each.result())]
    return sum(outcomes)


def queue_trial(subscription: WebhookSubscription) -> None:
    """Queue a message that says nothing, to see whether it is accepted."""
    now = timezone.now()
    body = {"type": "trial", "timestamp": now.isoformat(), "data": {}}
    source = f"trial-{int(now.timestamp() * 1000)}"
    WebhookMessage.objects.create(subscription=subscription, source=source, body=body, due_at=now, created_at=now)


def remove_done_messages() -> None:
    """Remove messages that were delivered or given up a day ago."""
    WebhookMessage.objects.filter(done_at__lt=timezone.now() - KEPT).delete()


def _deliver_in_order(
    batch: Sequence[WebhookMessage], stopping: threading.Event
) -> list[tuple[WebhookMessage, WebhookFailed | None]]:
    """Send messages to one receiver up to the first that fails; return what became of each. Touches no database."""
    outcomes: list[tuple[WebhookMessage, WebhookFailed | None]] = []
    for message in batch:
        if stopping.is_set():
            break
        try:
            _deliver(message.subscription, str(message.pk), message.body)
        except WebhookFailed as failed:
            # The others to the same receiver come later, in their order.
            return [*outcomes, (message, failed)]
        outcomes.append((message, None))
    return outcomes


def _note_outcome(outcome: tuple[WebhookMessage, WebhookFailed | None]) -> bool:
    message, failed = outcome
    receivers = WebhookSubscription.objects.filter(pk=message.subscription_id)
    row, now = WebhookMessage.objects.filter(pk=message.pk), timezone.now()
    if failed is None:
        row.update(done_at=now)
        receivers.update(problem="", delivered_at=now)
        return True
    attempts = message.attempts + 1
    again = webhooks.next_attempt_at(attempts, now, is_final=failed.is_final)
    row.update(attempts=attempts, due_at=again or now, done_at=None if again else now)
    receivers.update(problem=str(failed)[:300], failed_at=now, lost_count=F("lost_count") + (0 if again else 1))
    return False


def _deliver(subscription: WebhookSubscription, identifier: str, body: dict[str, object]) -> None:
    payload = json.dumps(body, ensure_ascii=False).encode()[: webhooks.BODY_LIMIT]
    webhooks.deliver(
        subscription.address, secret=subscription.secret, identifier=identifier, body=payload, now=timezone.now()
    )
