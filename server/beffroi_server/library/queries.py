"""Queries on the library: the places where announcements and media items are in use."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from beffroi_server.library.models import Announcement, Asset, DeletedItem, MediaItem, MunicipalityLogo, TownLogo, Video


def playlists_showing(announcement: Announcement) -> list[str]:
    """Return the names of the playlists that list an announcement, sorted."""
    return sorted(set(announcement.entry_set.values_list("playlist__name", flat=True)))


def places_showing_image(item: MediaItem) -> list[str]:
    """Return the names of playlists and announcements that show a media item, and of the town whose logo it is."""
    places = set(item.entry_set.values_list("playlist__name", flat=True))
    places |= set(item.announcements.values_list("title", flat=True))
    places |= set(item.announcements_besides.values_list("title", flat=True))
    places |= set(TownLogo.objects.filter(image=item).values_list("town__name", flat=True))
    places |= set(MunicipalityLogo.objects.filter(image=item).values_list("municipality__name", flat=True))
    return sorted(places)


def shown_asset(sha256: str) -> Asset | None:
    """Return a file of a media item that pages may show; never an upload itself, which may say where it was taken."""
    is_image = MediaItem.objects.filter(Q(picture_id=sha256) | Q(thumbnail_id=sha256)).exists()
    if is_image or Video.objects.filter(converted_id=sha256).exists():
        return Asset.objects.get(sha256=sha256)
    return None


def names_of_deleted(sources: Iterable[str]) -> dict[str, str]:
    """Return the names of announcements and media items that were deleted for good, by ``DeletedItem.source``."""
    rows = DeletedItem.objects.filter(source__in=set(sources))
    return dict(rows.values_list("source", "name"))
