"""What can go wrong in the library, in words for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from beffroi_server.library.models import Announcement


class LibraryError(Exception):
    """The base of this family. ``message`` is for people, in their language."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MediaRefused(LibraryError):
    """A file cannot be shown.

    ``code`` says why; the codes are the keys of ``ingest.refusal``.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class SlideNotDrawable(Exception):
    """A slide cannot be drawn on a screen; ``code`` is one of ``RasterError``, ``detail`` says more."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


class EditConflict(LibraryError):
    """Somebody else saved the announcement in the meantime: ``current`` is what they saved."""

    def __init__(self, current: Announcement) -> None:
        who = current.updated_by.get_username() if current.updated_by is not None else _("someone")
        super().__init__(
            _("“%(title)s” was changed by %(who)s while you were writing. Compare the two texts, then save again.")
            % {"title": current.title, "who": who}
        )
        self.current = current


class ItemInUse(LibraryError):
    """Something cannot be deleted, since it is shown: ``places`` are the names of what shows it."""

    def __init__(self, name: str, places: Sequence[str]) -> None:
        super().__init__(
            _("“%(name)s” is in use: %(places)s. Remove it there first.") % {"name": name, "places": ", ".join(places)}
        )
        self.places = tuple(places)
