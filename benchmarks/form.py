"""The one form of all benchmarks: what they are given, what they return, and how it is printed."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What whoever runs a benchmark may choose."""

    quick: bool = False
    """Few repetitions: proves that the benchmark works, not how fast anything is."""

    def repetitions(self, full: int, quick: int) -> int:
        """Return how often to measure."""
        return quick if self.quick else full


@dataclass(frozen=True, slots=True)
class Result:
    """One figure, what it should be, and the best that it could be."""

    value: float
    unit: str
    goal: float
    """``value`` should be at or under it."""
    limit: float
    """The same unit, measured in the same run: what the machine needs for the least that has to be done."""
    value_is: str
    """What was measured, in a few words."""
    limit_is: str
    """What the limit is, in a few words."""
    heading: Row = ()
    rows: Sequence[Row] = ()

    @property
    def ratio(self) -> float:
        """How many times the limit the value is."""
        return self.value / self.limit

    def to_json(self, name: str) -> str:
        """Return the line for programs."""
        figures = {"value": self.value, "goal": self.goal, "limit": self.limit, "ratio": self.ratio}
        rounded = {key: float(f"{figure:.4g}") for key, figure in figures.items()}
        ordered = {"name": name, "value": rounded["value"], "unit": self.unit}
        return json.dumps(ordered | {key: rounded[key] for key in ("goal", "limit", "ratio")})


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least ``share`` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(values: Sequence[float]) -> Row:
    """Return p50, p95, p99 and the highest value, as they stand in a table."""
    return (*(number(percentile(values, share)) for share in (0.5, 0.95, 0.99)), number(max(values)))


SUMMARY_HEADING = ("p50", "p95", "p99", "highest")


def number(value: float) -> str:
    """Return a figure with three significant digits."""
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:,.{max(0, digits)}f}"


def milliseconds(action: Callable[[], object], repetitions: int) -> list[float]:
    """Return how long each of several runs of an action took, after one that does not count."""
    action()
    taken = []
    for _ in range(repetitions):
        begin = time.perf_counter()
        action()
        taken.append((time.perf_counter() - begin) * 1_000)
    return taken


def table(heading: Row, rows: Sequence[Row]) -> str:
    """Return rows as aligned text: the first column to the left, figures to the right."""
    widths = [max(len(row[column]) for row in (heading, *rows)) for column in range(len(heading))]
    ruled = [heading, tuple("-" * width for width in widths), *rows]
    return "\n".join(_line(row, widths) for row in ruled)


def _line(row: Row, widths: Sequence[int]) -> str:
    cells = [row[0].ljust(widths[0])]
    cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
    return "  ".join(cells).rstrip()
