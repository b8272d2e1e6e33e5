"""What people do with announcements from lists and cards, one or many at once; each act can be undone for a while."""

from __future__ import annotations

from collections.abc import Sequence

from beffroi_server.accounts import undo
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.core.transactions import serialised
from beffroi_server.library import archive
from beffroi_server.library.models import Announcement

MAX_AT_ONCE = 500
"""Announcements that one act concerns at most: an alert may be waiting for its transaction."""


def archive_announcements(announcements: Sequence[Announcement], *, user: User | None) -> UndoEntry | None:
    """Put announcements into the archive, which takes them off the screens."""
    with serialised():
        archived = archive.archive_announcements(announcements, user=user)
        return undo.record_undo(user, "archived", archived, ids=[str(each.pk) for each in archived])
