"""What every reader of feeds takes and returns. Imports no Django: readers run in a process of their own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

TITLE_LENGTH = 160
"""Characters of a title."""
MAX_SKIPPED = 40
"""Skipped parts that are named; the others are counted."""


class FeedContentError(Exception):
    """A feed has nothing that can be shown; the argument is the code of the reason."""


@dataclass(frozen=True, slots=True)
class ReadingContext:
    """What a reader knows beside the content of the feed."""

    zone: ZoneInfo
    """The town's time zone."""
    now: dt.datetime
    """The instant for which is read, with a zone."""
    department: str = ""
    """Number of the department, for vigilance."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """What the last reading of the same feed returned as ``Reading.kept``."""
    zones: tuple[str, ...] = ()
    """Departments, zones or reaches that are wanted, of charts that warnings are made of."""
    places: tuple[tuple[float, float], ...] = ()
    """Latitude and longitude of the places of the town, for reaches of rivers."""
    year: int | None = None
    """The year whose days are wanted, of special days; None: the present one and those around it."""


@dataclass(frozen=True, slots=True)
class SkippedPart:
    """A part of a feed that is not shown, or not shown as it is written."""

    what: str
    """Code of the kind of part: ``event``, ``item``, ``row``, ``cell``, ``letter``, ``day``, ``phenomenon``."""
    reason: str
    """Code of the reason, such as ``no-title``; ``feeds.skipped_texts`` has a sentence for each."""
    where: str = ""
    """Its place: the number of the item or line from 1, or what else finds it."""
    name: str = ""
    """Its title as far as it has one, shortened."""


class SkippedParts:
    """The parts that a reader skips: the first are named, the others counted."""

    def __init__(self) -> None:
        self.named: list[SkippedPart] = []
        self.count = 0

    def add(self, what: str, reason: str, where: object = "", name: str = "") -> None:
        """Note a part; see ``SkippedPart``."""
        self.count += 1
        if len(self.named) < MAX_SKIPPED:
            self.named.append(SkippedPart(what, reason, _printable(str(where)[:60]), _printable(name[:80])))


def _printable(text: str) -> str:
    """Return a text of strangers without what no terminal and no database takes."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found in a feed."""

    data: dict[str, Any]
    """Fields of the widget that shows the feed."""
    skipped: SkippedParts = field(default_factory=SkippedParts)
    kept: dict[str, Any] = field(default_factory=dict)
    """What the next reading of the feed needs, as JSON; empty where it needs nothing."""
