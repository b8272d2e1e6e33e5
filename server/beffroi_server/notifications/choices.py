"""Changes to what users are told, and to the browsers that take messages for them."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.notifications.models import NotificationChoice, PushSubscription
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.notifications.push_messages import SUBSCRIPTIONS_LIMIT


def save_choice(user: User, choice: NotificationChoice) -> None:
    """Save what a user wants to be told, with the mail address."""
    with serialised():
        user.save(update_fields=["email"])
        choice.user = user
        # Whatever is not chosen is written down as that: only an occasion that is new later follows what is usual.
        choice.ways = {occasion.value: choice.ways.get(occasion.value, []) for occasion in Occasion}
        choice.save()
        audit.record_event(user, "notifications-changed", user)


def add_browser(
    user: User, *, endpoint: str, public_key: str, auth_secret: str, browser: str, now: dt.datetime
) -> PushSubscription:
    """Have a browser take messages for a user, and for nobody else; of many, the oldest gives way."""
    with transaction.atomic():
        values = {
            "user": user, "public_key": public_key, "auth_secret": auth_secret, "browser": browser, "created_at": now,
        }  # fmt: skip
        row, _made = PushSubscription.objects.update_or_create(endpoint=endpoint, defaults=values)
        kept = PushSubscription.objects.filter(user=user).order_by("-created_at", "-pk")[:SUBSCRIPTIONS_LIMIT]
        PushSubscription.objects.filter(user=user).exclude(pk__in=[each.pk for each in kept]).delete()
    return row
