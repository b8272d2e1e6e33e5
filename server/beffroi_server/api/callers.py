"""Who calls the API, by token or by session, and what that lets them do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.utils import check_csrf

from beffroi_server.accounts import api_tokens, second_factor
from beffroi_server.accounts.api_tokens import SCOPES
from beffroi_server.accounts.models import ApiToken, Town, User
from beffroi_server.api.problems import ApiProblem
from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
request_throttle = AttemptThrottle(240, 0.25)
"""Requests that one caller may send at once, and the seconds after which it may send another."""
alert_throttle = AttemptThrottle(30, 2.0)
"""Likewise of requests that broadcast or change alerts: counted apart, so that other work never delays an alert."""
guess_throttle = AttemptThrottle(20, 3.0)
"""Wrong tokens from one network."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A user who calls the API, and the token by which; without one, by the session of a browser."""

    user: User
    token: ApiToken | None = None

    @property
    def key(self) -> str:
        """What tells callers apart."""
        return f"token {self.token.pk}" if self.token is not None else f"user {self.user.pk}"

    def may(self, scope: str) -> bool:
        """Tell whether the role of the user reaches a scope, and the token, if there is one, was made for it."""
        if not SCOPES[scope].is_allowed(self.user):
            return False
        return self.token is None or api_tokens.grants_scope(self.token.scopes, scope)


def identify_caller(request: HttpRequest) -> Caller:
    """Return who calls.

    Raises:
        ApiProblem: there is no valid token or session, or a session without the token against forged requests.
    """
    header = request.headers.get("Authorization", "")
    if header:
        return _caller_of_token(request, header)
    user = request.user
    if not isinstance(user, User):
        raise _unknown_caller(_("This takes a token of the API."))
    if request.method not in SAFE_METHODS and check_csrf(request) is not None:
        raise ApiProblem(
            403, "csrf", _("A request of a browser that changes something needs its CSRF token."),
            _("Send the value of the cookie “csrftoken” in the header X-CSRFToken, or use a token of the API."),
        )  # fmt: skip
    return Caller(user)


def check_rights(caller: Caller, scope: str) -> None:
    """Check that a caller may use a scope.

    Raises:
        ApiProblem: it may not.
    """
    if caller.may(scope):
        return
    if not SCOPES[scope].is_allowed(caller.user):
        raise ApiProblem(
            403, "role", _("Your role does not allow you to %(act)s.") % {"act": SCOPES[scope].label},
            _("Ask an administrator."),
        )  # fmt: skip
    raise ApiProblem(
        403, "scope", _("This token was not made to %(act)s.") % {"act": SCOPES[scope].label},
        _("Make a token with the scope “%(scope)s”.") % {"scope": scope},
    )  # fmt: skip


def check_permission(caller: Caller, permission: str) -> None:
    """Check that a property of the user holds, such as ``may_edit``; an empty one always does.

    Raises:
        ApiProblem: it does not.
    """
    if permission and not getattr(caller.user, permission):
        raise ApiProblem(403, "role", _("Your role does not allow you to do this."), _("Ask an administrator."))


def check_second_factor(caller: Caller, scope: str) -> None:
    """Refuse who owes a second factor everything but alerts, as the pages do, by a session and by a token.

    Raises:
        ApiProblem: it is due.
    """
    # No alert waits for it, nor for a query about it.
    if scope.startswith("alerts:") or not caller.user.may_alert:
        return
    town = Town.objects.first()
    if town is not None and second_factor.is_owed(caller.user, town, timezone.now()):
        raise ApiProblem(
            403, "second-factor", _("The town asks for a second factor of officers and administrators."),
            _("Set it up on the page “My account”."),
        )  # fmt: skip


def check_pace(caller: Caller, scope: str) -> None:
    """Count a request of a caller.

    Raises:
        ApiProblem: it sends too many.
    """
    throttle = alert_throttle if scope == "alerts:broadcast" else request_throttle
    if wait_s := throttle.wait_s(caller.key):
        raise _too_many(wait_s)
    throttle.record_failure(caller.key)


def _caller_of_token(request: HttpRequest, header: str) -> Caller:
    network = network_of(request.META.get("REMOTE_ADDR", ""))
    scheme, _space, secret = header.partition(" ")
    token = api_tokens.find_token(secret.strip()) if scheme.lower() == "bearer" else None
    if token is not None:
        return Caller(token.user, token)
    # Counted after the look-up: whoever guesses from a network keeps nobody away who has a token.
    if wait_s := guess_throttle.wait_s(network):
        raise _too_many(wait_s)
    guess_throttle.record_failure(network)
    raise _unknown_caller(_("This token is unknown, revoked or over."))


def _unknown_caller(sentence: str) -> ApiProblem:
    step = _("Make a token on the page “API tokens”, and send it as “Authorization: Bearer …”.")
    return ApiProblem(401, "no-token", sentence, step, headers={"WWW-Authenticate": "Bearer"})


def _too_many(wait_s: float) -> ApiProblem:
    wait = math.ceil(wait_s)
    return ApiProblem(
        429, "too-many-requests", _("There are too many requests."),
        _("Wait %(seconds)d s, then send fewer.") % {"seconds": wait}, headers={"Retry-After": str(wait)},
    )  # fmt: skip
