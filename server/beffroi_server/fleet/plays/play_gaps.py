"""Play gaps: the newest play number of a screen, and the ranges that were not received below it. Pure.

They are part of the state of each screen and updated with each batch, so that no query has to search millions of plays
for what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beffroi_content.wire.plays import MOST_RANGES, HeldPlays, NumberRange

MAX_RANGES = 100
"""Ranges that are stored at most. The highest of more are joined: a player then sends some plays again in vain."""


@dataclass(frozen=True, slots=True)
class PlayGaps:
    """The newest number and the missing ranges of a screen's plays."""

    newest: int = 0
    missing: tuple[NumberRange, ...] = ()
    """Lowest first."""

    def with_ranges(self, ranges: Iterable[NumberRange]) -> PlayGaps:
        """Return the gaps after ranges were received, in any order, or were reported as lost by the player."""
        newest, missing = self.newest, self.missing
        for first, last in ranges:
            if first > newest + 1:
                missing = (*missing, (newest + 1, first - 1))
            newest = max(newest, last)
            missing = _subtract_range(missing, (first, last))
        return PlayGaps(newest, _limit_ranges(missing))

    def to_wire(self) -> HeldPlays:
        """Return the message that requests the missing plays."""
        return HeldPlays(newest=self.newest, missing=self.missing[:MOST_RANGES])


def to_ranges(numbers: Iterable[int]) -> list[NumberRange]:
    """Return numbers as rows without a gap."""
    rows: list[NumberRange] = []
    for number in sorted(numbers):
        if rows and number <= rows[-1][1] + 1:
            rows[-1] = rows[-1][0], number
        else:
            rows.append((number, number))
    return rows


def _subtract_range(rows: Sequence[NumberRange], taken: NumberRange) -> tuple[NumberRange, ...]:
    left = [piece for a, b in rows for piece in ((a, min(b, taken[0] - 1)), (max(a, taken[1] + 1), b))]
    return tuple(dict.fromkeys((first, last) for first, last in left if first <= last))


def _limit_ranges(rows: tuple[NumberRange, ...]) -> tuple[NumberRange, ...]:
    """Return no more rows than are remembered: the highest of them as one."""
    if len(rows) <= MAX_RANGES:
        return rows
    return (*rows[: MAX_RANGES - 1], (rows[MAX_RANGES - 1][0], rows[-1][1]))
