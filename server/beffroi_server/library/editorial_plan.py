"""The editorial plan: what is to be written, by whom, for which day; and what has been written for it."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core.transactions import serialised
from beffroi_server.library.models import Announcement
from beffroi_server.library.plan_models import PlannedAnnouncement

DONE_SHOWN = dt.timedelta(days=14)
"""For how long what was written stays in the plan, from its day on."""


def open_plan(today: dt.date) -> QuerySet[PlannedAnnouncement]:
    """Return what is to be written, the earliest day first, with what was written for the present and coming days."""
    waiting = Q(announcement=None)
    planned = PlannedAnnouncement.objects.filter(waiting | Q(due_on__gte=today - DONE_SHOWN))
    return planned.select_related("writer", "announcement")


def save_planned(planned: PlannedAnnouncement, *, user: User | None) -> None:
    """Add something to the plan or save a change of it.

    Raises:
        NotPermitted: the user does not publish.
        ValidationError: a value is not valid.
    """
    require(user, "may_edit")
    with serialised():
        before, created = audit.stored_values(planned), planned._state.adding
        planned.full_clean()
        planned.save()
        action = "plan-added" if created else "plan-changed"
        audit.record_event(user, action, planned, **audit.changes_since(before, planned))


def remove_planned(planned: PlannedAnnouncement, *, user: User | None) -> None:
    """Remove something from the plan; what was written for it stays.

    Raises:
        NotPermitted: the user does not publish.
    """
    require(user, "may_edit")
    with serialised():
        audit.record_event(user, "plan-removed", planned)
        planned.delete()


def mark_written(key: int, announcement: Announcement, *, user: User) -> None:
    """Note which announcement was written for something planned; nothing where it is gone, or written already.

    Nothing either where it is for somebody else to write, and the user does not change the plan.
    """
    rows = PlannedAnnouncement.objects.filter(pk=key, announcement=None)
    if not user.may_edit:
        rows = rows.filter(writer=user)
    rows.update(announcement=announcement)
