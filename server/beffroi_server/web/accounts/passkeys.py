"""Challenges for passkeys, as JSON that the script of a page hands to the browser."""

from __future__ import annotations

import json
from typing import Any

from allauth.mfa.webauthn.internal import auth as webauthn

from beffroi_server.accounts.models import User

MAX_ANSWER = 20_000
"""Characters of what a browser answers."""


def request_options(user: User | None) -> dict[str, Any]:
    """Return the challenge to sign in: for the passkeys of a user, or for any that the browser has.

    It is kept in the session until it is answered. Empty for a user without a passkey.
    """
    if user is not None and not webauthn.get_credentials(user):
        return {}
    return _as_json(webauthn.begin_authentication(user))


def creation_options(user: User) -> dict[str, Any]:
    """Return the challenge to make a passkey that signs a user in by itself; it is kept in the session."""
    return _as_json(webauthn.begin_registration(user, passwordless=True))


def parse_answer(text: str) -> dict[str, Any] | None:
    """Return what a browser answered, as an object; None for anything else."""
    try:
        found = json.loads(text[:MAX_ANSWER])
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _as_json(options: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(options, default=dict))
    return found
