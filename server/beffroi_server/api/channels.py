"""Operations on channels: how people hear of alerts beside the screens, and residents who subscribed."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from ninja import Query, Status
from pydantic import Field, StringConstraints

from beffroi_content.model import AlertLevel
from beffroi_server.alerts.models import Alert
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Name80,
    PageOf,
    PageQuery,
    Slugs,
    find_row,
    named_rows,
    page_of,
)
from beffroi_server.channels import channel_services, service_addresses, subscribers
from beffroi_server.channels.models import (
    Channel,
    ChannelAct,
    ChannelKind,
    ChannelMessage,
    Subscriber,
    SubscriptionSettings,
)
from beffroi_server.fleet.models import ScreenGroup

TAG = "channels"
READ, WRITE = "town:read", "town:write"
ServiceAddress = Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00-\x1f]*$")]
Recipients = Annotated[list[Annotated[str, StringConstraints(max_length=254)]], Field(max_length=100)]
Length = Annotated[int, Field(ge=100, le=5_000)]
MailAddress = Annotated[str, StringConstraints(min_length=3, max_length=254)]
Language = Literal["fr", "en"]


class ChannelAnswer(Answer):
    """A way by which people hear of alerts, without the password of its service."""

    id: int
    name: str
    kind: ChannelKind
    service: str
    """Name of the service; empty for mail."""
    recipients: list[str]
    from_level: AlertLevel
    with_exercises: bool
    max_length: int
    language: Language
    is_on: bool
    problem: str
    """Why the last message failed."""
    failed_at: dt.datetime | None
    delivered_at: dt.datetime | None


class NewChannel(Change):
    """A new channel."""

    name: Name80
    kind: Literal[ChannelKind.SERVICE, ChannelKind.MAIL]
    service_address: ServiceAddress = ""
    """Of a service, as appriseit.com writes it: it holds a password, and is not shown again."""
    recipients: Recipients = []
    """Mail addresses, of a channel by mail."""
    from_level: AlertLevel = AlertLevel.ALERT
    with_exercises: bool = False
    max_length: Length = 480
    language: Language = "fr"


class ChannelSwitch(Change):
    """Whether a channel is used."""

    is_on: bool


class MessageAnswer(Answer):
    """What a channel told of an act on an alert, and what became of it."""

    id: uuid.UUID
    channel: str
    act: ChannelAct
    subject: str
    text: str
    addressed: int
    reached: int
    done_at: dt.datetime | None
    """Null while it waits."""
    problem: str
    created_at: dt.datetime


class SubscriptionSettingsAnswer(Answer):
    """Whether residents may subscribe to alerts by mail."""

    is_on: bool
    groups: list[str]
    """Places that they can choose; none: everybody is told of all."""
    are_open: bool
    """Whether they can subscribe now: that also takes the public page and a mail server."""
    confirmed: int
    waiting: int
    """Who has not confirmed yet."""


class SubscriptionSettingsChange(Change):
    """Whether residents may subscribe."""

    is_on: bool = False
    groups: Slugs = []


class SubscriberAnswer(Answer):
    """A resident who receives alerts by mail."""

    address: str
    from_level: AlertLevel
    places: list[str]
    language: Language
    purpose_version: int
    asked_at: dt.datetime
    confirmed_at: dt.datetime | None


class SubscribersAnswer(Answer):
    """All subscribers."""

    items: list[SubscriberAnswer]


class SubscriberChange(Change):
    """Whose data is to be deleted."""

    address: MailAddress


class DeletedAnswer(Answer):
    """Whether anything was stored."""

    was_stored: bool


def channel_answer(row: Channel) -> ChannelAnswer:
    """Return a channel as the API shows it."""
    own = {name: getattr(row, name) for name in ChannelAnswer.model_fields if name not in {"service", "recipients"}}
    return ChannelAnswer.model_validate(
        {**own, "service": service_addresses.service_of(row.secret), "recipients": row.recipients.split()}
    )


def message_answer(row: ChannelMessage) -> MessageAnswer:
    """Return what a channel told as the API shows it."""
    own = {name: getattr(row, name) for name in MessageAnswer.model_fields if name != "channel"}
    return MessageAnswer.model_validate({**own, "channel": row.channel_name})


@operation("GET", "/channels", scope=READ, returns=PageOf[ChannelAnswer], tag=TAG)
def list_channels(request: ApiRequest, query: Query[PageQuery]) -> PageOf[ChannelAnswer]:
    """List the channels by name."""
    return page_of(query, Channel.objects.all(), channel_answer)


@operation("POST", "/channels", scope=WRITE, returns=ChannelAnswer, status=201, tag=TAG)
def create_channel(request: ApiRequest, body: NewChannel) -> Status[ChannelAnswer]:
    """Add a channel. Try it afterwards."""
    is_service = body.kind is ChannelKind.SERVICE
    row = Channel(
        name=body.name, kind=body.kind.value, secret=body.service_address if is_service else "",
        recipients="" if is_service else "\n".join(body.recipients), from_level=body.from_level.value,
        with_exercises=body.with_exercises, max_length=body.max_length, language=body.language,
    )  # fmt: skip
    return Status(201, channel_answer(channel_services.save_channel(row, user=request.user)))


@operation("GET", "/channels/{channel_id}", scope=READ, returns=ChannelAnswer, tag=TAG)
def read_channel(request: ApiRequest, channel_id: Key) -> ChannelAnswer:
    """Return a channel, and whether its messages arrive."""
    return channel_answer(find_row(Channel.objects.all(), pk=channel_id))


@operation("PATCH", "/channels/{channel_id}", scope=WRITE, returns=ChannelAnswer, tag=TAG)
def switch_channel(request: ApiRequest, channel_id: Key, body: ChannelSwitch) -> ChannelAnswer:
    """Switch a channel on or off; what waits to be sent by one that is switched off is dropped."""
    channel_services.switch_channel(find_row(Channel.objects.all(), pk=channel_id), is_on=body.is_on, user=request.user)
    return channel_answer(find_row(Channel.objects.all(), pk=channel_id))


@operation("DELETE", "/channels/{channel_id}", scope=WRITE, status=204, tag=TAG)
def delete_channel(request: ApiRequest, channel_id: Key) -> Status[None]:
    """Delete a channel with its password; what it told stays with the alerts."""
    channel_services.delete_channel(find_row(Channel.objects.all(), pk=channel_id), user=request.user)
    return Status(204, None)


@operation("POST", "/channels/{channel_id}/trials", scope=WRITE, returns=MessageAnswer, status=202, tag=TAG)
def try_channel(request: ApiRequest, channel_id: Key) -> Status[MessageAnswer]:
    """Send a message by a channel that says that there is no alert."""
    found = find_row(Channel.objects.all(), pk=channel_id)
    return Status(202, message_answer(channel_services.try_channel(found, user=request.user)))


@operation("GET", "/channels/{channel_id}/messages", scope=READ, returns=PageOf[MessageAnswer], tag=TAG)
def list_channel_messages(request: ApiRequest, channel_id: Key, query: Query[PageQuery]) -> PageOf[MessageAnswer]:
    """List what a channel told, trials included, the newest first."""
    row = find_row(Channel.objects.all(), pk=channel_id)
    return page_of(query, row.messages.order_by("-created_at", "-pk"), message_answer)


@operation("GET", "/alerts/{alert_id}/messages", scope="alerts:read", returns=PageOf[MessageAnswer], tag=TAG)
def list_alert_messages(request: ApiRequest, alert_id: uuid.UUID, query: Query[PageQuery]) -> PageOf[MessageAnswer]:
    """List what the channels told of an alert, and what became of each message."""
    alert = find_row(Alert.objects.all(), pk=alert_id)
    return page_of(query, ChannelMessage.objects.filter(alert=alert), message_answer)


@operation("GET", "/subscriptions", scope=READ, returns=SubscriptionSettingsAnswer, tag=TAG)
def read_subscription_settings(request: ApiRequest) -> SubscriptionSettingsAnswer:
    """Return whether residents may subscribe to alerts by mail, and how many have."""
    return subscription_settings_answer(subscribers.saved_settings())


@operation("PATCH", "/subscriptions", scope=WRITE, returns=SubscriptionSettingsAnswer, tag=TAG)
def change_subscription_settings(request: ApiRequest, body: SubscriptionSettingsChange) -> SubscriptionSettingsAnswer:
    """Change whether residents may subscribe, and to which places."""
    chosen, values = subscribers.saved_settings(), body.given()
    kept = list(chosen.groups.all()) if chosen.pk else []
    groups = named_rows(ScreenGroup.objects.all(), body.groups, "groups", key="slug") if "groups" in values else kept
    chosen.is_on = values.get("is_on", chosen.is_on)
    subscribers.save_settings(chosen, groups, user=request.user)
    return subscription_settings_answer(chosen)


@operation("POST", "/subscribers/export", scope=WRITE, returns=SubscribersAnswer, tag=TAG, is_repeatable=False)
def export_subscribers(request: ApiRequest) -> SubscribersAnswer:
    """Return all subscribers. The audit trail says that somebody read them."""
    return SubscribersAnswer.model_validate({"items": subscribers.export(user=request.user)})


@operation("POST", "/subscribers/deletion", scope=WRITE, returns=DeletedAnswer, tag=TAG)
def delete_subscriber(request: ApiRequest, body: SubscriberChange) -> DeletedAnswer:
    """Delete whatever is stored of an address."""
    return DeletedAnswer(was_stored=subscribers.delete_address(body.address, user=request.user))


def subscription_settings_answer(row: SubscriptionSettings) -> SubscriptionSettingsAnswer:
    """Return whether residents may subscribe, and how many have, as the API shows it."""
    groups = sorted(group.slug for group in row.groups.all()) if row.pk else []
    confirmed = Subscriber.objects.exclude(confirmed_at=None).count()
    return SubscriptionSettingsAnswer(
        is_on=row.is_on, groups=groups, are_open=subscribers.are_open(), confirmed=confirmed,
        waiting=Subscriber.objects.filter(confirmed_at=None).count(),
    )  # fmt: skip
