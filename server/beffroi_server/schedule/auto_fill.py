"""Automatic filling of playlists: the announcements of a category, without being listed one by one."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from beffroi_server.accounts.models import UserRole
from beffroi_server.core.folded_text import fold_text
from beffroi_server.library.event_dates import event_is_over
from beffroi_server.library.models import Announcement
from beffroi_server.schedule.models import Playlist, Proposal, ProposalState

MAX_ANNOUNCEMENTS = 100
"""Announcements that fill a playlist at most; the newest are taken."""
SLIDE_DURATION_S = 10
"""Seconds for which each is shown."""


def is_unapproved() -> Q:
    """Return the condition on announcements whose text a contributor wrote and nobody approved as it is."""
    approved = Proposal.objects.filter(
        announcement=OuterRef("pk"), state=ProposalState.APPROVED, version=OuterRef("version")
    )
    return Q(updated_by__role=UserRole.CONTRIBUTOR) & ~Q(Exists(approved))


def auto_filled_announcements(playlist: Playlist, zone: ZoneInfo) -> QuerySet[Announcement]:
    """Return the announcements that fill a playlist beside the listed ones; events that are over are left out.

    Args:
        playlist: One with a category; another is filled with nothing.
        zone: The town's time zone, which decides when the day of an event ends.
    """
    if not playlist.category:
        return Announcement.objects.none()
    over = event_is_over(timezone.now(), zone)
    found = (
        Announcement.objects.filter(archived_at=None, folded_label=fold_text(playlist.category))
        .exclude(over)
        .exclude(entry__playlist=playlist)
        .exclude(placement__taken_off_at__isnull=False)
        .exclude(is_unapproved())
    )
    related = found.select_related("picture__picture", "feed").prefetch_related("more_pictures__picture")
    return related[:MAX_ANNOUNCEMENTS]
