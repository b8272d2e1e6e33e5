"""What people and players are told when nothing could be stored or a body was not read, and room for what must be."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views import defaults
from django.views.decorators.csrf import requires_csrf_token

from beffroi_server.core import database, disk_space
from beffroi_server.core.database_faults import StorageFault, fault_of
from beffroi_server.core.http_server.connections import REFUSED_BODY
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.web.request_policy import is_essential

logger = logging.getLogger(__name__)
_DEVICE_PATH, _SIGN_IN_PATH, _API_PATH = "/device/", "/sign-in/", "/api/"
SESSION_WAIT_S = 0.5
"""Seconds for which a page that is only looked at waits for the database to note that its messages were read."""
_BODY_STATUS = {"unknown-sender": 401, "too-large": 413, "too-many": 503, "no-room": 507}
_BODY_DETAILS = {
    "unknown-sender": "a body of this size is only read of enrolled screens and of people who are signed in",
    "too-large": "the body is larger than anything that is sent here",
    "too-many": "too many large bodies are being received: try again in a minute",
    "no-room": "the disk of the server is full",
}
_FAULT_DETAILS = {
    StorageFault.DISK_FULL: "the disk of the server is full",
    StorageFault.LOCKED: "another program holds the database of the server: try again in a minute",
}
RETRY_AFTER_S = 60


class RefusedBodyMiddleware:
    """Middleware that answers requests of which the HTTP server did not read the body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        code = request.META.get(REFUSED_BODY)
        if code is None:
            return self._get_response(request)
        return _problem_response(request, _BODY_STATUS[code], code, _BODY_DETAILS[code])


class LenientSessionMiddleware(SessionMiddleware):
    """Sessions that do not fail a page that is only looked at, where nothing can be stored: its messages come again."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Save the session where it changed."""
        is_looked_at = request.method in {"GET", "HEAD"} and not request.path.startswith(_SIGN_IN_PATH)
        try:
            if not is_looked_at or not request.session.modified:
                return super().process_response(request, response)
            with database.short_lock_wait(SESSION_WAIT_S):
                return super().process_response(request, response)
        except (DatabaseError, SessionInterrupted) as error:
            # Django takes any fault of the database here for a session that was deleted, and answers 400.
            if fault_of(error) is None:
                raise
            if not is_looked_at:
                raise DatabaseError("the session cannot be stored") from error
            logger.warning("the session of somebody who looks at %s is not stored: %s", request.path, error)
            return response


class EssentialRoomMiddleware:
    """Middleware that gives back a part of the disk's reserve before an alert or a sign-in, where the disk is full."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and is_essential(request.path):
            disk_space.make_essential_room()
        return self._get_response(request)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed: with the reason where it is the disk, the database or a key; else 500."""
    error = sys.exc_info()[1]
    if isinstance(error, KeysMissing):
        return _problem_response(request, 503, "no-keys", str(error))
    fault = fault_of(error)
    if fault is StorageFault.DISK_FULL:
        return _problem_response(request, 507, fault.value, _FAULT_DETAILS[fault])
    if fault is StorageFault.LOCKED:
        return _problem_response(request, 503, fault.value, _FAULT_DETAILS[fault])
    if request.path.startswith(_API_PATH):
        return _problem_response(request, 500, "fault", "the server made a mistake, which is in its log")
    return defaults.server_error(request)


def _problem_response(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """Return JSON for a player or another program, and a page for a person."""
    response: HttpResponse
    if request.path.startswith(_API_PATH):
        problem = {"type": f"urn:beffroi:problem:{code}", "title": code, "status": status, "detail": detail,
                   "next_step": "", "fields": []}  # fmt: skip
        response = JsonResponse(problem, status=status, content_type="application/problem+json")
    elif request.path.startswith(_DEVICE_PATH):
        response = JsonResponse({"error": code, "detail": detail}, status=status)
    else:
        response = render(
            request, "web/storage_problem.html", {"status": status, "code": code, "detail": detail}, status=status
        )
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response
