"""Notes on parts of a document that were skipped: the first are kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from beffroi_server.cap.messages import ReadNote

MAX_NOTES = 50


class ReadNotes:
    """Collects notes; ``count`` and ``codes`` tell of those beyond the first, too."""

    def __init__(self) -> None:
        self.notes: list[ReadNote] = []
        self.codes: set[str] = set()
        self.count = 0
        self._message = ""

    def add(self, code: str, where: str = "", value: str = "") -> None:
        """Note a part: see ``ReadNote``."""
        self.count += 1
        self.codes.add(code)
        if len(self.notes) < MAX_NOTES:
            place = ", ".join(part for part in (self._message, where) if part)
            self.notes.append(ReadNote(code, _printable(place[:200]), _printable(value[:80])))

    @contextlib.contextmanager
    def within(self, message: str) -> Iterator[None]:
        """Name a message in the notes that are taken within this block."""
        self._message, before = message[:80], self._message
        yield
        self._message = before


def _printable(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
