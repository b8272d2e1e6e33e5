"""What of the library can still be added to a playlist."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.models import Playlist

CANDIDATES_SHOWN = 20
"""Announcements, and as many pictures: beyond that one searches."""


@dataclass(frozen=True)
class PlaylistCandidates:
    """The newest announcements and pictures that a playlist does not show, and how many more there are."""

    announcements: list[Announcement]
    pictures: list[MediaItem]
    more: int

    def __bool__(self) -> bool:
        return bool(self.announcements or self.pictures)


def candidates_for(playlist: Playlist, search: str) -> PlaylistCandidates:
    """Return what can be added, of that in which the words that are searched for occur."""
    announcements = Announcement.objects.exclude(entry__playlist=playlist).select_related("picture")
    pictures = MediaItem.objects.exclude(entry__playlist=playlist).select_related("video")
    for word in search.split():
        announcements = announcements.filter(Q(title__icontains=word) | Q(body__icontains=word))
        pictures = pictures.filter(Q(name__icontains=word) | Q(description__icontains=word))
    offered = PlaylistCandidates(list(announcements[:CANDIDATES_SHOWN]), list(pictures[:CANDIDATES_SHOWN]), 0)
    hidden = announcements.count() + pictures.count() - len(offered.announcements) - len(offered.pictures)
    return PlaylistCandidates(offered.announcements, offered.pictures, hidden)
