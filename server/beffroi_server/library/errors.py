"""Exceptions of the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from beffroi_server.library.models import Announcement, MediaItem


class LibraryError(Exception):
    """Base of the refusals that people see; ``message`` is in their language."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MediaRefused(LibraryError):
    """An uploaded file cannot be shown; ``code`` is one of those in ``media.sentences``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class AlreadyInLibrary(LibraryError):
    """The very file that is uploaded was uploaded before; ``items`` are what the library has of it."""

    def __init__(self, items: Sequence[MediaItem]) -> None:
        super().__init__(_("This file is already in the library as “%(name)s”.") % {"name": items[0].name})
        self.items = tuple(items)


class SlideNotDrawable(Exception):
    """A slide cannot be drawn on a screen; ``code`` is that of the ``RasterError``, ``detail`` its text."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class EditConflict(LibraryError):
    """Somebody else saved the announcement in the meantime; ``current`` is their version."""

    def __init__(self, current: Announcement) -> None:
        who = current.updated_by.get_username() if current.updated_by is not None else _("someone")
        super().__init__(
            _("“%(title)s” was changed by %(who)s while you were writing. Compare the two texts, then save again.")
            % {"title": current.title, "who": who}
        )
        self.current = current


class NotArchived(LibraryError):
    """An announcement cannot be deleted for good, since it is not in the archive."""

    def __init__(self, name: str) -> None:
        super().__init__(_("“%(name)s” is not in the archive. Archive it before you delete it.") % {"name": name})


class ItemInUse(LibraryError):
    """Something cannot be deleted while it is shown; ``places`` are the names of what shows it."""

    def __init__(self, name: str, places: Sequence[str]) -> None:
        super().__init__(
            _("“%(name)s” is in use: %(places)s. Remove it there first.") % {"name": name, "places": ", ".join(places)}
        )
        self.places = tuple(places)
