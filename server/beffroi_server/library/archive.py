"""The archive: announcements that are off the screens and out of the lists, and nothing of them is lost.

Whatever an archived announcement was in (playlists, tags, versions) it stays in; playlists neither show nor list it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.utils import timezone

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.library import library_scopes
from beffroi_server.library.events import AnnouncementChange, announcement_changed, announcement_changing
from beffroi_server.library.models import Announcement


def archive_announcements(announcements: Sequence[Announcement], *, user: User | None) -> list[Announcement]:
    """Put announcements into the archive; return those that were not in it.

    Raises:
        NotPermitted: one of them is beyond the scope of the user, or on screens that are.
    """
    return _set_archived(announcements, user=user, is_archived=True)


def restore_announcements(announcements: Sequence[Announcement], *, user: User | None) -> list[Announcement]:
    """Take announcements out of the archive; return those that were in it. They are where they were shown before."""
    return _set_archived(announcements, user=user, is_archived=False)


def announcements_in_use() -> QuerySet[Announcement]:
    """Return the announcements that are not in the archive."""
    return Announcement.objects.filter(archived_at=None)


def _set_archived(announcements: Sequence[Announcement], *, user: User | None, is_archived: bool) -> list[Announcement]:
    with serialised():
        keys = [announcement.pk for announcement in announcements]
        rows = Announcement.objects.filter(pk__in=keys, archived_at__isnull=is_archived)
        changed = list(rows)
        for each in changed:
            library_scopes.check_announcement(user, each)
            announcement_changing.send(AnnouncementChange(each, user, is_leaving=is_archived))
        now = timezone.now() if is_archived else None
        Announcement.objects.filter(pk__in=[each.pk for each in changed]).update(archived_at=now)
        if changed:
            action = "announcements-archived" if is_archived else "announcements-restored"
            titles = [each.title for each in changed[:50]]
            audit.record_event(user, action, changed[0].title, count=len(changed), titles=titles)
        for each in changed:
            each.archived_at = now
            announcement_changed.send(each)
    return changed
