"""Changes of channels, each recorded in the audit trail, which holds neither secrets nor mail addresses."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.channels import alert_texts, service_addresses, service_sending
from beffroi_server.channels.models import Channel, ChannelAct, ChannelKind, ChannelMail, ChannelMessage
from beffroi_server.core.transactions import serialised

MOST_CHANNELS = 20
MOST_RECIPIENTS = 100


def save_channel(channel: Channel, *, user: User | None) -> Channel:
    """Create a channel or save a change of one. Asks the name server for the host of a service that names one.

    Raises:
        NotPermitted: the user is no administrator.
        ValidationError: a value is not valid, or there are too many.
    """
    require(user, "may_administer")
    if channel.kind == ChannelKind.SERVICE:
        channel.secret = channel.secret.strip()
        service_sending.open_service(channel.secret)
        limit = service_addresses.HARD_LIMITS.get(service_addresses.service_of(channel.secret))
        channel.max_length = min(channel.max_length, limit or channel.max_length)
    elif channel.kind == ChannelKind.MAIL:
        channel.recipients = "\n".join(checked_recipients(channel.recipients))
    with serialised():
        created = channel._state.adding
        if created and Channel.objects.count() >= MOST_CHANNELS:
            raise ValidationError(_("There are %(most)d channels already.") % {"most": MOST_CHANNELS})
        channel.full_clean()
        channel.save()
        audit.record_event(
            user, "channel-created" if created else "channel-changed", channel, kind=channel.kind,
            level=channel.from_level, is_on=channel.is_on,
        )  # fmt: skip
    return channel


def checked_recipients(text: str) -> list[str]:
    """Return the mail addresses of a text, each once.

    Raises:
        ValidationError: there is none, there are too many, or one is none; the message names it.
    """
    found = list(dict.fromkeys(text.replace(",", " ").replace(";", " ").split()))
    if not found or len(found) > MOST_RECIPIENTS:
        raise ValidationError(_("Enter one to %(most)d mail addresses, one a line.") % {"most": MOST_RECIPIENTS})
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise ValidationError(_("“%(address)s” is no mail address.") % {"address": address[:80]}) from None
    return found


def switch_channel(channel: Channel, *, is_on: bool, user: User | None) -> None:
    """Switch a channel on or off; what waits to be sent by one that is switched off is dropped.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    with serialised():
        Channel.objects.filter(pk=channel.pk).update(is_on=is_on)
        if not is_on:
            _drop_waiting(channel)
        audit.record_event(user, "channel-changed", channel, is_on=is_on)


def delete_channel(channel: Channel, *, user: User | None) -> None:
    """Delete a channel, with its secret and what waits to be sent; what it told stays with the alerts.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    with serialised():
        _drop_waiting(channel)
        audit.record_event(user, "channel-deleted", channel)
        channel.delete()


def try_channel(channel: Channel, *, user: User | None) -> ChannelMessage:
    """Queue a message that says that there is no alert, to see whether it comes.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    now, text = timezone.now(), alert_texts.trial_text(channel.name, language=channel.language)
    addresses = channel.recipients.split() if channel.kind == ChannelKind.MAIL else []
    with serialised():
        message = ChannelMessage.objects.create(
            channel=channel, channel_name=channel.name,
            source=f"trial-{int(now.timestamp() * 1000)}", act=ChannelAct.TRIAL, subject=text.subject,
            text=text.text, due_at=now, created_at=now, addressed=len(addresses) or 1,
        )  # fmt: skip
        ChannelMail.objects.bulk_create([ChannelMail(message=message, address=address) for address in addresses])
        audit.record_event(user, "channel-tried", channel)
    return message


def _drop_waiting(channel: Channel) -> None:
    channel.messages.filter(done_at=None).update(done_at=timezone.now(), problem=_("The channel was switched off."))
    ChannelMail.objects.filter(message__channel=channel).delete()
