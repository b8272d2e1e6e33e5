"""Sessions of users: noted at each sign-in with browser and network, listed, and ended."""

from __future__ import annotations

import logging
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.user_management import check_manages
from beffroi_server.core.database_faults import fault_of
from beffroi_server.core.transactions import serialised

logger = logging.getLogger(__name__)
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing listens there: no address is known


def note_session(*, request: HttpRequest, user: User, **_signal: Any) -> None:
    """Note who signed in from where; a receiver of ``user_logged_in``. A full disk keeps nobody from signing in."""
    try:
        UserSession.objects.create_from_request(request, user=user)
    except DatabaseError as error:
        if fault_of(error) is None:
            raise
        logger.warning("the session of %s is not listed: %s", user, error)


def sessions_of(user: User) -> list[UserSession]:
    """Return the sessions of a user that have not ended, the newest first."""
    found = list(UserSession.objects.filter(user=user).order_by("-created_at"))
    # The library's own list asks for each session on its own.
    rows = Session.objects.filter(pk__in=[each.session_key for each in found], expire_date__gt=timezone.now())
    hashes = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    # A session from before a change of the password is over, too.
    kept = {row.pk for row in rows if row.get_decoded().get(HASH_SESSION_KEY) in hashes}
    ended = [each.pk for each in found if each.session_key not in kept]
    if ended:
        UserSession.objects.filter(pk__in=ended).delete()
    return [each for each in found if each.session_key in kept]


def delete_ended() -> int:
    """Delete what is kept of sessions that are over, network address and browser; return how many there were."""
    going_on = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    return int(UserSession.objects.exclude(session_key__in=going_on).delete()[0])


def end_session(user: User, pk: int, *, actor: User) -> bool:
    """End one session of a user, by the user or an administrator; return whether there was one.

    Raises:
        NotPermitted: it is somebody else's, and the actor is no administrator.
    """
    if actor != user:
        check_manages(actor, user)
    with serialised():
        found = UserSession.objects.filter(user=user, pk=pk).first()
        if found is not None:
            found.end()
            audit.record_event(actor, "session-ended", user)
    return found is not None


def end_all_sessions(user: User, *, actor: User) -> int:
    """End every session of a user, as an administrator; return how many there were.

    Raises:
        NotPermitted: the actor is no administrator.
    """
    check_manages(actor, user)
    with serialised():
        count = end_sessions(user)
        audit.record_event(actor, "sessions-ended", user, sessions=count)
    return count


def end_sessions(user: User, *, but: str | None = None) -> int:
    """End the sessions of a user, all but one with a given key; return how many."""
    found = list(UserSession.objects.filter(user=user).exclude(session_key=but or ""))
    for each in found:
        each.end()
    return len(found)
