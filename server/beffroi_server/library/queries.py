"""What the library holds, and where it is in use."""

from __future__ import annotations

from beffroi_server.accounts.models import Town
from beffroi_server.library.models import Announcement, MediaItem


def playlists_showing(announcement: Announcement) -> list[str]:
    """Return the names of the playlists that show the announcement."""
    return sorted(set(announcement.entry_set.values_list("playlist__name", flat=True)))


def places_showing_image(item: MediaItem) -> list[str]:
    """Return the names of the playlists and announcements that show the picture, and the town that bears it."""
    places = set(item.entry_set.values_list("playlist__name", flat=True))
    places |= set(item.announcements.values_list("title", flat=True))
    places |= set(item.announcements_besides.values_list("title", flat=True))
    places |= set(Town.objects.filter(logo=item).values_list("name", flat=True))
    return sorted(places)
