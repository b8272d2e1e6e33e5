"""Periodic jobs of accounts: removing sign-in links, sessions and undo entries that are over."""

from __future__ import annotations

import datetime as dt

from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from beffroi_server.accounts import undo
from beffroi_server.accounts.models import SignInLink
from beffroi_server.core.jobs import PeriodicJob

KEPT = dt.timedelta(days=30)
"""For so long a link that is over is kept; the audit trail keeps its use for good."""


def clean_accounts() -> None:
    """Remove links that ended, and sessions that expired, long ago. The last emergency code of a user is kept."""
    SignInLink.objects.filter(is_sealed=False, expires_at__lt=timezone.now() - KEPT).delete()
    SessionStore.clear_expired()
    undo.delete_expired()


JOBS = (PeriodicJob("account-cleanup", 24 * 3600, lambda _stopping: clean_accounts()),)
