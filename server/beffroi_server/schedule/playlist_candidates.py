"""Candidates for a playlist: announcements and media items that it does not list yet, and other playlists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Count, Model, QuerySet, Subquery, Value

from beffroi_server.accounts.models import User
from beffroi_server.core.folded_text import search_words
from beffroi_server.fleet import content_owners
from beffroi_server.library import library_scopes
from beffroi_server.library.archive import announcements_in_use
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.models import Entry, Playlist
from beffroi_server.schedule.playlist_nesting import outer_keys

Row = TypeVar("Row", bound=Model)
CANDIDATES_SHOWN = 20
"""Announcements that are offered at a time, and as many media items and playlists; beyond that people search."""


@dataclass(frozen=True)
class PlaylistCandidates:
    """The newest announcements, media items and playlists that a playlist lacks, and the number of further ones."""

    announcements: list[Announcement]
    pictures: list[MediaItem]
    playlists: list[Playlist]
    more: int

    def __bool__(self) -> bool:
        return bool(self.announcements or self.pictures or self.playlists)


def candidates_for(playlist: Playlist, search: str, user: User | None = None) -> PlaylistCandidates:
    """Return the candidates for a playlist that contain every word of a search text, as far as a user sees them."""
    in_use = library_scopes.announcements_in_scope(announcements_in_use(), user)
    # One set for all rows: to look the entries up for each of ten thousand announcements takes ten times as long.
    listed = Entry.objects.filter(playlist=playlist, announcement__isnull=False).order_by()
    announcements = in_use.exclude(pk__in=listed.values("announcement"))
    images = library_scopes.media_in_scope(MediaItem.objects.all(), user)
    pictures = images.exclude(entry__playlist=playlist).select_related("video")
    # With one that it lies within, or with itself, it would contain itself.
    others = Playlist.objects.exclude(pk__in=outer_keys([playlist.pk])).exclude(outer_entries__playlist=playlist)
    playlists = content_owners.seen_by(others, user)
    for word in search_words(search):
        announcements = announcements.filter(search_text__contains=word)
        pictures = pictures.filter(search_text__contains=word)
        playlists = playlists.filter(name__folded__contains=word)
    offered = _offered(announcements), _offered(pictures), _offered(playlists)
    return PlaylistCandidates(offered[0][0], offered[1][0], offered[2][0], sum(more for _rows, more in offered))


def _offered(rows: QuerySet[Row]) -> tuple[list[Row], int]:
    """Return the first rows, and the number of further ones, which is counted by the same query."""
    count = rows.order_by().values(all_of_them=Value(1)).annotate(count=Count("*")).values("count")
    found: list[Any] = list(rows.annotate(candidates=Subquery(count))[:CANDIDATES_SHOWN])
    return found, found[0].candidates - len(found) if found else 0
