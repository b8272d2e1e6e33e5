"""Residents who want alerts by mail: they confirm by a link, are told of nothing else, and leave by one press.

What is stored is the address, what they chose, the version of the purpose that they agreed to, and when. Who has not
confirmed within 48 hours is deleted, and whoever unsubscribes at once. No address is in the log or the audit trail.

Sources: https://www.cnil.fr/fr/la-prospection-commerciale-par-courrier-electronique, RFC 8058 (one-click unsubscribe)
"""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import threading
import uuid
from collections.abc import Iterable
from typing import Any, TypeVar

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import Model, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.queries import targeted_screens
from beffroi_server.channels.models import Channel, ChannelKind, Subscriber, SubscriptionSettings
from beffroi_server.core import mail, webhooks
from beffroi_server.core.mail import MailFailed
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.outlets.subscriptions import public_settings

logger = logging.getLogger(__name__)
CONFIRM_WITHIN = dt.timedelta(hours=48)
BETWEEN_MAILS = dt.timedelta(minutes=15)
"""An address is sent a link this often at most, whoever asks for it."""
MOST_UNCONFIRMED = 500
"""Who waits for confirmation at most: beyond it somebody is filling the table."""
MAILS_PER_ROUND = 20
PURPOSES = {
    1: gettext_lazy(
        "Your address serves to tell you of alerts of %(town)s, and of nothing else. It is deleted as soon as you "
        "unsubscribe."
    ),
}
"""By version. A version that somebody has agreed to is never changed: another purpose is another version."""
ALERT_PURPOSES = (1,)
"""The versions that allow telling of alerts."""
LEVELS = [
    (AlertLevel.INFORMATION.value, gettext_lazy("Information: all of it")),
    (AlertLevel.VIGILANCE.value, gettext_lazy("Caution: be careful")),
    (AlertLevel.ALERT.value, gettext_lazy("Alert: danger, something has to be done")),
    (AlertLevel.EMERGENCY.value, gettext_lazy("Emergency: immediate danger")),
]
"""Levels as residents know them: what screens do at each is nothing to them."""
_SALT = "subscription-confirmation"
Reader = TypeVar("Reader", bound=Model)


class TooManySubscriptions(Exception):
    """More people wait for confirmation than is plausible."""


def level_text(level: str) -> str:
    """Return a level as residents know it."""
    return str(dict(LEVELS)[level])


def saved_settings() -> SubscriptionSettings:
    """Return the settings, or the usual ones, not saved."""
    return SubscriptionSettings.objects.first() or SubscriptionSettings()


def are_open() -> bool:
    """Tell whether residents may subscribe: the public page is on, a mail server is set, and the town wants it."""
    return mail.is_configured() and saved_settings().is_on and public_settings() is not None


