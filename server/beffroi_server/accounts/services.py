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
from beffroi_server.accounts import audit, user_management
from beffroi_server.accounts.errors import LastAdministratorError, SignInLinkInvalid
from beffroi_server.accounts.events import town_changed
from beffroi_server.accounts.models import LinkKind, SignInLink, Town, User, UserRole
from beffroi_server.accounts.permissions import require
from beffroi_server.accounts.user_sessions import end_sessions
from beffroi_server.core.transactions import serialised

EMERGENCY_LIFETIME = dt.timedelta(days=366)
INVITATION_LIFETIME, LINK_LIFETIME = dt.timedelta(days=7), dt.timedelta(days=1)
RESET_LIFETIME = dt.timedelta(hours=1)
_CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""No 0, 1, I, O: somebody types the code from paper, at night."""
_CODE_GROUPS, _CODE_GROUP_LENGTH = 5, 5


def create_sign_in_link(
    user: User, lifetime: dt.timedelta = dt.timedelta(hours=1), kind: LinkKind = LinkKind.LINK
) -> str:
    """Return an address that signs a user in once, within its lifetime. Only a hash of its token is stored."""
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        user=user, token_sha256=_token_sha256(token), expires_at=timezone.now() + lifetime, kind=kind
    )
    return sign_in_address(token)


def create_printed_link(user: User, lifetime: dt.timedelta, kind: LinkKind = LinkKind.LINK) -> str:
    """Return an address that signs a user in once, for a command of the server to print.

    Whoever may run commands may sign in as anybody; the audit trail says so.
    """
    with serialised():
        audit.record_event(None, "link-printed", user, until=timezone.now() + lifetime, kind=str(kind))
        return create_sign_in_link(user, lifetime, kind)


def use_sign_in_link(token: str, now: dt.datetime) -> SignInLink:
    """Use up a link and return it with the user whom it signs in.

    Raises:
        SignInLinkInvalid: it is unknown, used or expired, or the user may not sign in any more.
    """
    links = SignInLink.objects.filter(token_sha256=_token_sha256(token), user__is_active=True)
    with serialised():
        # The row count decides between two who use the same link at once.
        if not links.filter(used_at=None, expires_at__gt=now).update(used_at=now):
            raise SignInLinkInvalid
        link = links.select_related("user").get()
        is_sealed = link.kind == LinkKind.SEALED
        audit.record_event(link.user, "emergency-code-used" if is_sealed else "link-used", link.user)
    return link


def create_emergency_code(user: User, *, actor: User | None = None) -> str:
    """Return a code that signs a user in once, within a year, whatever else is locked; only a hash of it is stored.

    It is written for paper: five groups of five characters, 125 bits. A former one of the user that was not used ends.
    """
    groups = ("".join(secrets.choice(_CODE_ALPHABET) for _ in range(_CODE_GROUP_LENGTH)) for _ in range(_CODE_GROUPS))
    code = "-".join(groups)
    with serialised():
        SignInLink.objects.filter(user=user, kind=LinkKind.SEALED, used_at=None).delete()
        SignInLink.objects.create(
            user=user,
            token_sha256=_token_sha256(code),
            expires_at=timezone.now() + EMERGENCY_LIFETIME,
            kind=LinkKind.SEALED,
        )
        audit.record_event(actor, "emergency-code-created", user)
    return code


def sign_in_address(token: str) -> str:
    """Return the address that signs in with a token or an emergency code."""
    return f"{settings.PUBLIC_URL}/sign-in/{token}/"


def emergency_code_of(user: User) -> SignInLink | None:
    """Return the newest emergency code of a user, used or not; None if there never was one."""
    return SignInLink.objects.filter(user=user, kind=LinkKind.SEALED).order_by("-pk").first()


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

    Whom a local administrator adds is limited to the same groups.

    Raises:
        NotPermitted: the actor is no administrator, or a local one who would make an administrator.
        ValidationError: the user name is taken or not one.
    """
    user_management.check_role(actor, str(role))
    with serialised():
        user = User(username=username, role=UserRole(role), **values)
        user.is_limited_to_groups |= user_management.has_local_scope(actor)
        user.set_password(password)
        user.full_clean()
        user.save()
        if actor is not None and user_management.has_local_scope(actor):
            user.scope_groups.set(actor.scope_groups.all())
        audit.record_event(actor, "user-created", user, role=str(user.role))
    return user


