"""Explicit levels of the bidirectional algorithm: embeddings, overrides and isolates (X1 to X8 of :mod:`bidi`)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_EMBEDDINGS = {"LRE": 0, "RLE": 1, "LRO": 0, "RLO": 1}
ISOLATES: dict[str, int | None] = {"LRI": 0, "RLI": 1, "FSI": None}
"""Classes that open an isolate, with its direction; the one of FSI is that of its first letter."""
REMOVED = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "BN"})
"""Classes of characters that have no place in the order (X9)."""
_MOST_NESTED = 125


def character_classes(text: str) -> list[str]:
    """Return the class of each character; a character that this Unicode lacks is a newer emoji."""
    return [unicodedata.bidirectional(character) or "ON" for character in text]


def first_direction(classes: Sequence[str]) -> int | None:
    """Return 0 or 1 by the first strong letter that is not isolated, or None (P2)."""
    isolated = 0
    for kind in classes:
        if kind in ISOLATES:
            isolated += 1
        elif kind == "PDI":
            isolated = max(0, isolated - 1)
        elif not isolated and kind in ("L", "R", "AL"):
            return int(kind != "L")
    return None


def matching_ends(classes: Sequence[str]) -> dict[int, int]:
    """Return where each isolate ends (BD9)."""
    ends: dict[int, int] = {}
    open_isolates: list[int] = []
    for at, kind in enumerate(classes):
        if kind in ISOLATES:
            open_isolates.append(at)
        elif kind == "PDI" and open_isolates:
            ends[open_isolates.pop()] = at
        elif kind == "B":
            open_isolates.clear()
    return ends


def explicit_levels(classes: Sequence[str], base: int) -> tuple[list[int], list[str]]:
    """Return the level of each character, and its class, which an override replaces.

    Args:
        classes: Those of a paragraph.
        base: Level of the paragraph, 0 or 1.
    """
    ends = matching_ends(classes)
    stack = _DirectionStack(base)
    levels, resolved = [base] * len(classes), list(classes)
    for at, kind in enumerate(classes):
        if kind == "PDI":
            stack.close_isolate()
        elif kind == "B":
            # A separator ends what is open, and has the level of the paragraph.
            stack = _DirectionStack(base)
        levels[at] = stack.level
        if stack.override and kind not in REMOVED and kind != "B":
            resolved[at] = stack.override
        if kind in _EMBEDDINGS:
            stack.open_embedding(_EMBEDDINGS[kind], kind[0] if kind.endswith("O") else "")
        elif kind in ISOLATES:
            direction = ISOLATES[kind]
            if direction is None:
                direction = first_direction(classes[at + 1 : ends.get(at, len(classes))]) or 0
            stack.open_isolate(direction)
        elif kind == "PDF":
            stack.close_embedding()
    return levels, resolved


class _DirectionStack:
    """What is open at a place of the text: level, what overrides classes, and whether it is an isolate.

    What is nested too deeply is only counted, so that its ends are known for such.
    """

    def __init__(self, base: int) -> None:
        self._open: list[tuple[int, str, bool]] = [(base, "", False)]
        self._uncounted_isolates = self._uncounted_embeddings = self._isolates = 0

    @property
    def level(self) -> int:
        return self._open[-1][0]

    @property
    def override(self) -> str:
        return self._open[-1][1]

    def open_embedding(self, direction: int, override: str) -> None:
        if self._has_room(direction):
            self._open.append((self._next_level(direction), override, False))
        elif not self._uncounted_isolates:
            self._uncounted_embeddings += 1

    def open_isolate(self, direction: int) -> None:
        if self._has_room(direction):
            self._isolates += 1
            self._open.append((self._next_level(direction), "", True))
        else:
            self._uncounted_isolates += 1

    def close_isolate(self) -> None:
        if self._uncounted_isolates:
            self._uncounted_isolates -= 1
        elif self._isolates:
            self._uncounted_embeddings = 0
            while not self._open.pop()[2]:
                pass
            self._isolates -= 1

    def close_embedding(self) -> None:
        if self._uncounted_isolates:
            return
        if self._uncounted_embeddings:
            self._uncounted_embeddings -= 1
        elif len(self._open) > 1 and not self._open[-1][2]:
            self._open.pop()

    def _has_room(self, direction: int) -> bool:
        is_counted = not self._uncounted_isolates and not self._uncounted_embeddings
        return is_counted and self._next_level(direction) <= _MOST_NESTED

    def _next_level(self, direction: int) -> int:
        """Return the next higher level that is odd or even as the direction is."""
        return self.level + 1 if (self.level + 1) % 2 == direction else self.level + 2
