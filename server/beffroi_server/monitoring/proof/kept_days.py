"""Totals by content of some of the screens, summed up once for each day and kept while that day stays as it is.

Those of a whole town are stored as sums. Those of a group are not, since screens join and leave it: a month of a
hundred screens is fifty thousand daily totals, of which only those of today still grow.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

MOST_DAYS = 31
"""Days of a period that are worth keeping: sums over more are made by the database, and not kept."""
MOST_TOTALS = 50_000
"""Totals that are kept of all days together, of 300 bytes each; those asked for last."""


class ContentTotals(NamedTuple):
    """How often and how long one content was shown: the fields of ``play_queries``."""

    shown: int
    length_ms: int
    proven: int
    begins_at: dt.datetime
    ends_at: dt.datetime

    def with_more(self, other: ContentTotals) -> ContentTotals:
        """Return both together."""
        return ContentTotals(
            self.shown + other.shown, self.length_ms + other.length_ms, self.proven + other.proven,
            min(self.begins_at, other.begins_at), max(self.ends_at, other.ends_at),
        )  # fmt: skip


_Day = Mapping[str, ContentTotals]
DayReader = Callable[[Sequence[dt.date]], Iterable[tuple[dt.date, str, ContentTotals]]]
"""Reads the totals of some days: day, content, totals."""


class KeptDays:
    """The totals of days, by sets of screens; see ``plays.screen_sets``. Safe for threads."""

    def __init__(self, most_totals: int = MOST_TOTALS) -> None:
        self._most_totals = most_totals
        self._known: OrderedDict[tuple[int, dt.date], tuple[Hashable, _Day]] = OrderedDict()
        self._count = 0
        self._lock = Lock()

    def sum_up(self, screens: int, marks: Mapping[dt.date, Hashable], read: DayReader) -> dict[str, ContentTotals]:
        """Return the totals of some days together, by content.

        Args:
            screens: Which they are of.
            marks: The days, each with what changes whenever something is added to it, as it was before this was called.
            read: Reads those that are not kept.
        """
        days = {day: kept for day, mark in marks.items() if (kept := self._kept(screens, day, mark)) is not None}
        missing = [day for day in marks if day not in days]
        if missing:
            fresh: dict[dt.date, dict[str, ContentTotals]] = {day: {} for day in missing}
            for day, content, totals in read(missing):
                fresh[day][content] = totals
            for day in missing:
                self._keep(screens, day, marks[day], fresh[day])
            days |= fresh
        together: dict[str, ContentTotals] = {}
        for found in days.values():
            for content, totals in found.items():
                before = together.get(content)
                together[content] = totals if before is None else before.with_more(totals)
        return together

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._known.clear()
            self._count = 0

    def _kept(self, screens: int, day: dt.date, mark: Hashable) -> _Day | None:
        with self._lock:
            known = self._known.get((screens, day))
            if known is None or known[0] != mark:
                return None
            self._known.move_to_end((screens, day))
            return known[1]

    def _keep(self, screens: int, day: dt.date, mark: Hashable, found: _Day) -> None:
        with self._lock:
            before = self._known.pop((screens, day), None)
            self._count += len(found) - (len(before[1]) if before is not None else 0)
            self._known[screens, day] = mark, found
            while self._count > self._most_totals:
                _key, (_mark, oldest) = self._known.popitem(last=False)
                self._count -= len(oldest)
