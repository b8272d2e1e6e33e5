"""Events of the library, to which the packages above subscribe."""

from __future__ import annotations

from beffroi_server.core.events import Event
from beffroi_server.library.models import Announcement, MediaItem

announcement_changed: Event[Announcement] = Event("announcement-changed")
"""An announcement was saved, or is about to be deleted."""
media_changed: Event[MediaItem] = Event("media-changed")
"""A media item looks different, since its video was converted."""