def save_settings(chosen: SubscriptionSettings, groups: Iterable[ScreenGroup], *, user: User | None) -> None:
    """Save whether residents may subscribe, and add or switch the channel that tells them.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    with serialised():
        chosen.save()
        chosen.groups.set(groups)
        town = Town.objects.get()
        with translation.override(town.locale):
            _switch_channel(ChannelKind.SUBSCRIBERS, _("Subscribers"), town, 2_000, is_on=chosen.is_on)
            browsers = _("Browsers of residents")
            _switch_channel(ChannelKind.BROWSERS, browsers, town, 400, is_on=chosen.browsers_are_on)
        audit.record_event(
            user, "subscriptions-changed", town.name, is_on=chosen.is_on, browsers_are_on=chosen.browsers_are_on
        )


def _switch_channel(kind: ChannelKind, name: str, town: Town, length: int, *, is_on: bool) -> None:
    channel = Channel.objects.filter(kind=kind).first()
    if channel is None:
        if not is_on:
            return
        # The town may have a channel of that name already.
        taken = set(Channel.objects.values_list("name", flat=True))
        names = itertools.chain([name], (f"{name} {number}" for number in itertools.count(2)))
        free = next(each for each in names if each not in taken)
        channel = Channel(
            name=free, kind=kind, from_level=AlertLevel.INFORMATION, max_length=length, language=town.locale
        )
    channel.is_on = is_on
    channel.save()


def purpose_text(version: int) -> str:
    """Return the sentence of a version of the purpose."""
    town = Town.objects.get()
    return str(PURPOSES[version]) % {"town": town.name}


def subscribe(address: str, *, from_level: str, groups: Iterable[ScreenGroup], language: str) -> None:
    """Take a wish in, and have the link sent. What the caller sees is the same for every address.

    Of somebody who is subscribed already nothing changes: the mail leads to what is stored.

    Raises:
        TooManySubscriptions: far too many wait for confirmation.
    """
    now, address = timezone.now(), address.strip().lower()
    with transaction.atomic():
        found = Subscriber.objects.filter(address=address).first()
        if found is None:
            if Subscriber.objects.filter(confirmed_at=None).count() >= MOST_UNCONFIRMED:
                raise TooManySubscriptions
            found = Subscriber(address=address)
        elif found.mailed_at is not None and now - found.mailed_at < BETWEEN_MAILS:
            return
        if found.confirmed_at is None:
            found.from_level, found.language, found.asked_at = from_level, language, now
            found.purpose_version = max(PURPOSES)
        found.mail_due_at, found.mail_attempts = now, 0
        try:
            with transaction.atomic():
                found.save()
        except IntegrityError:
            return  # the form was sent twice at once
        if found.confirmed_at is None:
            found.groups.set(groups)


def confirmation_token(subscriber: Subscriber) -> str:
    """Return what the link of a mail holds: it confirms once, within 48 hours."""
    return signing.dumps({"id": str(subscriber.pk), "at": subscriber.asked_at.isoformat()}, salt=_SALT)


def waiting_for(token: str) -> Subscriber | None:
    """Return who confirms by a token; None where it is wrong, used or too old."""
    try:
        held = signing.loads(token, salt=_SALT, max_age=CONFIRM_WITHIN)
    except signing.BadSignature:
        return None
    found = Subscriber.objects.filter(pk=held["id"], confirmed_at=None).first()
    return found if found is not None and found.asked_at.isoformat() == held["at"] else None


def confirm(token: str) -> Subscriber | None:
    """Confirm by a token; return who did, None where it is wrong, used or too old."""
    found = waiting_for(token)
    if found is None or not Subscriber.objects.filter(pk=found.pk, confirmed_at=None).update(
        confirmed_at=timezone.now(), mail_due_at=None
    ):
        return None
    found.refresh_from_db()
    return found


def unsubscribe(key: uuid.UUID) -> None:
    """Delete whatever is stored of a subscriber, with the mails that wait."""
    Subscriber.objects.filter(pk=key).delete()


def delete_address(address: str, *, user: User | None) -> bool:
    """Delete what is stored of an address, as somebody asked the town; return whether there was anything.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    with serialised():
        count, _by_model = Subscriber.objects.filter(address=address.strip().lower()).delete()
        if count:
            audit.record_event(user, "subscriber-deleted", Town.objects.get().name)
    return bool(count)


def subscribers_to(alert: Alert) -> QuerySet[Subscriber]:
    """Return who is to be told of an alert: confirmed, for this purpose, level and place. Exercises are told nobody."""
    confirmed = Subscriber.objects.filter(confirmed_at__isnull=False, purpose_version__in=ALERT_PURPOSES)
    return reached_by(alert, confirmed)


def reached_by(alert: Alert, rows: QuerySet[Reader]) -> QuerySet[Reader]:
    """Return those rows with a level and places of their own that an alert is for; of an exercise none."""
    if alert.status != AlertStatus.ACTUAL:
        return rows.none()
    levels = list(AlertLevel)
    reached = [level.value for level in levels[: levels.index(AlertLevel(alert.level)) + 1]]
    found = rows.filter(from_level__in=reached)
    if not alert.everywhere:
        screens = [screen.pk for screen in targeted_screens(alert)]
        places = ScreenGroup.objects.filter(Q(screens__in=screens) | Q(pk__in=alert.groups.all()))
        found = found.filter(Q(groups=None) | Q(groups__in=places)).distinct()
    return found


