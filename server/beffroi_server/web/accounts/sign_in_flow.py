"""The way from a password, a link or the town's account to a session: over the second factor of who has one.

Between the two steps the session holds who it is, for ten minutes, and nobody is signed in. Wrong codes count by user,
whatever network they come from: whoever gets there knows the password, so that no stranger keeps an officer away by it,
and a device on which the user signed in before has a count of its own.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from beffroi_server.accounts import second_factor
from beffroi_server.accounts.models import User
from beffroi_server.core.attempt_throttle import AttemptThrottle
from beffroi_server.web.accounts.sign_in_attempts import known_device, remember_device

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
PENDING_KEY = "beffroi.pending-sign-in"
CHOOSES_PASSWORD_KEY = "beffroi.chooses-password"  # noqa: S105 - a name in the session
SIGNED_IN_KEY = "beffroi.signed-in-at"
PENDING_S = 600
CODE_LIMIT, CODE_INTERVAL_S = 10, 30.0
code_throttle = AttemptThrottle(CODE_LIMIT, CODE_INTERVAL_S)
"""By user, and by user and known device."""


class CodeAttempt:
    """One attempt to give a second factor.

    Args:
        request: Its cookie says whether it comes from a known device.
        user: Who gave the password.
    """

    def __init__(self, request: HttpRequest, user: User) -> None:
        self._key = f"{user.pk} {known_device(request, user.get_username())}"

    def wait_s(self) -> int:
        """Return for how many seconds it has to wait, rounded up; 0 if the code may be checked."""
        return int(-(-code_throttle.wait_s(self._key) // 1))

    def record_failure(self) -> None:
        """Count it as failed."""
        code_throttle.record_failure(self._key)

    def record_success(self) -> None:
        """Drop what failed before."""
        code_throttle.clear_failures(self._key)


def begin_sign_in(
    request: HttpRequest,
    user: User,
    following: str,
    *,
    chooses_password: bool = False,
    is_proven: bool = False,
) -> HttpResponse:
    """Sign a user in, or ask for the second factor first.

    Args:
        request: Of the page that proved who it is.
        user: Who it is.
        following: Address of our own to go on to.
        chooses_password: Whether a new password is chosen next, without the former one.
        is_proven: Whether no second factor is asked for.
    """
    if is_proven or not second_factor.has_second_factor(user):
        return finish_sign_in(request, user, following, chooses_password=chooses_password)
    request.session.cycle_key()
    request.session[PENDING_KEY] = {
        "user": user.pk,
        "password": user.get_session_auth_hash(),
        "at": time.time(),
        "following": following,
        "chooses_password": chooses_password,
    }
    return redirect("sign-in-second-factor")


def pending_user(request: HttpRequest) -> User | None:
    """Return who gave the password in this session within the last ten minutes, and may still sign in."""
    pending = request.session.get(PENDING_KEY)
    if not pending or not 0 <= time.time() - pending["at"] <= PENDING_S:
        return None
    user = User.objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not constant_time_compare(pending["password"], user.get_session_auth_hash()):
        return None
    return user


def finish_pending(request: HttpRequest, user: User) -> HttpResponse:
    """Sign in who has given the second factor."""
    pending: dict[str, Any] = request.session.pop(PENDING_KEY)
    return finish_sign_in(request, user, pending["following"], chooses_password=pending["chooses_password"])


def finish_sign_in(request: HttpRequest, user: User, following: str, *, chooses_password: bool = False) -> HttpResponse:
    """Begin the session of a user, remember the device, and go on."""
    auth.login(request, user, backend=MODEL_BACKEND)
    request.session[SIGNED_IN_KEY] = time.time()
    if chooses_password:
        request.session[CHOOSES_PASSWORD_KEY] = time.time()
        following = reverse("choose-password")
    response = HttpResponseRedirect(following)
    remember_device(response, user)
    return response


def may_choose_password(request: HttpRequest) -> bool:
    """Tell whether this session began with an invitation or a reset, within the last ten minutes."""
    begun = request.session.get(CHOOSES_PASSWORD_KEY)
    return isinstance(begun, float) and 0 <= time.time() - begun <= PENDING_S


def is_fresh(request: HttpRequest) -> bool:
    """Tell whether this session began within the last ten minutes, as changes of a second factor ask."""
    begun = request.session.get(SIGNED_IN_KEY)
    if isinstance(begun, float):
        # Not by the user's last sign-in: whoever finds a session open would wait for that.
        return 0 <= time.time() - begun <= PENDING_S
    user = request.user
    assert isinstance(user, User)
    return user.last_login is not None and 0 <= time.time() - user.last_login.timestamp() <= PENDING_S


def language_of(request: HttpRequest) -> str:
    """Return the language of the pages of a request."""
    return str(getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE))
