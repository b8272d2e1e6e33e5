"""Automatic filling of playlists: the announcements of a category, without being listed one by one."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import User, UserRole
from beffroi_server.core.folded_text import fold_text
from beffroi_server.fleet import content_owners
from beffroi_server.library.event_dates import event_is_over
from beffroi_server.library.further_images import further_images
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import publish_permissions
from beffroi_server.schedule.models import Playlist, Proposal, ProposalState

MAX_ANNOUNCEMENTS = 100
"""Announcements that fill a playlist at most; the newest are taken."""
_NEVER_ASKED = (UserRole.VIEWER, UserRole.TECHNICIAN, UserRole.ADMINISTRATOR)
SLIDE_DURATION_S = 10
"""Seconds for which each is shown."""


def is_unapproved(playlist: Playlist, found: QuerySet[Announcement]) -> Q:
    """Return the condition on announcements whose text is by somebody who may not publish it on a playlist's screens.

    What was approved as it is does not fulfil it, nor what somebody wrote whose role has changed since: they published.
    """
    approved = Proposal.objects.filter(
        announcement=OuterRef("pk"), state=ProposalState.APPROVED, version=OuterRef("version")
    )
    writers = User.objects.filter(pk__in=found.order_by().values("updated_by")).exclude(role__in=_NEVER_ASKED)
    refused = [user.pk for user in writers if not _publishes_on(user, playlist)]
    return Q(updated_by__in=refused) & ~Q(Exists(approved))


def _publishes_on(user: User, playlist: Playlist) -> bool:
    if user.role == UserRole.CONTRIBUTOR:
        return False
    try:
        publish_permissions.check_reach(user, playlist)
    except NotPermitted:
        return False
    return True


def auto_filled_announcements(playlist: Playlist, zone: ZoneInfo) -> QuerySet[Announcement]:
    """Return the announcements that fill a playlist beside the listed ones; events that are over are left out.

    Args:
        playlist: One with a category; another is filled with nothing.
        zone: The town's time zone, which decides when the day of an event ends.
    """
    if not playlist.category:
        return Announcement.objects.none()
    over = event_is_over(timezone.now(), zone)
    of_category = Announcement.objects.filter(archived_at=None, folded_label=fold_text(playlist.category))
    found = (
        content_owners.shown_with(of_category, playlist.municipality_id)
        .exclude(over)
        .exclude(entry__playlist=playlist)
        .exclude(placement__taken_off_at__isnull=False)
    )
    found = found.exclude(is_unapproved(playlist, found))
    related = found.select_related("picture__picture", "feed").prefetch_related(further_images())
    return related[:MAX_ANNOUNCEMENTS]
