"""Periodic jobs of accounts: checking the audit trail, removing links, sessions and undo entries that are over."""

from __future__ import annotations

import datetime as dt
import logging

from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from beffroi_server.accounts import audit, undo, user_sessions
from beffroi_server.accounts.models import LinkKind, SignInLink
from beffroi_server.core.jobs import PeriodicJob

logger = logging.getLogger(__name__)
KEPT = dt.timedelta(days=30)
"""For so long a link that is over is kept; the audit trail keeps its use for good."""


def clean_accounts() -> None:
    """Remove links that ended, and sessions that expired, long ago. The last emergency code of a user is kept."""
    SignInLink.objects.exclude(kind=LinkKind.SEALED).filter(expires_at__lt=timezone.now() - KEPT).delete()
    SessionStore.clear_expired()
    user_sessions.delete_ended()
    undo.delete_expired()


def check_audit_trail() -> None:
    """Check the whole audit trail, and say in the log that it was altered."""
    broken = audit.check_trail(is_whole=True).broken
    if broken is not None:
        logger.error("the audit trail was altered, or lacks something, at event %d of %s", broken.pk, broken.at)


JOBS = (
    PeriodicJob("account-cleanup", 24 * 3600, lambda _stopping: clean_accounts()),
    PeriodicJob("audit-check", 3600, lambda _stopping: check_audit_trail()),
)
