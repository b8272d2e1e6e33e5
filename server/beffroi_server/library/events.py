"""Events of the library, to which the packages above subscribe."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from beffroi_server.accounts.models import User
from beffroi_server.core.events import Event
from beffroi_server.library.models import Announcement, MediaItem


@dataclass(frozen=True)
class CategoryRename:
    """A category that got another name; its announcements have it already."""

    before: str
    name: str
    announcements: tuple[uuid.UUID, ...]
    """Keys of those whose word above the title was changed, each with a version more."""
    user: User | None


@dataclass(frozen=True)
class AnnouncementChange:
    """An announcement that a user is about to change."""

    announcement: Announcement
    user: User | None
    is_leaving: bool = False
    """Whether it only leaves the screens, for the archive; its text stays."""


announcement_changing: Event[AnnouncementChange] = Event("announcement-changing")
"""An announcement is about to be changed or archived; a handler may refuse it."""
announcement_changed: Event[Announcement] = Event("announcement-changed")
"""An announcement was saved, or is about to be deleted."""
media_changed: Event[MediaItem] = Event("media-changed")
"""A media item looks different, since its video was converted."""
category_renamed: Event[CategoryRename] = Event("category-renamed")
"""A category got another name."""
