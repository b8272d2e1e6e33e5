"""Changes of users, sign-in links and the town; each is recorded in the audit trail."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.text import slugify

from beffroi_content.raster.text.characters import clean_text
from beffroi_server.accounts import audit
from beffroi_server.accounts.events import town_changed
from beffroi_server.accounts.models import SignInLink, Town, User, UserRole
from beffroi_server.core.transactions import serialised


class LastAdministratorError(Exception):
    """Refusal of a change after which no active administrator would be left."""


class SignInLinkInvalid(Exception):
    """Refusal of a sign-in link that is unknown, used or expired; the reason is not disclosed."""


def create_sign_in_link(user: User, lifetime: dt.timedelta = dt.timedelta(hours=1)) -> str:
    """Return an address that signs a user in once, within its lifetime. Only a hash of its token is stored."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(user=user, token_sha256=_token_sha256(token), expires_at=timezone.now() + lifetime)
    return f"{settings.PUBLIC_URL}/sign-in/{token}/"


def use_sign_in_link(token: str, now: dt.datetime) -> User:
    """Use up a link and return the user whom it signs in.

    Raises:
        SignInLinkInvalid: it is unknown, used or expired, or the user may not sign in any more.
    """
    links = SignInLink.objects.filter(token_sha256=_token_sha256(token), user__is_active=True)
    with serialised():
        # The row count decides between two who use the same link at once.
        if not links.filter(used_at=None, expires_at__gt=now).update(used_at=now):
            raise SignInLinkInvalid
        user = links.select_related("user").get().user
        audit.record_event(user, "link-used", user)
    return user


def ensure_town(name: str, *, site: str = "", actor: User | None = None, **values: Any) -> Town:
    """Return the town, created if there is none yet.

    Args:
        name: As it is written on the screens.
        site: Its part of every topic; by default made of the name.
        actor: The user who does it; None for the server.
        values: Other fields of ``Town``.
    """
    with serialised():
        town = Town.objects.first()
        if town is None:
            # The first one comes from the command line, not from a form.
            name = clean_text(name).replace("\n", " ").strip()
            town = Town(site=site or slugify(name)[:40] or "town", name=name, **values)
            town.full_clean()
            town.save()
            audit.record_event(actor, "town-created", town.name, site=town.site)
    return town


def create_user(
    username: str,
    role: UserRole | str = UserRole.EDITOR,
    *,
    actor: User | None = None,
    password: str | None = None,
    **values: Any,
) -> User:
    """Create a user, who signs in by a link first where no password is given.

    Raises:
        ValidationError: the user name is taken or not one.
    """
    with serialised():
        user = User(username=username, role=UserRole(role), **values)
        user.set_password(password)
        user.full_clean()
        user.save()
        audit.record_event(actor, "user-created", user, role=str(user.role))
    return user


def update_town(town: Town, *, user: User | None) -> None:
    """Save changes of the town. What every screen shows depends on it: all are published again.

    Raises:
        ValidationError: a value is not valid.
    """
    with serialised():
        town.full_clean()
        town.save()
        audit.record_event(user, "town-changed", town.name, plays_months=town.plays_months)
        town_changed.send(town)


def update_user(changed: User, *, actor: User) -> None:
    """Save changes of a user.

    Raises:
        LastAdministratorError: no active administrator would be left.
        ValidationError: a value is not valid.
    """
    with serialised():
        others = User.objects.filter(role=UserRole.ADMINISTRATOR, is_active=True).exclude(pk=changed.pk)
        if not others.exists() and not (changed.is_active and changed.role == UserRole.ADMINISTRATOR):
            raise LastAdministratorError
        changed.full_clean()
        changed.save()
        audit.record_event(actor, "user-changed", changed, role=str(changed.role), active=changed.is_active)


def update_account(user: User) -> None:
    """Save the name that a user gave to the own account."""
    with serialised():
        user.full_clean()
        user.save(update_fields=["first_name", "last_name"])
        audit.record_event(user, "account-changed", user)


def set_password(user: User, password: str) -> None:
    """Set a new password. The other sessions of the user end."""
    with serialised():
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record_event(user, "password-changed", user)


def invite_user(invited: User, *, actor: User) -> str:
    """Return an address that signs a user in once, within a day."""
    with serialised():
        audit.record_event(actor, "link-created", invited)
        return create_sign_in_link(invited, dt.timedelta(days=1))


def _token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
