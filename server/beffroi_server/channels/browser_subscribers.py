"""Residents' browsers that show alerts: they ask for it on the public page, and leave there by one press.

What is stored of each is the address at its push service with the keys that encrypt for it, what was chosen, the
version of the purpose that was agreed to, and when. No name, no mail address, no network address. A browser that its
push service no longer knows is deleted with the next message, any other after three years without a renewed wish.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from beffroi_server.accounts.models import Town
from beffroi_server.alerts.models import Alert
from beffroi_server.channels import subscribers
from beffroi_server.channels.models import BrowserSubscriber
from beffroi_server.core import webhooks
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.notifications import push_messages
from beffroi_server.outlets.subscriptions import public_settings

KEPT = dt.timedelta(days=3 * 365)
"""Without a renewed wish, as the CNIL advises for those who never answer."""
MOST_BROWSERS = 50_000
PURPOSES = {
    1: gettext_lazy(
        "The address of this browser at its push service serves to show you alerts of %(town)s, and nothing else. It "
        "is deleted as soon as you say so here, or remove the permission, or after three years."
    ),
}
"""By version. A version that somebody has agreed to is never changed: another purpose is another version."""
ALERT_PURPOSES = (1,)


def are_open() -> bool:
    """Tell whether browsers may subscribe: the town wants it, the public page is on, and browsers allow it there."""
    is_safe = settings.PUBLIC_URL.startswith(("https://", "http://localhost", "http://127.0.0.1"))
    return is_safe and subscribers.saved_settings().browsers_are_on and public_settings() is not None


def public_key() -> str:
    """Return the key that browsers subscribe with; empty where it can neither be read nor made."""
    try:
        return push_messages.public_key()
    except (OSError, KeysMissing):
        return ""


def purpose_text(version: int) -> str:
    """Return the sentence of a version of the purpose."""
    return str(PURPOSES[version]) % {"town": Town.objects.get().name}


def subscribe(
    endpoint: str, browser_key: str, auth_secret: str, *, from_level: str, groups: Iterable[ScreenGroup]
) -> BrowserSubscriber:
    """Take a wish in; one of the same browser takes the place of its former one.

    Raises:
        ValidationError: it is no subscription of a browser.
        TooManySubscriptions: there are far too many.
    """
    fits = endpoint.startswith("https://") and len(endpoint) <= 1_000 and (endpoint + browser_key).isprintable()
    if not fits or webhooks.address_problem(endpoint) or not 0 < len(browser_key) <= 200:
        raise ValidationError(_("This is no subscription of a browser."))
    if not 0 < len(auth_secret) <= 100 or not auth_secret.isprintable():
        raise ValidationError(_("This is no subscription of a browser."))
    with transaction.atomic():
        known = BrowserSubscriber.objects.filter(endpoint=endpoint).first()
        if known is None and BrowserSubscriber.objects.count() >= MOST_BROWSERS:
            raise subscribers.TooManySubscriptions
        row = known or BrowserSubscriber(endpoint=endpoint)
        row.public_key, row.auth_secret = browser_key, auth_secret
        row.from_level, row.asked_at, row.purpose_version = from_level, timezone.now(), max(PURPOSES)
        row.save()
        row.groups.set(groups)
    return row


def find(endpoint: str, auth_secret: str) -> BrowserSubscriber | None:
    """Return what is stored of a browser, for that browser alone: nobody else knows its secret."""
    found = BrowserSubscriber.objects.filter(endpoint=endpoint).first()
    is_own = found is not None and secrets.compare_digest(found.auth_secret.encode(), auth_secret.encode())
    return found if is_own else None


def unsubscribe(endpoint: str, auth_secret: str) -> bool:
    """Delete whatever is stored of a browser, with what waits for it; return whether there was anything."""
    found = find(endpoint, auth_secret)
    if found is not None:
        found.delete()
    return found is not None


def stored_data(found: BrowserSubscriber) -> dict[str, Any]:
    """Return everything that is stored of a browser, for whoever uses it."""
    return {
        "endpoint": found.endpoint, "public_key": found.public_key, "auth_secret": found.auth_secret,
        "from_level": found.from_level, "level": subscribers.level_text(found.from_level),
        "groups": [group.pk for group in found.groups.all()], "places": [group.name for group in found.groups.all()],
        "purpose": purpose_text(found.purpose_version), "purpose_version": found.purpose_version,
        "asked_at": found.asked_at.isoformat(),
    }  # fmt: skip


def browsers_for(alert: Alert) -> QuerySet[BrowserSubscriber]:
    """Return the browsers that are to show an alert: for this purpose, level and place. Exercises are shown by none."""
    return subscribers.reached_by(alert, BrowserSubscriber.objects.filter(purpose_version__in=ALERT_PURPOSES))


def delete_old(now: dt.datetime) -> int:
    """Delete the browsers of which no wish came for three years; return how many."""
    return BrowserSubscriber.objects.filter(asked_at__lt=now - KEPT).delete()[0]
