"""Page of an import of special days: the days by year, as they will be saved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from beffroi_server.schedule import day_calendars

SHOWN_RANGES = 60
"""Ranges of a year that the page lists; of the others it says how many there are."""


@dataclass(frozen=True, slots=True)
class ImportedRange:
    """Days in a row with the name that the file gives them."""

    first: dt.date
    last: dt.date
    name: str


@dataclass(slots=True)
class ImportedYear:
    """The days of a year in an import."""

    year: int
    is_saved: bool
    """Days before last year are not saved."""
    days: int = 0
    ranges: list[ImportedRange] = field(default_factory=list)

    @property
    def shown(self) -> list[ImportedRange]:
        """The ranges that are listed."""
        return self.ranges[:SHOWN_RANGES]

    @property
    def hidden(self) -> int:
        """The number of those that are not."""
        return max(0, len(self.ranges) - SHOWN_RANGES)


def import_years(result: dict[str, Any], place: str, today: dt.date) -> list[ImportedYear]:
    """Return the days of an import year by year, each range in the year in which it begins.

    Args:
        result: ``DayImport.result``.
        place: The zone or region whose days are shown; empty: all.
        today: The present local day.
    """
    years: dict[int, ImportedYear] = {}
    for each in _ranges(result, place):
        first = max(each.first, dt.date(today.year - 1, 1, 1)) if each.last.year >= today.year - 1 else each.first
        year = years.setdefault(first.year, ImportedYear(first.year, first.year >= today.year - 1))
        year.days += (each.last - first).days + 1
        year.ranges.append(each)
    return [years[year] for year in sorted(years)]


def _ranges(result: dict[str, Any], place: str) -> Iterator[ImportedRange]:
    for each in day_calendars.ranges_of_place(result, place):
        first, last = dt.date.fromisoformat(each["first"]), dt.date.fromisoformat(each["last"])
        yield ImportedRange(first, last, each["name"])
