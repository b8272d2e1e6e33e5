"""Sessions of a user as a page lists them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from beffroi_server.accounts import user_sessions
from beffroi_server.accounts.models import User

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class SessionRow:
    """A session: on which device, since when."""

    pk: int
    device: str
    address: str
    begun_at: dt.datetime
    is_this: bool
    """True for the session that looks at the page."""


def session_rows(request: HttpRequest, user: User) -> list[SessionRow]:
    """Return the sessions of a user, the newest first."""
    return [
        SessionRow(
            pk=each.pk,
            device=device_name(each.user_agent),
            address=each.ip if each.ip != user_sessions.UNKNOWN_ADDRESS else "",
            begun_at=each.created_at,
            is_this=each.session_key == request.session.session_key,
        )
        for each in user_sessions.sessions_of(user)
    ]


def device_name(user_agent: str) -> str:
    """Return browser and system as people know them, such as “Firefox, Windows”."""
    found = [
        next((name for word, name in names if re.search(rf"\b{word}", user_agent)), "")
        for names in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(name for name in found if name) or _("Unknown browser")
