"""How each act of ``announcement_acts`` is told and undone."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.accounts import undo
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.library import archive
from beffroi_server.library.models import Announcement


def register_kinds() -> None:
    """Register every kind; called once, when Django has loaded its models."""
    undo.register_undo("archived", describe=_archived_sentence, restore=_restore_archived)


def _archived_sentence(entry: UndoEntry) -> str:
    if entry.count == 1:
        return _("“%(name)s” has been put into the archive.") % {"name": entry.subject}
    text = ngettext(
        "%(count)d announcement has been put into the archive.",
        "%(count)d announcements have been put into the archive.",
        entry.count,
    )
    return text % {"count": entry.count}


def _restore_archived(entry: UndoEntry, user: User) -> int:
    return len(archive.restore_announcements(_announcements_of(entry), user=user))


def _announcements_of(entry: UndoEntry) -> list[Announcement]:
    return list(Announcement.objects.filter(pk__in=[uuid.UUID(key) for key in entry.data["ids"]]))
