"""Second factor of users: codes of an authenticator app, passkeys and recovery codes, stored and checked by allauth.

Who can take every screen, that is officers and administrators, may be asked to have one (``Town.second_factor_since``).
Nobody is locked out by that: what is due after ``GRACE`` is asked for on every page but those of alerts.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town, UsedCode, User
from beffroi_server.accounts.user_management import check_manages
from beffroi_server.core.transactions import serialised

GRACE = dt.timedelta(days=14)
"""Days after the town began to ask for a second factor, or after somebody joined, until it is due."""
MAX_PASSKEYS = 10
MAX_CODE_LENGTH = 20
CODE_LIFETIME = dt.timedelta(minutes=5)
"""Longer than a code of an authenticator app is valid; then the same digits may come again by chance."""


def has_second_factor(user: User) -> bool:
    """Tell whether a user has an authenticator app or a passkey."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user=user, type__in=kinds).exists())


def due_at(user: User, town: Town) -> dt.datetime | None:
    """Return when a second factor is due of a user who has none; None where none is asked for.

    Takes a query only where the town asks for one of such a user.
    """
    if town.second_factor_since is None or not user.may_alert or has_second_factor(user):
        return None
    return max(town.second_factor_since, user.date_joined) + GRACE


def is_owed(user: User, town: Town, now: dt.datetime) -> bool:
    """Tell whether a second factor is due of a user who has none."""
    due = due_at(user, town)
    return due is not None and due <= now


def check_code(user: User, code: str) -> bool:
    """Tell whether a code is one of the authenticator app now, or a recovery code, and use it up."""
    code = "".join(code.split())[:MAX_CODE_LENGTH]
    if not (code.isascii() and code.isdigit()):
        return False
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        found = Authenticator.objects.filter(user=user, type=kind).first()
        if found is not None and found.wrap().validate_code(code) and _use_code(user, code):
            found.record_usage()
            return True
    return False


def _use_code(user: User, code: str) -> bool:
    """Remember that a code was accepted; return whether it was not before.

    The library remembers it too, but in the memory of one process, and a server may have several.
    """
    now = timezone.now()
    with serialised():
        UsedCode.objects.filter(used_at__lt=now - CODE_LIFETIME).delete()
        _used, is_new = UsedCode.objects.get_or_create(user=user, code=code, defaults={"used_at": now})
    return is_new


def check_passkey(user: User, answer: dict[str, Any]) -> bool:
    """Tell whether the answer of a browser is that of a passkey of a user, to the challenge in the session."""
    try:
        webauthn.complete_authentication(user, answer).record_usage()
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return False
    return True


def user_of_passkey(answer: dict[str, Any]) -> User | None:
    """Return the active user whom the answer of a browser names; it is not checked yet."""
    try:
        user = webauthn.extract_user_from_response(answer)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return user if isinstance(user, User) and user.is_active else None


def add_app(user: User, secret: str, code: str) -> list[str] | None:
    """Add an authenticator app; return the recovery codes, or None where the code is not one of the app now."""
    if not totp.validate_totp_code(secret, "".join(code.split())[:MAX_CODE_LENGTH]):
        return None
    with serialised():
        Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
        totp.TOTP.activate(user, secret)
        audit.record_event(user, "second-factor-added", user, kind="app")
        return _recovery_codes(user)


def add_passkey(user: User, name: str, answer: dict[str, Any]) -> list[str] | None:
    """Add a passkey by the answer of a browser; return the recovery codes, or None where the answer is not right."""
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count() >= MAX_PASSKEYS:
        return None
    try:
        webauthn.complete_registration(answer)
        with serialised():
            webauthn.WebAuthn.add(user, name, answer)
            audit.record_event(user, "second-factor-added", user, kind="passkey", name=name)
            return _recovery_codes(user)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, IntegrityError):
        return None


def renew_recovery_codes(user: User) -> list[str]:
    """Replace the recovery codes of a user; the former ones are worth nothing."""
    with serialised():
        Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
        audit.record_event(user, "recovery-codes-made", user)
        return _recovery_codes(user)


def remove_factor(user: User, pk: int) -> bool:
    """Remove an app or a passkey of a user, and with the last one the recovery codes; return whether there was one."""
    with serialised():
        found = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES).filter(user=user, pk=pk).first()
        if found is None:
            return False
        found.delete()
        if not has_second_factor(user):
            Authenticator.objects.filter(user=user).delete()
        audit.record_event(user, "second-factor-removed", user)
    return True


def reset_second_factor(user: User, *, actor: User) -> None:
    """Remove every factor of a user who lost the telephone, as an administrator.

    Raises:
        NotPermitted: the actor is no administrator.
    """
    check_manages(actor, user)
    with serialised():
        Authenticator.objects.filter(user=user).delete()
        audit.record_event(actor, "second-factor-reset", user)


def _recovery_codes(user: User) -> list[str]:
    codes: list[str] = RecoveryCodes.activate(user).get_unused_codes()
    return codes
