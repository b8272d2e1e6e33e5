"""Operations on webhooks: other systems that are told of events."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from ninja import Query, Status
from pydantic import Field

from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, Key, Name80, PageOf, PageQuery, WrittenAddress, find_row, page_of
from beffroi_server.outlets import sending, subscriptions
from beffroi_server.outlets.models import WebhookEvent, WebhookSubscription

TAG = "webhooks"
READ, WRITE = "town:read", "town:write"
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=20)]


class WebhookAnswer(Answer):
    """Another system that is told of events."""

    id: int
    name: str
    address: str
    events: list[str]
    is_active: bool
    problem: str
    """Why the last delivery failed."""
    failed_at: dt.datetime | None
    delivered_at: dt.datetime | None
    lost_count: int
    """Messages that were given up."""


class WebhookWithSecret(WebhookAnswer):
    """A new webhook with its secret, which is not shown again."""

    secret: str


class WebhookChange(Change):
    """Fields of a webhook."""

    name: Name80 = ""
    address: WrittenAddress = ""
    events: Events = []
    is_active: bool = True


class NewWebhook(WebhookChange):
    """A new webhook."""

    name: Name80
    address: WrittenAddress
    events: Events


def webhook_answer(row: WebhookSubscription) -> WebhookAnswer:
    """Return a webhook as the API shows it."""
    return WebhookAnswer.model_validate({name: getattr(row, name) for name in WebhookAnswer.model_fields})


@operation("GET", "/webhooks", scope=READ, returns=PageOf[WebhookAnswer], tag=TAG)
def list_webhooks(request: ApiRequest, query: Query[PageQuery]) -> PageOf[WebhookAnswer]:
    """List webhooks by name."""
    return page_of(query, WebhookSubscription.objects.all(), webhook_answer)


@operation("POST", "/webhooks", scope=WRITE, returns=WebhookWithSecret, status=201, tag=TAG, is_repeatable=False)
def create_webhook(request: ApiRequest, body: NewWebhook) -> Status[WebhookWithSecret]:
    """Add a webhook; its secret is shown once."""
    row = WebhookSubscription(name=body.name, address=body.address, events=[str(each) for each in body.events])
    row.is_active = body.is_active
    subscriptions.save_subscription(row, user=request.user)
    return Status(201, WebhookWithSecret(**webhook_answer(row).model_dump(), secret=row.secret))


@operation("GET", "/webhooks/{webhook_id}", scope=READ, returns=WebhookAnswer, tag=TAG)
def read_webhook(request: ApiRequest, webhook_id: Key) -> WebhookAnswer:
    """Return a webhook, and whether its messages arrive."""
    return webhook_answer(find_row(WebhookSubscription.objects.all(), pk=webhook_id))


@operation("PATCH", "/webhooks/{webhook_id}", scope=WRITE, returns=WebhookAnswer, tag=TAG)
def change_webhook(request: ApiRequest, webhook_id: Key, body: WebhookChange) -> WebhookAnswer:
    """Change a webhook, or switch it off."""
    row = find_row(WebhookSubscription.objects.all(), pk=webhook_id)
    for name, value in body.given().items():
        setattr(row, name, [str(each) for each in value] if name == "events" else value)
    return webhook_answer(subscriptions.save_subscription(row, user=request.user))


@operation("DELETE", "/webhooks/{webhook_id}", scope=WRITE, status=204, tag=TAG)
def delete_webhook(request: ApiRequest, webhook_id: Key) -> Status[None]:
    """Delete a webhook, with what waits to be sent to it."""
    row = find_row(WebhookSubscription.objects.all(), pk=webhook_id)
    subscriptions.delete_subscription(row, user=request.user)
    return Status(204, None)


@operation("POST", "/webhooks/{webhook_id}/trials", scope=WRITE, status=202, tag=TAG)
def try_webhook(request: ApiRequest, webhook_id: Key) -> Status[None]:
    """Send a trial message to a webhook in the next seconds; the outcome is read with the webhook."""
    sending.queue_trial(find_row(WebhookSubscription.objects.all(), pk=webhook_id))
    return Status(202, None)