def update_town(town: Town, *, user: User | None, logo: tuple[str, str] = ("", "")) -> None:
    """Save changes of the town. What every screen shows depends on it: all are published again.

    Args:
        town: With its new values.
        user: Who does it; None for the server.
        logo: Names of its logo before and after: the library stores it.

    Raises:
        NotPermitted: the user is no administrator.
        ValidationError: a value is not valid.
    """
    require(user, "may_administer")
    with serialised():
        town.full_clean()
        before = audit.stored_values(town)
        town.save()
        audit.record_event(
            user, "town-changed", town.name, **audit.changes_since(before | {"logo": logo[0]}, town, logo=logo[1])
        )
        town_changed.send(town)


def update_setting(town: Town, name: str, *, user: User | None) -> None:
    """Save one field of the town that no screen depends on.

    Raises:
        NotPermitted: the user is no administrator.
    """
    require(user, "may_administer")
    with serialised():
        before = audit.stored_values(town)
        town.save(update_fields=[name])
        audit.record_event(user, "town-changed", town.name, **audit.changes_since(before, town))


def update_user(changed: User, *, actor: User | None) -> None:
    """Save changes of a user. Whoever may not sign in any more is signed out everywhere.

    Args:
        changed: With its new values.
        actor: The administrator who does it; None for the server.

    Raises:
        LastAdministratorError: no active administrator would be left.
        NotPermitted: the actor does not administer this user, or may not give this role.
        ValidationError: a value is not valid.
    """
    user_management.check_manages(actor, changed)
    user_management.check_role(actor, changed.role)
    with serialised():
        was = User.objects.filter(pk=changed.pk, role=UserRole.ADMINISTRATOR, is_active=True).exists()
        if was and not (changed.is_active and changed.may_administer):
            check_last_administrator(changed)
        changed.full_clean()
        before = audit.stored_values(changed)
        changed.save()
        audit.record_event(actor, "user-changed", changed, **audit.changes_since(before, changed))
        if not changed.is_active:
            end_sessions(changed)
            _end_sign_in_links(changed)


def check_last_administrator(user: User) -> None:
    """Refuse to take away a user after whom no active administrator would be left.

    Raises:
        LastAdministratorError: there is no other one.
    """
    others = User.objects.filter(role=UserRole.ADMINISTRATOR, is_active=True).exclude(pk=user.pk)
    if not others.exists():
        raise LastAdministratorError


def update_account(user: User) -> None:
    """Save the name that a user gave to the own account."""
    with serialised():
        user.full_clean()
        before = audit.stored_values(user)
        user.save(update_fields=["first_name", "last_name"])
        audit.record_event(user, "account-changed", user, **audit.changes_since(before, user))


def set_password(user: User, password: str) -> None:
    """Set a new password. The other sessions of the user end, and links that were not used; an emergency code stays."""
    with serialised():
        user.set_password(password)
        user.save(update_fields=["password"])
        _end_sign_in_links(user)
        audit.record_event(user, "password-changed", user)


def invite_user(invited: User, *, actor: User) -> str:
    """Return an address that signs a user in once: for a first sign-in within a week, otherwise within a day.

    Former ones that were not used end.
    """
    user_management.check_manages(actor, invited)
    is_new = invited.last_login is None
    with serialised():
        _end_sign_in_links(invited)
        audit.record_event(actor, "link-created", invited)
        if is_new:
            return create_sign_in_link(invited, INVITATION_LIFETIME, LinkKind.INVITATION)
        return create_sign_in_link(invited, LINK_LIFETIME)


def create_reset_link(user: User) -> str:
    """Return an address with which a user who forgot the password chooses another one, once, within an hour.

    A second factor is asked for all the same.
    """
    with serialised():
        SignInLink.objects.filter(user=user, kind=LinkKind.RESET, used_at=None).delete()
        audit.record_event(None, "reset-requested", user)
        return create_sign_in_link(user, RESET_LIFETIME, LinkKind.RESET)


def _end_sign_in_links(user: User) -> None:
    SignInLink.objects.exclude(kind=LinkKind.SEALED).filter(user=user, used_at=None).delete()


def _token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
