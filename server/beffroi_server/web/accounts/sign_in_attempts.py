"""Limits of attempts to sign in, such that strangers who guess keep nobody else away.

Failures count for the pair of user name and network, and for the network. A device on which a user signed in before
carries a signed cookie and has a count of its own, so that an officer signs in on it whatever others try, even from the
same network. No count is kept by user name alone: anybody could lock an officer out by it.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from beffroi_server.accounts.models import User
from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of

DEVICE_COOKIE = "beffroi_device"
DEVICE_COOKIE_AGE_S = 400 * 86_400
"""The longest that browsers keep a cookie."""
NAME_LIMIT, NAME_INTERVAL_S = 20, 30.0
NETWORK_LIMIT, NETWORK_INTERVAL_S = 60, 5.0
name_throttle = AttemptThrottle(NAME_LIMIT, NAME_INTERVAL_S)
"""By user name and network, or by user name and known device."""
network_throttle = AttemptThrottle(NETWORK_LIMIT, NETWORK_INTERVAL_S)
"""By network: one host cannot try one password with many names."""


class SignInAttempt:
    """One attempt to sign in with a user name.

    Args:
        request: Its address and its cookie say who tries.
        username: As it was typed.
    """

    def __init__(self, request: HttpRequest, username: str) -> None:
        self._network = network_of(request.META.get("REMOTE_ADDR", ""))
        device = known_device(request, username)
        self._is_known = bool(device)
        self._key = f"{username.casefold()} {device or self._network}"

    def wait_s(self) -> int:
        """Return for how many seconds it has to wait, rounded up; 0 if the password may be checked."""
        wait = name_throttle.wait_s(self._key)
        if not self._is_known:
            wait = max(wait, network_throttle.wait_s(self._network))
        return int(-(-wait // 1))

    def record_failure(self) -> None:
        """Count it as failed."""
        name_throttle.record_failure(self._key)
        if not self._is_known:
            network_throttle.record_failure(self._network)

    def record_success(self) -> None:
        """Drop what failed before with this name from here."""
        name_throttle.clear_failures(self._key)


def remember_device(response: HttpResponse, user: User) -> None:
    """Give the browser of a user who signed in the cookie of a known device."""
    response.set_signed_cookie(
        DEVICE_COOKIE,
        f"{user.get_username().casefold()} {secrets.token_hex(8)}",
        salt=DEVICE_COOKIE,
        max_age=DEVICE_COOKIE_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def known_device(request: HttpRequest, username: str) -> str:
    """Return the identifier of the device if this user signed in on it before; otherwise nothing."""
    value = request.get_signed_cookie(DEVICE_COOKIE, "", salt=DEVICE_COOKIE, max_age=DEVICE_COOKIE_AGE_S)
    name, _space, device = str(value).rpartition(" ")
    return device if name == username.casefold() else ""
