"""Candidates for a playlist: announcements and media items of the library that it does not list yet."""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_server.core.folded_text import search_words
from beffroi_server.library.archive import announcements_in_use
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.models import Playlist

CANDIDATES_SHOWN = 20
"""Announcements that are offered at a time, and as many media items; beyond that people search."""


@dataclass(frozen=True)
class PlaylistCandidates:
    """The newest announcements and media items that a playlist does not list, and the number of further ones."""

    announcements: list[Announcement]
    pictures: list[MediaItem]
    more: int

    def __bool__(self) -> bool:
        return bool(self.announcements or self.pictures)


def candidates_for(playlist: Playlist, search: str) -> PlaylistCandidates:
    """Return the candidates for a playlist that contain every word of a search text."""
    announcements = announcements_in_use().exclude(entry__playlist=playlist).select_related("picture")
    pictures = MediaItem.objects.exclude(entry__playlist=playlist).select_related("video")
    for word in search_words(search):
        announcements = announcements.filter(search_text__contains=word)
        pictures = pictures.filter(search_text__contains=word)
    offered = PlaylistCandidates(list(announcements[:CANDIDATES_SHOWN]), list(pictures[:CANDIDATES_SHOWN]), 0)
    hidden = announcements.count() + pictures.count() - len(offered.announcements) - len(offered.pictures)
    return PlaylistCandidates(offered.announcements, offered.pictures, hidden)
