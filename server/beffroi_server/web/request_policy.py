"""What the HTTP server asks of the application before it serves a request: its kind, and who sends a large body."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.http.cookie import parse_cookie

from beffroi_content.wire.capture_png import SIZE_LIMIT
from beffroi_server.accounts import api_tokens
from beffroi_server.accounts.models import User
from beffroi_server.core import database
from beffroi_server.core.http_server.body_permits import BodySender
from beffroi_server.core.http_server.request_threads import RequestKind
from beffroi_server.fleet.device_credentials import screen_of_token
from beffroi_server.outside_warnings import webhooks

_CONTINUAL = re.compile(r"/alerts/(?:preview\.png|preview/|planned/|on-call/|[^/]+/receipts/)")
"""Addresses of alerts that pages ask for all the time, or that are drawn: they have no part in broadcasting."""
_API_ALERT = re.compile(r"/cap/|/api/v1/(?:alerts|alert-proposals)(?:$|/(?!preview))")
"""Addresses of the API that broadcast, extend or end an alert, and that at which sources send warnings."""
BODY_OVERHEAD = 64 * 1024
"""Bytes of a body besides its files: other fields, and the lines between."""


def request_kind(method: str, path: str) -> RequestKind:
    """Return which threads serve a request."""
    path = "/" + path.lstrip("/")
    if path.startswith("/public/"):
        return RequestKind.PUBLIC
    if path.startswith(("/api/", "/cap/", "/metrics", "/health")):
        is_alert = method == "POST" and _API_ALERT.match(path) is not None
        return RequestKind.API_ALERT if is_alert else RequestKind.API
    if path.startswith(settings.STATIC_URL):
        return RequestKind.ALERT
    if path.startswith("/alerts/"):
        return RequestKind.PAGE if _CONTINUAL.match(path) else RequestKind.ALERT
    if path.startswith("/device/"):
        return RequestKind.DEVICE
    return RequestKind.SIGN_IN if path.startswith("/sign-in/") else RequestKind.PAGE


def is_essential(path: str) -> bool:
    """Tell whether a request must succeed while the disk is full: alerts, and the way to them."""
    return path.startswith(("/alerts/", "/sign-in/", "/api/v1/alerts", "/api/v1/alert-proposals", "/cap/"))


def body_sender(headers: Mapping[str, str]) -> BodySender | None:
    """Return who sends a request, by session, or by the token of a device or of the API; None for anybody else.

    Args:
        headers: Their names in capitals with underscores, as the HTTP server has them.
    """
    return database.with_fresh_connection(
        lambda: _token_sender(headers) or _warning_sender(headers) or _user_sender(headers)
    )


def _token_sender(headers: Mapping[str, str]) -> BodySender | None:
    scheme, _space, secret = headers.get("AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    if secret.startswith(api_tokens.PREFIX):
        token = api_tokens.find_token(secret.strip())
        return None if token is None else BodySender(f"token {token.pk}", _body_limit(token.user))
    screen = screen_of_token(secret)
    return BodySender(f"screen {screen.pk}", SIZE_LIMIT) if screen is not None else None


def _warning_sender(headers: Mapping[str, str]) -> BodySender | None:
    secret = headers.get("CAP_WEBHOOK_AUTH", "")
    source = webhooks.source_of_secret(secret) if secret else None
    return BodySender(f"source {source.pk}", webhooks.BODY_LIMIT) if source is not None else None


def _user_sender(headers: Mapping[str, str]) -> BodySender | None:
    key = parse_cookie(headers.get("COOKIE", "")).get(settings.SESSION_COOKIE_NAME)
    if not key:
        return None
    request = HttpRequest()
    request.session = SessionStore(key)
    user = get_user(request)
    if not isinstance(user, User) or not user.is_active:
        return None
    return BodySender(f"user {user.pk}", _body_limit(user))


def _body_limit(user: User) -> int:
    return (settings.UPLOAD_LIMIT if user.may_write else settings.DATA_UPLOAD_MAX_MEMORY_SIZE) + BODY_OVERHEAD
