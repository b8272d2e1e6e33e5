"""Queries on the library: the places where announcements and media items are in use."""

from __future__ import annotations

from beffroi_server.library.models import Announcement, MediaItem, TownLogo


def playlists_showing(announcement: Announcement) -> list[str]:
    """Return the names of the playlists that list an announcement, sorted."""
    return sorted(set(announcement.entry_set.values_list("playlist__name", flat=True)))


def places_showing_image(item: MediaItem) -> list[str]:
    """Return the names of playlists and announcements that show a media item, and of the town whose logo it is."""
    places = set(item.entry_set.values_list("playlist__name", flat=True))
    places |= set(item.announcements.values_list("title", flat=True))
    places |= set(item.announcements_besides.values_list("title", flat=True))
    places |= set(TownLogo.objects.filter(image=item).values_list("town__name", flat=True))
    return sorted(places)
