"""Names of what was shown: those of the library and of alerts, or the last known one of what is gone."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.utils.translation import gettext as _

from beffroi_server.alerts.models import Alert
from beffroi_server.core.folded_text import filter_by_words
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.play_models import PlayedContent
from beffroi_server.fleet.plays import played_content
from beffroi_server.fleet.plays.played_content import ALERT, ANNOUNCEMENT, MEDIA, identifier_in
from beffroi_server.library.models import Announcement, MediaItem

_PART = 500
"""Keys of one query."""


def names_of(keys: Collection[str]) -> dict[str, str]:
    """Return the name of each content, for people in their language: four queries for each 500 contents."""
    known = _known_names(keys)
    return {key: known.get(key) or _unnamed(key) for key in sorted(set(keys))}


def recorded_names_of(keys: Collection[str]) -> dict[str, str]:
    """Return the name of each content for a record, or its key: the same in whatever language it is asked for."""
    known = _known_names(keys)
    return {key: known.get(key) or key for key in sorted(set(keys))}


def _known_names(keys: Collection[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    ordered = sorted(set(keys))
    for start in range(0, len(ordered), _PART):
        part = ordered[start : start + _PART]
        known |= dict(PlayedContent.objects.filter(pk__in=part).values_list("key", "name"))
        known |= _present_names(part)
    return known


def remember_names(keys: Collection[str]) -> None:
    """Store the present names of contents: they may be deleted before their proof is asked for."""
    present = _present_names(keys)
    stored = dict(PlayedContent.objects.filter(pk__in=present).values_list("key", "name"))
    changed = [
        PlayedContent(key=key, name=name[:200]) for key, name in present.items() if stored.get(key) != name[:200]
    ]
    if changed:
        with serialised():
            PlayedContent.objects.bulk_create(
                changed, update_conflicts=True, unique_fields=["key"], update_fields=["name"]
            )


def search_contents(words: str, limit: int) -> list[str]:
    """Return the keys of contents that were shown whose name contains all words, at most so many."""
    found = filter_by_words(PlayedContent.objects.order_by("name"), words, "name")
    return list(found.values_list("key", flat=True)[:limit])


def _present_names(keys: Collection[str]) -> dict[str, str]:
    announcements = Announcement.objects.filter(pk__in=_identifiers(keys, ANNOUNCEMENT)).values_list("pk", "title")
    media = MediaItem.objects.filter(pk__in=_identifiers(keys, MEDIA)).values_list("pk", "name")
    alerts = Alert.objects.filter(pk__in=_identifiers(keys, ALERT)).values_list("pk", "title")
    return {
        **{played_content.announcement_key(pk): title for pk, title in announcements},
        **{played_content.media_key(pk): name for pk, name in media},
        **{f"{ALERT}{pk}": title for pk, title in alerts},
    }


def _identifiers(keys: Iterable[str], prefix: str) -> list[str]:
    return [found for key in keys if (found := identifier_in(key, prefix))]


def _unnamed(key: str) -> str:
    """Return what is said of a content of which no name is known."""
    if key in {"", "idle"}:
        return _("Idle slide: the name of the town")
    if key.startswith(ALERT):
        return _("An alert that was deleted")
    if key.startswith((ANNOUNCEMENT, MEDIA)):
        return _("A slide that was deleted")
    return key
