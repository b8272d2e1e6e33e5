"""Taking back what one has just done: entries that live for fifteen minutes, and the one place that knows each kind.

A service that can be undone records an entry in its own transaction, with whatever it needs to restore. The package of
that service registers its kind when Django starts::

    undo.register_undo("taken-off", describe=..., restore=...)      # schedule/apps.py
    entry = undo.record_undo(user, "taken-off", announcements, ids=[...])
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts import audit
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.core.transactions import serialised

UNDO_PERIOD = dt.timedelta(minutes=15)
"""For how long something can be undone."""
MAX_UNDOABLE = 20
"""Entries of one user that are kept at most; the oldest go first."""


class UndoRefused(Exception):
    """Something can no longer be undone; ``message`` says why, for people."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class UndoKind:
    """How one kind of act is told and undone."""

    describe: Callable[[UndoEntry], str]
    """Returns what was done as a sentence, in the language of the request."""
    restore: Callable[[UndoEntry, User], int]
    """Restores the state of before; returns how many of ``UndoEntry.count`` things it restored. Those that somebody
    changed meanwhile stay as they are."""


@dataclass(frozen=True)
class UndoResult:
    """What became of an undo: the entry, and the number of things that are as they were before."""

    entry: UndoEntry
    restored: int

    def __str__(self) -> str:
        text = _("Undone: %(what)s") % {"what": describe_entry(self.entry)}
        left = self.entry.count - self.restored
        if left <= 0:
            return text
        rest = ngettext(
            "%(count)d was changed in the meantime and stays as it is.",
            "%(count)d were changed in the meantime and stay as they are.",
            left,
        )
        return f"{text} {rest % {'count': left}}"


_kinds: dict[str, UndoKind] = {}


def register_undo(
    kind: str, *, describe: Callable[[UndoEntry], str], restore: Callable[[UndoEntry, User], int]
) -> None:
    """Say how a kind of act is told and undone; called once for each kind, when Django starts."""
    _kinds[kind] = UndoKind(describe, restore)


def record_undo(user: User | None, kind: str, subjects: Sequence[object], **data: Any) -> UndoEntry | None:
    """Record an act, in its transaction, so that its user can undo it for ``UNDO_PERIOD``.

    Args:
        user: Who did it; nobody can undo what the server itself did, and nothing is recorded then.
        kind: A registered kind.
        subjects: What it was done to; the text of the first is its name.
        data: What the kind needs to restore; anything that JSON holds.
    """
    if user is None or not subjects:
        return None
    now = timezone.now()
    own = UndoEntry.objects.filter(user=user)
    own.filter(pk__in=list(own.values_list("pk", flat=True)[MAX_UNDOABLE - 1 :])).delete()
    return UndoEntry.objects.create(
        user=user, kind=kind, subject=str(subjects[0])[:200], count=len(subjects), data=data,
        created_at=now, expires_at=now + UNDO_PERIOD,
    )  # fmt: skip


def undo_act(key: uuid.UUID, user: User) -> UndoResult:
    """Restore what was before an act of a user.

    Raises:
        UndoRefused: it is over, was undone before, is somebody else's, all of it was changed meanwhile, or the user may
            not do that any more.
    """
    with serialised():
        entry = UndoEntry.objects.select_for_update().filter(pk=key, user=user).first()
        if entry is None or entry.kind not in _kinds:
            raise UndoRefused(_("This can no longer be undone."))
        if entry.undone_at is not None:
            raise UndoRefused(_("This has already been undone."))
        if entry.expires_at <= timezone.now():
            raise UndoRefused(_("This can no longer be undone: more than 15 minutes have passed."))
        restored = _restored(entry, user)
        if not restored:
            raise UndoRefused(_("Nothing was undone: all of it was changed in the meantime."))
        entry.undone_at = timezone.now()
        entry.save(update_fields=["undone_at"])
        audit.record_event(user, "act-undone", entry.subject, kind=entry.kind, count=restored)
    return UndoResult(entry, restored)


def _restored(entry: UndoEntry, user: User) -> int:
    """Return how many things are as they were before.

    Raises:
        UndoRefused: the user may no longer do that, or what was before is no longer valid.
    """
    try:
        return _kinds[entry.kind].restore(entry, user)
    except NotPermitted as refused:
        raise UndoRefused(refused.message) from refused
    except ValidationError as refused:
        raise UndoRefused(" ".join(refused.messages)) from refused


def undoable_entries(user: User) -> list[UndoEntry]:
    """Return what a user can undo now, the newest first."""
    entries = UndoEntry.objects.filter(user=user, undone_at=None, expires_at__gt=timezone.now())
    return [entry for entry in entries[:MAX_UNDOABLE] if entry.kind in _kinds]


def describe_entry(entry: UndoEntry) -> str:
    """Return what was done as a sentence, in the language of the request."""
    return _kinds[entry.kind].describe(entry)


def delete_expired() -> None:
    """Delete the entries that nobody can use any more; a job of the leader."""
    UndoEntry.objects.filter(expires_at__lte=timezone.now() - UNDO_PERIOD).delete()
