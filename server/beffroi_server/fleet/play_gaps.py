"""How far the server has the plays of a screen: the highest number, and the rows that are missing below it. Pure.

It is kept beside the state of each screen, batch by batch, so that nobody has to look through millions of plays for
what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beffroi_content.wire.reports import MOST_RANGES, HeldPlays, NumberRange

MAX_RANGES = 100
"""So many missing rows are remembered; of more, neighbours count as one, and a player sends some plays in vain."""


@dataclass(frozen=True, slots=True)
class PlayGaps:
    """What is there of the plays of a screen."""

    newest: int = 0
    missing: tuple[NumberRange, ...] = ()
    """Lowest first."""

    def with_ranges(self, ranges: Iterable[NumberRange]) -> PlayGaps:
        """Return the ledger after rows of numbers came in, in whatever order, or were given up by the player."""
        newest, missing = self.newest, self.missing
        for first, last in ranges:
            if first > newest + 1:
                missing = (*missing, (newest + 1, first - 1))
            newest = max(newest, last)
            missing = _subtract_range(missing, (first, last))
        return PlayGaps(newest, _limit_ranges(missing))

    def to_wire(self) -> HeldPlays:
        """Return what the player is told."""
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
