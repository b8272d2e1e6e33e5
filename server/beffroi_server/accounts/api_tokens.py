"""Tokens of the REST API: what each lets a program do, and who may make, use and revoke them."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import ApiToken, User
from beffroi_server.core import database
from beffroi_server.core.database_faults import fault_of
from beffroi_server.core.transactions import serialised

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

PREFIX = "beffroi_"
"""Begins every secret, so that a scanner of published code recognises one."""
LONGEST_LIFETIME = dt.timedelta(days=2 * 366)
MOST_TOKENS = 50
"""Of one user that are in force."""
_NOTE_EVERY = dt.timedelta(minutes=1)
_NOTE_WAIT_S = 0.2


class TokenRefused(Exception):
    """A token cannot be made as it was asked for; the message is for people."""


@dataclass(frozen=True, slots=True)
class ApiScope:
    """A part of the API that a token may be for."""

    name: str
    """Such as ``announcements:write``; writing includes reading."""
    label: StrPromise
    is_allowed: Callable[[User], bool]
    """Whether the role of a user reaches it."""


SCOPES = {
    scope.name: scope
    for scope in (
        ApiScope("announcements:read", _("read announcements, images and categories"), lambda user: user.may_write),
        ApiScope("announcements:write", _("write and publish announcements, add images"), lambda user: user.may_write),
        ApiScope("schedule:read", _("read playlists, rules, calendars and feeds"), lambda user: user.may_edit),
        ApiScope("schedule:write", _("change playlists, rules, calendars and feeds"), lambda user: user.may_edit),
        ApiScope("screens:read", _("see the screens and what they show"), lambda user: True),
        ApiScope("screens:write", _("set up screens and groups"), lambda user: user.may_install),
        ApiScope("screens:switch", _("switch displays off and on again"), lambda user: user.may_switch),
        ApiScope("alerts:read", _("read alerts and receipts"), lambda user: True),
        ApiScope("alerts:broadcast", _("broadcast and end alerts, change scenarios"), lambda user: user.may_alert),
        ApiScope("plays:read", _("read the proof of play"), lambda user: True),
        ApiScope("account:read", _("read your notifications, tokens and devices"), lambda user: True),
        ApiScope("account:write", _("change your notifications, end your tokens and devices, undo"), lambda user: True),
        ApiScope("users:read", _("read users and municipalities"), lambda user: user.may_manage_users),
        ApiScope("users:write", _("change users and municipalities"), lambda user: user.may_manage_users),
        ApiScope("town:read", _("read the settings of the town and the audit trail"), lambda user: user.may_administer),
        ApiScope(
            "town:write", _("change the settings of the town, channels and webhooks"), lambda user: user.may_administer
        ),
    )
}
"""By name, in the order in which they are offered."""
GRAVE_SCOPES = frozenset({"alerts:broadcast", "users:write", "town:write"})
"""By which somebody takes every screen, or the accounts: a page asks for the second factor first."""


def grants_scope(granted: Iterable[str], wanted: str) -> bool:
    """Tell whether granted scopes contain one: whoever may write may also read."""
    area, _colon, act = wanted.partition(":")
    return any(name == wanted or (act == "read" and name.partition(":")[0] == area) for name in granted)


def offered_scopes(user: User) -> list[ApiScope]:
    """Return the scopes that the role of a user reaches."""
    return [scope for scope in SCOPES.values() if scope.is_allowed(user)]


def create_token(
    user: User, name: str, scopes: Iterable[str], lifetime: dt.timedelta, *, now: dt.datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token for a user, who makes it; return it with its secret, which cannot be read again.

    Raises:
        TokenRefused: a scope is beyond the user's role, or there are too many tokens.
        ValidationError: the name is empty or too long.
    """
    chosen, now = sorted(set(scopes)), now or timezone.now()
    if not chosen or any(name not in SCOPES or not SCOPES[name].is_allowed(user) for name in chosen):
        raise TokenRefused(str(_("Choose what the token may do, within what you may do yourself.")))
    if not dt.timedelta(0) < lifetime <= LONGEST_LIFETIME:
        raise TokenRefused(str(_("A token lasts at most two years.")))
    secret = PREFIX + secrets.token_urlsafe(32)
    with serialised():
        if user.api_tokens.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_TOKENS:
            raise TokenRefused(str(_("You have too many tokens. Revoke those that are not used any more.")))
        token = ApiToken(
            user=user, name=name, scopes=chosen, secret_sha256=_secret_sha256(secret), expires_at=now + lifetime
        )
        token.full_clean()
        token.save()
        audit.record_event(user, "token-created", name, scopes=chosen, until=token.expires_at)
    return token, secret


def revoke_token(token: ApiToken, *, actor: User) -> None:
    """End a token at once; one that has ended stays as it is."""
    with serialised():
        if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record_event(actor, "token-revoked", token.name, user=token.user.get_username())


def find_token(secret: str, now: dt.datetime | None = None) -> ApiToken | None:
    """Return the token in force with a secret, of an active user; None where there is none. Its use is noted."""
    if not secret.startswith(PREFIX) or len(secret) > 100:
        return None
    now = now or timezone.now()
    token = (
        ApiToken.objects.select_related("user")
        .filter(secret_sha256=_secret_sha256(secret), revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token is not None and (token.last_used_at is None or now - token.last_used_at > _NOTE_EVERY):
        _note_use(token, now)
    return token


def _note_use(token: ApiToken, now: dt.datetime) -> None:
    """Write when a token was used; where the database takes nothing in, an alert does not wait for it."""
    try:
        with database.short_lock_wait(_NOTE_WAIT_S):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except DatabaseError as error:
        if fault_of(error) is None:
            raise


def _secret_sha256(secret: str) -> str:
    # A secret of 256 random bits needs no slow hash: nobody can try them all.
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
