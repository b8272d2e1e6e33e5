"""The Unicode bidirectional algorithm: the order in which the letters of a line stand.

Arabic and Hebrew go from right to left, numbers and other scripts within them from left to right. The rules are those
of Unicode Standard Annex 9 (revision 46), with their names (X1 to L4) at the functions. Python instead of FriBidi: a
machine without that library must put prices and dates in the same order as all others. The classes of characters are
those of :mod:`unicodedata`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from beffroi_content.raster.text.bidi_levels import (
    ISOLATES,
    REMOVED,
    character_classes,
    explicit_levels,
    first_direction,
    matching_ends,
)

_BRACKETS = (
    "()[]{}༺༻༼༽᚛᚜⁅⁆⁽⁾₍₎⌈⌉⌊⌋❨❩❪❫❬❭❮❯❰❱❲❳❴❵⟅⟆⟦⟧⟨⟩⟪⟫⟬⟭⟮⟯⦃⦄⦅⦆⦇⦈⦉⦊⦋⦌⦍⦐⦏⦎⦑⦒⦓⦔⦕⦖⦗⦘⧘⧙⧚⧛⧼⧽"
    "⸢⸣⸤⸥⸦⸧⸨⸩⹕⹖⹗⹘⹙⹚⹛⹜〈〉《》「」『』【】〔〕〖〗〘〙〚〛﹙﹚﹛﹜﹝﹞（）［］｛｝｟｠｢｣"
)
"""Pairs of brackets, from BidiBrackets.txt of Unicode 15."""
_CLOSING = dict(zip(_BRACKETS[::2], _BRACKETS[1::2], strict=True))
_OPENING = {closing: opening for opening, closing in _CLOSING.items()}
_SAME_BRACKET = str.maketrans("\u2329\u232a", "\u3008\u3009")
# Of the other characters that are mirrored, those that the bundled fonts have.
_MIRRORED = str.maketrans(_CLOSING | _OPENING | dict(zip("<>«»‹›≤≥", "><»«›‹≥≤", strict=True)))

_MOST_BRACKETS = 63
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_NEUTRAL = frozenset({"B", "S", "WS", "ON", "LRI", "RLI", "FSI", "PDI"})
_STRONG = {"L": "L", "R": "R", "AL": "R", "EN": "R", "AN": "R"}


def has_right_to_left(text: str) -> bool:
    """Tell whether a text may have letters that go from right to left; False for nearly all texts, at no cost."""
    return _RIGHT_TO_LEFT.search(text) is not None


def is_right_to_left(paragraph: str) -> bool:
    """Tell whether the first letter that has a direction goes from right to left (P2 and P3)."""
    return has_right_to_left(paragraph) and first_direction(character_classes(paragraph)) == 1


def mirror_text(text: str) -> str:
    """Return the text with its brackets turned round, as they stand from right to left (L4)."""
    return text.translate(_MIRRORED)


def direction_before(text: str) -> str:
    """Return the class of the last strong letter, which a line that goes on after the text has before it."""
    return next((kind for kind in reversed(character_classes(text)) if kind in ("L", "R", "AL")), "")


def resolve_levels(text: str, *, is_rtl: bool, before: str = "") -> list[int]:
    """Return the embedding level of each character of a line; odd levels go from right to left.

    Args:
        text: A line of one paragraph, in logical order.
        is_rtl: Direction of the paragraph.
        before: Class of the last strong letter on the lines before it: "L", "R" or "AL"; empty on the first line.
    """
    classes = character_classes(text)
    line = _Line(text, classes, int(is_rtl), before)
    for sequence in line.isolating_sequences():
        _resolve_sequence(sequence)
    return line.final_levels()


def visual_runs(levels: Sequence[int]) -> list[tuple[int, int, int]]:
    """Return runs of one level in the order in which they stand from the left, each as start, end and level (L2)."""
    runs: list[tuple[int, int, int]] = []
    start = 0
    for level, group in groupby(levels):
        end = start + len(list(group))
        runs.append((start, end, level))
        start = end
    for lowest in range(max(levels, default=0), 0, -1):
        runs = _reverse_from(runs, lowest)
    return runs


def _reverse_from(runs: list[tuple[int, int, int]], lowest: int) -> list[tuple[int, int, int]]:
    reversed_runs: list[tuple[int, int, int]] = []
    for is_deep, group in groupby(runs, key=lambda run: run[2] >= lowest):
        together = list(group)
        reversed_runs += together[::-1] if is_deep else together
    return reversed_runs


@dataclass(slots=True)
class _Sequence:
    """An isolating run sequence: its characters with their classes as resolved so far, and what is around them."""

    classes: list[str]
    characters: list[str]
    level: int
    before: str
    after: str

    @property
    def direction(self) -> str:
        """The direction of its level."""
        return "LR"[self.level % 2]


class _Line:
    """A line with its explicit levels, its isolating run sequences (X10) and the levels that come out of them."""

    def __init__(self, text: str, classes: list[str], base: int, before: str) -> None:
        self._text, self._original, self._base, self._before = text, classes, base, before
        self._levels, self._classes = explicit_levels(classes, base)
        self._ends = matching_ends(classes)
        self._sequences: list[tuple[list[int], _Sequence]] = []

    def isolating_sequences(self) -> list[_Sequence]:
        """Return the sequences of runs between which an isolate stands (X10); what X9 removes is in none of them."""
        kept = [at for at, kind in enumerate(self._original) if kind not in REMOVED]
        runs = [list(group) for _, group in groupby(kept, key=lambda at: self._levels[at])]
        first_of = {run[0]: run for run in runs}
        ends = set(self._ends.values())
        for run in runs:
            if self._original[run[0]] == "PDI" and run[0] in ends:
                continue
            places = list(run)
            while (end := self._ends.get(places[-1])) is not None and self._original[places[-1]] in ISOLATES:
                places += first_of[end]
            self._sequences.append((places, self._make_sequence(places, kept)))
        return [sequence for _, sequence in self._sequences]

    def _make_sequence(self, places: list[int], kept: list[int]) -> _Sequence:
        level = self._levels[places[0]]
        first, last = kept.index(places[0]), kept.index(places[-1])
        is_open = self._original[places[-1]] in ISOLATES
        level_before = self._levels[kept[first - 1]] if first else self._base
        level_after = self._levels[kept[last + 1]] if last + 1 < len(kept) and not is_open else self._base
        before, after = "LR"[max(level, level_before) % 2], "LR"[max(level, level_after) % 2]
        if not first and self._before and level == self._base:
            before = self._before
        classes = [self._classes[at] for at in places]
        return _Sequence(classes, [self._text[at] for at in places], level, before, after)

    def final_levels(self) -> list[int]:
        """Return the levels by the resolved classes (I1, I2), with spaces at the end as the paragraph (L1)."""
        levels = list(self._levels)
        for places, sequence in self._sequences:
            for at, kind in zip(places, sequence.classes, strict=True):
                levels[at] = _implicit_level(sequence.level, kind)
        # What X9 removes draws nothing; it takes the level of its neighbour, so that it cuts no run in two.
        for at, kind in enumerate(self._original):
            if kind in REMOVED:
                levels[at] = levels[at - 1] if at else self._base
        is_trailing = True
        for at in range(len(levels) - 1, -1, -1):
            kind = self._original[at]
            if kind in ("S", "B"):
                is_trailing = True
            elif kind not in REMOVED and kind not in ISOLATES and kind not in ("WS", "PDI"):
                is_trailing = False
            if is_trailing:
                levels[at] = self._base
        return levels


def _implicit_level(level: int, kind: str) -> int:
    if level % 2:
        return level + (kind in ("L", "EN", "AN"))
    return level + {"R": 1, "AN": 2, "EN": 2}.get(kind, 0)


def _resolve_sequence(sequence: _Sequence) -> None:
    original = list(sequence.classes)
    _resolve_marks_and_numbers(sequence)
    _resolve_separators(sequence.classes)
    _resolve_latin_numbers(sequence)
    _resolve_brackets(sequence, original)
    _resolve_neutrals(sequence)


def _resolve_marks_and_numbers(sequence: _Sequence) -> None:
    """Give marks the class of their letter, and numbers after Arabic the class of Arabic ones (W1 to W3)."""
    classes, before = sequence.classes, sequence.before
    for at, kind in enumerate(classes):
        if kind == "NSM":
            classes[at] = "ON" if before in ISOLATES or before == "PDI" else before
        before = classes[at]
    strong = sequence.before
    for at, kind in enumerate(classes):
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            classes[at] = "AN"
    for at, kind in enumerate(classes):
        if kind == "AL":
            classes[at] = "R"


def _resolve_separators(classes: list[str]) -> None:
    """Join what stands within or beside a number to it: commas, hyphens, signs of currencies (W4 to W6)."""
    for at in range(1, len(classes) - 1):
        kind, left, right = classes[at], classes[at - 1], classes[at + 1]
        if left == right and ((kind == "ES" and left == "EN") or (kind == "CS" and left in ("EN", "AN"))):
            classes[at] = left
    start = 0
    for kind, group in [(kind, len(list(group))) for kind, group in groupby(list(classes))]:
        end = start + group
        if kind == "ET" and ("EN" in classes[max(0, start - 1) : start] or "EN" in classes[end : end + 1]):
            classes[start:end] = ["EN"] * group
        start = end
    for at, kind in enumerate(classes):
        if kind in ("ES", "ET", "CS"):
            classes[at] = "ON"


def _resolve_latin_numbers(sequence: _Sequence) -> None:
    """Make numbers after Latin letters a part of them (W7)."""
    strong = _STRONG[sequence.before]
    for at, kind in enumerate(sequence.classes):
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            sequence.classes[at] = "L"


def _bracket_pairs(sequence: _Sequence) -> list[tuple[int, int]]:
    """Return the pairs of brackets in the order of their openings (BD16)."""
    pairs: list[tuple[int, int]] = []
    waiting: list[tuple[str, int]] = []
    for at, character in enumerate(sequence.characters):
        bracket = character.translate(_SAME_BRACKET)
        if sequence.classes[at] != "ON":
            continue
        if bracket in _CLOSING:
            if len(waiting) == _MOST_BRACKETS:
                return []
            waiting.append((_CLOSING[bracket], at))
        elif bracket in _OPENING:
            found = next((depth for depth in range(len(waiting) - 1, -1, -1) if waiting[depth][0] == bracket), None)
            if found is not None:
                pairs.append((waiting[found][1], at))
                del waiting[found:]
    return sorted(pairs)


def _resolve_brackets(sequence: _Sequence, original: Sequence[str]) -> None:
    """Give the brackets of a pair the same direction: that of what they hold, or of what is before them (N0)."""
    classes = sequence.classes
    for opening, closing in _bracket_pairs(sequence):
        inside = {_STRONG[kind] for kind in classes[opening + 1 : closing] if kind in _STRONG}
        if sequence.direction in inside:
            direction = sequence.direction
        elif inside:
            earlier = (_STRONG[kind] for kind in reversed(classes[:opening]) if kind in _STRONG)
            context = next(earlier, _STRONG[sequence.before])
            direction = context if context in inside else sequence.direction
        else:
            continue
        for at in (opening, closing):
            classes[at] = direction
            # Marks on a bracket go with it.
            for mark in range(at + 1, len(classes)):
                if original[mark] != "NSM":
                    break
                classes[mark] = direction


def _resolve_neutrals(sequence: _Sequence) -> None:
    """Give spaces and punctuation the direction of both sides, or where they differ that of the level (N1, N2)."""
    classes = sequence.classes
    start = 0
    while start < len(classes):
        if classes[start] not in _NEUTRAL:
            start += 1
            continue
        end = start
        while end < len(classes) and classes[end] in _NEUTRAL:
            end += 1
        left = _STRONG[classes[start - 1] if start else sequence.before]
        right = _STRONG[classes[end] if end < len(classes) else sequence.after]
        classes[start:end] = [left if left == right else sequence.direction] * (end - start)
        start = end