def stored_data(subscriber: Subscriber) -> dict[str, Any]:
    """Return everything that is stored of a subscriber, for the subscriber."""
    return {
        "address": subscriber.address, "from_level": subscriber.from_level,
        "places": [group.name for group in subscriber.groups.all()], "language": subscriber.language,
        "purpose": purpose_text(subscriber.purpose_version), "purpose_version": subscriber.purpose_version,
        "asked_at": subscriber.asked_at.isoformat(),
        "confirmed_at": subscriber.confirmed_at.isoformat() if subscriber.confirmed_at else None,
    }  # fmt: skip


def export(*, user: User | None) -> list[dict[str, Any]]:
    """Return what is stored of all subscribers; recorded in the audit trail.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    rows = [stored_data(each) for each in Subscriber.objects.prefetch_related("groups")]
    audit.record_event(user, "subscribers-exported", Town.objects.get().name, count=len(rows))
    return rows


def exported_rows(*, user: User | None) -> list[list[str]]:
    """Return :func:`export` as rows of a table, with headings."""
    headings = ["address", "from_level", "places", "language", "purpose_version", "asked_at", "confirmed_at"]
    return [headings, *([_cell(row[name]) for name in headings] for row in export(user=user))]


def delete_unconfirmed(now: dt.datetime) -> int:
    """Delete who has not confirmed in time; return how many."""
    return Subscriber.objects.filter(confirmed_at=None, asked_at__lt=now - CONFIRM_WITHIN).delete()[0]


def send_due_links(stopping: threading.Event) -> int:
    """Send the mails with links to confirm that are due; return how many were accepted."""
    now, sent = timezone.now(), 0
    for each in Subscriber.objects.filter(mail_due_at__lte=now).order_by("mail_due_at")[:MAILS_PER_ROUND]:
        if stopping.is_set():
            break
        attempts = each.mail_attempts + 1
        row = Subscriber.objects.filter(pk=each.pk)
        # Should this process die while it sends, the mail goes out once more later.
        row.update(mail_attempts=attempts, mail_due_at=webhooks.next_attempt_at(attempts, now))
        try:
            _send_link(each)
        except MailFailed as error:
            logger.warning("a mail to a subscriber was not sent, attempt %d: %s", attempts, error)
            row.update(mail_due_at=webhooks.next_attempt_at(attempts, now, is_final=error.is_final))
        else:
            row.update(mail_due_at=None, mailed_at=timezone.now())
            sent += 1
    return sent


def footer(key: uuid.UUID) -> str:
    """Return the last lines of each mail, in the language that is active."""
    return "\n\n-- \n" + _("What is stored of you, and unsubscribing: %(address)s") % {"address": _own_page(key)}


def list_headers(key: uuid.UUID) -> dict[str, str]:
    """Return the headers by which mail programs offer to unsubscribe with one press (RFC 8058)."""
    address = _absolute("subscription-end", key)
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _send_link(subscriber: Subscriber) -> None:
    town = Town.objects.get()
    with translation.override(subscriber.language):
        if subscriber.confirmed_at is None:
            subject = _("Alerts of %(town)s: please confirm") % {"town": town.name}
            link = _absolute("subscription-confirm", confirmation_token(subscriber))
            lines = [
                _("Somebody, probably you, wants to receive the alerts of %(town)s at this address.")
                % {"town": town.name},
                _("To confirm, open this page within 48 hours: %(address)s") % {"address": link},
                _("If it was not you, do nothing: your address is then deleted."),
                purpose_text(subscriber.purpose_version),
            ]
            text = "\n\n".join(lines)
        else:
            subject = _("Alerts of %(town)s: you are subscribed") % {"town": town.name}
            text = _("You receive the alerts of %(town)s at this address.") % {"town": town.name}
            text += footer(subscriber.pk)
        mail.send_mail(subscriber.address, subject, text, sender_name=town.name, headers=list_headers(subscriber.pk))


def _own_page(key: uuid.UUID) -> str:
    return _absolute("subscription", key)


def _absolute(name: str, argument: object) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse(name, args=[argument])


def _cell(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else str(value or "")
