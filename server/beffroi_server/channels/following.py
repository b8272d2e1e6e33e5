"""Messages of what was done to alerts, read from the audit trail: whoever acts does not wait for a channel.

The leader follows the trail some seconds behind the screens, also after a restart.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_server.accounts.models import AuditEvent, Town
from beffroi_server.alerts.models import Alert
from beffroi_server.channels import alert_texts, browser_subscribers, subscribers
from beffroi_server.channels.models import (
    Channel,
    ChannelAct,
    ChannelKind,
    ChannelMail,
    ChannelMessage,
    ChannelTrail,
    LeftOutChannels,
)
from beffroi_server.fleet.targets import Targets

EVENTS_PER_ROUND = 200
MOST_TEXTS = 50
"""Texts of one alert, corrected again and again, that are looked at."""
SETTLING = dt.timedelta(seconds=2)
"""Younger events wait: the channels that are left out are noted just after the alert is on its way."""
STALE = dt.timedelta(hours=12)
"""Older events, as after the server was off, are told no more."""
_ACTS = {
    "alert-broadcast": ChannelAct.BROADCAST,
    "alert-begun": ChannelAct.BROADCAST,
    "alert-triggered": ChannelAct.BROADCAST,
    "alert-corrected": ChannelAct.CORRECTED,
    "alert-extended": ChannelAct.EXTENDED,
    "alert-ended": ChannelAct.ENDED,
    "alert-ended-locally": ChannelAct.ENDED,
    "alert-withdrawn": ChannelAct.WITHDRAWN,
}
_LEVELS = list(AlertLevel)
"""From the lowest to the highest."""


def follow_alerts(now: dt.datetime | None = None) -> int:
    """Queue messages of what was done to alerts since the last time; return how many."""
    now = now or timezone.now()
    trail = ChannelTrail.objects.first()
    if trail is None:
        # Nobody is told of what was before.
        ChannelTrail.objects.create(event=AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0)
        return 0
    rows = list(AuditEvent.objects.filter(id__gt=trail.event, at__lte=now - SETTLING).order_by("id")[:EVENTS_PER_ROUND])
    if not rows:
        return 0
    town = Town.objects.get()
    channels = list(Channel.objects.filter(is_on=True))
    count = 0
    with transaction.atomic(), timezone.override(ZoneInfo(town.time_zone)):
        for row in rows:
            act = _ACTS.get(row.action)
            if act is not None and channels and now - row.at <= STALE:
                count += _queue(row, act, channels, town, now)
        ChannelTrail.objects.filter(pk=trail.pk).update(event=rows[-1].pk)
    return count


def tells_of(channel: Channel, level: str, status: str) -> bool:
    """Tell whether a channel is meant for alerts of a level and status."""
    is_high = _LEVELS.index(AlertLevel(level)) >= _LEVELS.index(AlertLevel(channel.from_level))
    return is_high and (channel.with_exercises or status == AlertStatus.ACTUAL)


def leave_out(token: uuid.UUID, channels: Iterable[int]) -> None:
    """Note which channels do not tell of an alert, nor of its corrections and end."""
    LeftOutChannels.objects.update_or_create(token=token, defaults={"channels": sorted(channels)})


def left_out_of(family: Iterable[Alert]) -> set[int]:
    """Return the keys of the channels that were left out, as it was last chosen for an alert or its former texts."""
    tokens = [each.token for each in family]
    rows = {each.token: each for each in LeftOutChannels.objects.filter(token__in=[each for each in tokens if each])}
    return next((set(rows[token].channels) for token in tokens if token in rows), set())


def channels_told(family: Iterable[Alert]) -> set[int]:
    """Return the keys of the channels that have told of an alert, or of one of its former texts."""
    told = ChannelMessage.objects.filter(alert__in=list(family), attempts__gt=0, channel__isnull=False)
    return set(told.values_list("channel_id", flat=True))


def mails_of(channel: Channel, texts: Sequence[Alert]) -> list[ChannelMail]:
    """Return the mails by which a channel tells of an alert, without their message; none for a service.

    Args:
        channel: The channel.
        texts: The alert, and those of its former texts that the channel has told: whoever was told of one hears what
            becomes of it, though the new text has a lower level, or is for other places.
    """
    if channel.kind == ChannelKind.MAIL:
        return [ChannelMail(address=address) for address in channel.recipients.split()]
    if channel.kind == ChannelKind.SUBSCRIBERS:
        found = {each.pk: each for text in texts for each in subscribers.subscribers_to(text)}
        return [ChannelMail(address=each.address, subscriber=each) for each in found.values()]
    if channel.kind == ChannelKind.BROWSERS:
        browsers = {each.pk: each for text in texts for each in browser_subscribers.browsers_for(text)}
        return [ChannelMail(browser=each) for each in browsers.values()]
    return []


def _queue(row: AuditEvent, act: ChannelAct, channels: Iterable[Channel], town: Town, now: dt.datetime) -> int:
    alert = _alert_of(row)
    if alert is None or (row.action == "alert-triggered" and alert.ends_at <= now):
        # What began and ended on the spot while nobody could tell of it is no news.
        return 0
    family = texts_of(alert)
    left_out = left_out_of(family)
    place, link = alert_texts.place_of(town.name, Targets.of(alert)), alert_texts.public_link()
    count = 0
    for channel in channels:
        told = ChannelMessage.objects.filter(channel=channel, alert__in=family).exclude(source=f"audit-{row.pk}")
        heard = set(told.filter(attempts__gt=0).values_list("alert", flat=True))
        # Whatever still waits is overtaken by what was done since.
        told.filter(done_at=None, created_at__lte=now).update(done_at=now)
        ChannelMail.objects.filter(message__in=told).delete()
        if act in {ChannelAct.ENDED, ChannelAct.WITHDRAWN}:
            # The end of something is told to those who heard of it.
            is_told = bool(heard)
        elif act is ChannelAct.EXTENDED and alert.is_open_ended:
            # “Until further notice” still holds.
            is_told = False
        else:
            # So is what becomes of it, though the channel would not tell that by itself: it is no alert any more, say.
            is_told = channel.pk not in left_out and (bool(heard) or tells_of(channel, alert.level, alert.status))
        if is_told:
            texts = [alert, *(each for each in family[1:] if each.pk in heard)]
            count += _write(channel, texts, act if heard else ChannelAct.BROADCAST, row, place, link, now)
    return count


def _write(
    channel: Channel, texts: Sequence[Alert], act: ChannelAct, row: AuditEvent, place: str, link: str, now: dt.datetime
) -> bool:
    alert = texts[0]
    text = alert_texts.compose_text(
        alert, act, language=channel.language, length=channel.max_length, place=place, link=link
    )
    mails = mails_of(channel, texts)
    if channel.kind != ChannelKind.SERVICE and not mails:
        return False
    message, created = ChannelMessage.objects.get_or_create(
        channel=channel, source=f"audit-{row.pk}",
        defaults={
            "alert": alert, "act": act, "subject": text.subject, "text": text.text, "due_at": now, "created_at": now,
            "addressed": len(mails) or 1, "channel_name": channel.name,
        },
    )  # fmt: skip
    if created:
        for each in mails:
            each.message = message
        ChannelMail.objects.bulk_create(mails, batch_size=500)
    return created


def _alert_of(row: AuditEvent) -> Alert | None:
    try:
        key = uuid.UUID(str(row.detail.get("id", "")))
    except ValueError:
        return None
    return Alert.objects.filter(pk=key).first()


def texts_of(alert: Alert) -> list[Alert]:
    """Return an alert and those whose place it has taken, the newest first."""
    family = [alert]
    while (former := family[-1].corrects) is not None and len(family) < MOST_TEXTS:
        family.append(former)
    return family
