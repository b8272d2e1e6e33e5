"""How far the server has the plays of a screen: the highest number, and the rows that are missing below it. Pure.

It is kept beside the state of each screen, batch by batch, so that nobody has to look through millions of plays for
what is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beffroi_content.wire.reports import RANGES, Numbers, PlaysHeld

ROWS = 100
"""So many missing rows are remembered; of more, neighbours count as one, and a player sends some plays in vain."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is there of the plays of a screen."""

    newest: int = 0
    missing: tuple[Numbers, ...] = ()
    """Lowest first."""

    def entered(self, rows: Iterable[Numbers]) -> Ledger:
        """Return the ledger after rows of numbers came in, in whatever order, or were given up by the player."""
        newest, missing = self.newest, self.missing
        for first, last in rows:
            if first > newest + 1:
                missing = (*missing, (newest + 1, first - 1))
            newest = max(newest, last)
            missing = _without(missing, (first, last))
        return Ledger(newest, _joined(missing))

    def held(self) -> PlaysHeld:
        """Return what the player is told."""
        return PlaysHeld(newest=self.newest, missing=self.missing[:RANGES])


def rows_of(numbers: Iterable[int]) -> list[Numbers]:
    """Return numbers as rows without a gap."""
    rows: list[Numbers] = []
    for number in sorted(numbers):
        if rows and number <= rows[-1][1] + 1:
            rows[-1] = rows[-1][0], number
        else:
            rows.append((number, number))
    return rows


def _without(rows: Sequence[Numbers], taken: Numbers) -> tuple[Numbers, ...]:
    left = [piece for a, b in rows for piece in ((a, min(b, taken[0] - 1)), (max(a, taken[1] + 1), b))]
    return tuple(dict.fromkeys((first, last) for first, last in left if first <= last))


def _joined(rows: tuple[Numbers, ...]) -> tuple[Numbers, ...]:
    """Return no more rows than are remembered: the highest of them as one."""
    if len(rows) <= ROWS:
        return rows
    return (*rows[: ROWS - 1], (rows[ROWS - 1][0], rows[-1][1]))
