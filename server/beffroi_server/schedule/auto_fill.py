"""What a playlist is filled with by itself: the announcements of its category."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import EVENT_TEMPLATES
from beffroi_server.schedule.models import Playlist

MAX_ANNOUNCEMENTS = 100
"""Announcements that fill a playlist at most: the newest."""
SLIDE_DURATION_S = 10
"""How long each is shown."""
_DAY = dt.timedelta(days=1)


def auto_filled_announcements(playlist: Playlist) -> QuerySet[Announcement]:
    """Return the announcements that fill a playlist, beside those that are listed in it; what is over has left."""
    if not playlist.category:
        return Announcement.objects.none()
    now = timezone.now()
    over = Q(template__in=EVENT_TEMPLATES) & (Q(ends__lte=now) | Q(ends=None, starts__lte=now - _DAY))
    found = Announcement.objects.filter(label__iexact=playlist.category).exclude(over).exclude(entry__playlist=playlist)
    return found.select_related("picture__picture", "feed").prefetch_related("more_pictures__picture")[
        :MAX_ANNOUNCEMENTS
    ]


def known_categories() -> list[str]:
    """Return the categories that announcements have, each once."""
    found = Announcement.objects.exclude(label="").order_by("label").values_list("label", flat=True).distinct()
    return list(found[:MAX_ANNOUNCEMENTS])


def event_ends_at(announcement: Announcement, town: Town) -> dt.datetime | None:
    """Return when what an announcement tells has passed; None: it tells of no event, or nobody says when it ends."""
    if announcement.template not in EVENT_TEMPLATES or announcement.starts is None:
        return None
    if announcement.ends is not None:
        return announcement.ends
    zone = ZoneInfo(town.time_zone)
    return dt.datetime.combine(announcement.starts.astimezone(zone).date() + _DAY, dt.time(), zone)
