"""The content that a play shows, by a key that is the same on every screen and in every playlist. Pure.

A slide is named by what it shows and by its place, such as ``announcement-<UUID>-<entry>``; proof of play is about what
it shows.
"""

from __future__ import annotations

import uuid

ANNOUNCEMENT, MEDIA, ALERT = "announcement-", "media-", "alert-"
_UUID_LENGTH = 36


def content_key(slide: str, alert: str) -> str:
    """Return the key of what a play shows: ``announcement-<UUID>``, ``media-<number>``, ``alert-<UUID>``.

    A slide of any other kind, such as a widget, is its own key; empty for the idle slide.
    """
    if alert:
        return f"{ALERT}{alert}"[:63]
    if slide.startswith(ANNOUNCEMENT):
        return slide[: len(ANNOUNCEMENT) + _UUID_LENGTH]
    if slide.startswith(MEDIA):
        return MEDIA + slide.removeprefix(MEDIA).partition("-")[0]
    return slide


def announcement_key(identifier: uuid.UUID | str) -> str:
    """Return the key of an announcement."""
    return f"{ANNOUNCEMENT}{identifier}"


def media_key(number: int) -> str:
    """Return the key of an image or a video of the library."""
    return f"{MEDIA}{number}"


def identifier_in(key: str, prefix: str) -> str:
    """Return the identifier that a key of a kind holds; empty where it is of another kind, or none of ours."""
    if not key.startswith(prefix):
        return ""
    found = key.removeprefix(prefix)
    if prefix == MEDIA:
        return found if found.isascii() and found.isdecimal() and len(found) <= 18 else ""
    try:
        return str(uuid.UUID(found))
    except ValueError:
        return ""
