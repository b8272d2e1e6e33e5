"""Acts on several announcements of which some may be refused: the others are changed, and nobody has to guess which."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import UndoEntry
from beffroi_server.core.formatting import join_names
from beffroi_server.core.transactions import serialised
from beffroi_server.library.models import Announcement

NAMES_TOLD = 5
Refusal = NotPermitted | ValidationError


class SomeRefused(NotPermitted):
    """Refusal of some of several announcements; the others were changed.

    Args:
        refused: Those that stay as they are, each with the reason.
        entry: How to undo what was done to the others.
    """

    def __init__(self, refused: Sequence[tuple[Announcement, Refusal]], entry: UndoEntry) -> None:
        super().__init__(_refused_sentence(refused))
        self.entry = entry


class Refusals:
    """Announcements that an act leaves as they are, with the reasons."""

    def __init__(self) -> None:
        self._found: list[tuple[Announcement, Refusal]] = []

    @contextmanager
    def collected(self, announcement: Announcement) -> Iterator[None]:
        """Keep what refuses one announcement; nothing of what was begun with it is stored then."""
        try:
            with serialised():
                yield
        except (NotPermitted, ValidationError) as refused:
            self._found.append((announcement, refused))

    def permitted(
        self, announcements: Sequence[Announcement], check: Callable[[Announcement], None]
    ) -> list[Announcement]:
        """Return the announcements that a check does not refuse; the others are kept."""
        found = []
        for each in announcements:
            try:
                check(each)
            except NotPermitted as refused:
                self._found.append((each, refused))
            else:
                found.append(each)
        return found

    def settle(self, entry: UndoEntry | None) -> UndoEntry | None:
        """Return how to undo an act, or say what of it was refused.

        Raises:
            NotPermitted: of all that was asked for nothing was done, or some of it: ``SomeRefused`` then.
            ValidationError: nothing was done, since a value is not valid.
        """
        if self._found and entry is None:
            first = self._found[0][1]
            # A value that none of them may have belongs to a field of the form; of several, people ask which.
            if isinstance(first, ValidationError) or len(self._found) == 1:
                raise first
            raise NotPermitted(_refused_sentence(self._found))
        if self._found and entry is not None:
            raise SomeRefused(self._found, entry)
        return entry


def _refused_sentence(refused: Sequence[tuple[Announcement, Refusal]]) -> str:
    titles = [f"“{announcement.title}”" for announcement, _reason in refused[:NAMES_TOLD]]
    if more := len(refused) - len(titles):
        titles.append(ngettext("%(count)d more", "%(count)d more", more) % {"count": more})
    text = ngettext(
        "%(count)d stays as it is: %(names)s. %(reason)s",
        "%(count)d stay as they are: %(names)s. %(reason)s",
        len(refused),
    )
    return text % {"count": len(refused), "names": join_names(titles), "reason": reason_of(refused[0][1])}


def reason_of(refused: Refusal) -> str:
    """Return why something was refused, for people."""
    return refused.message if isinstance(refused, NotPermitted) else " ".join(refused.messages)
