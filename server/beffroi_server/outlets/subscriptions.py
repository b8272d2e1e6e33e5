"""Changes of webhook subscriptions and of the public settings, each recorded in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.events import town_changed
from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.permissions import require
from beffroi_server.core import webhooks
from beffroi_server.core.transactions import serialised
from beffroi_server.library.models import PublicSettings
from beffroi_server.outlets.models import WebhookEvent, WebhookSubscription

MOST_SUBSCRIPTIONS = 20
MOST_FRAMES = 20


def save_subscription(subscription: WebhookSubscription, *, user: User | None) -> WebhookSubscription:
    """Create a subscription, with a new secret, or save a change of one.

    Raises:
        NotPermitted: the user is no administrator.
        ValidationError: a value is not valid, or there are too many.
    """
    require(user, "may_administer")
    with serialised():
        created = subscription._state.adding
        if created:
            subscription.secret = webhooks.new_secret()
            if WebhookSubscription.objects.count() >= MOST_SUBSCRIPTIONS:
                raise ValidationError(_("There are %(most)d webhooks already.") % {"most": MOST_SUBSCRIPTIONS})
        subscription.events = _known_events(subscription.events)
        if problem := webhooks.address_problem(subscription.address):
            raise ValidationError({"address": problem})
        subscription.full_clean()
        subscription.save()
        audit.record_event(
            user, "webhook-created" if created else "webhook-changed", subscription, events=subscription.events
        )
    return subscription


def delete_subscription(subscription: WebhookSubscription, *, user: User | None) -> None:
    """Delete a subscription, with what waits to be sent to it.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    with serialised():
        audit.record_event(user, "webhook-deleted", subscription)
        subscription.delete()


def public_settings() -> PublicSettings | None:
    """Return the public settings where the public page is on; None where it is off."""
    return PublicSettings.objects.select_related("town").filter(is_on=True).first()


def saved_settings(town: Town) -> PublicSettings:
    """Return the public settings of a town; unsaved ones, all off, where nobody has chosen any."""
    return PublicSettings.objects.filter(town=town).first() or PublicSettings(town=town)


def save_public_settings(chosen: PublicSettings, *, user: User | None) -> None:
    """Save what the public may read; slides bear the codes of their public pages while there are some.

    Raises:
        NotPermitted: the user is no administrator.
        ValidationError: a value is not valid.
    """
    require(user, "may_administer")
    with serialised():
        chosen.framed_by = "\n".join(framing_origins(chosen.framed_by))
        chosen.full_clean(exclude={"town"})
        chosen.save()
        audit.record_event(user, "public-page-changed", chosen.town.name, is_on=chosen.is_on)
        town_changed.send(chosen.town)


def framing_origins(text: str) -> list[str]:
    """Return the origins that a text names, one a line, as a Content-Security-Policy has them.

    Raises:
        ValidationError: a line is none.
    """
    lines = [line.strip().rstrip("/") for line in text.splitlines() if line.strip()]
    if len(lines) > MOST_FRAMES:
        raise ValidationError({"framed_by": _("Name at most %(most)d websites.") % {"most": MOST_FRAMES}})
    return [_origin(line) for line in lines]


def _origin(line: str) -> str:
    try:
        parts = urlsplit(line)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    is_plain = host.isascii() and all(letter.isalnum() or letter in ".-" for letter in host)
    if parts.scheme not in {"http", "https"} or not host or not is_plain or parts.path or parts.query or parts.fragment:
        example = "https://www.example.org"
        raise ValidationError({"framed_by": _("Write each website as %(example)s.") % {"example": example}})
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


def _known_events(events: Iterable[str]) -> list[str]:
    chosen = sorted(set(events))
    if not chosen or set(chosen) - set(WebhookEvent.values):
        raise ValidationError({"events": _("Choose at least one event.")})
    return chosen
