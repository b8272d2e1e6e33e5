"""Where a loop is at an instant.

A track has no state: what it shows is a function of its own time in milliseconds, for which the timeline takes the wall
clock. So screens with the same programme are in step without talking to each other, and a player that was restarted
goes on where it would have been.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

from beffroi_content.model import Slide
from beffroi_content.timeline.alerts import AlertPhase
from beffroi_content.timeline.moment import FAR_MS
from beffroi_content.timeline.scene import ShowingReason

LONGEST_CYCLE = 4_096
"""Turns that a cycle of several rules has at most."""
BASE_MS = 10_000
"""What is left to the loop between two interjections, at least."""


@dataclass(frozen=True, slots=True, eq=False)
class LoopEntry:
    """One showing of a slide, or of an alert, with all its pages."""

    reason: ShowingReason
    page_ms: int
    pages: int
    slide: Slide | None = None
    phase: AlertPhase | None = None

    @property
    def duration_ms(self) -> int:
        """All pages together."""
        return self.page_ms * self.pages

    @property
    def subject(self) -> str:
        """What is shown: the identifier of the slide, or nothing for an alert."""
        return self.slide.id if self.slide else ""


@dataclass(frozen=True, slots=True)
class LoopPosition:
    """The turn that is on, and from when to when in the time of the track; an interjection may cut it in two."""

    entry: LoopEntry
    began_ms: int
    """When its first page began, without what cut into it."""
    since_ms: int
    until_ms: int


class ZoneLoop(Protocol):
    """What shows turns one after another, for ever."""

    longest_ms: int
    """How long a turn lasts at most; 0 if there is only one, which lasts for ever."""

    def position_at(self, time_ms: int) -> LoopPosition:
        """Return what is on."""
        ...

    def shown_until(self, time_ms: int) -> Counter[str]:
        """Return for how many milliseconds each slide was on from 0 to a time."""
        ...


class PlainLoop:
    """Turns in a circle."""

    def __init__(self, turns: Sequence[LoopEntry]) -> None:
        self.entries = tuple(turns)
        self._ends = list(accumulate(turn.duration_ms for turn in self.entries))
        self.length_ms = self._ends[-1]
        self.longest_ms = max(turn.duration_ms for turn in self.entries) if len(self.entries) > 1 else 0

    def position_at(self, time_ms: int) -> LoopPosition:
        """Return what is on. A single turn has no end, unless its pages change."""
        round_ms = time_ms - time_ms % self.length_ms
        if len(self.entries) == 1:
            turn = self.entries[0]
            if turn.pages == 1:
                return LoopPosition(turn, round_ms, -FAR_MS, FAR_MS)
            return LoopPosition(turn, round_ms, round_ms, round_ms + self.length_ms)
        index = bisect_right(self._ends, time_ms - round_ms)
        turn, end = self.entries[index], round_ms + self._ends[index]
        return LoopPosition(turn, end - turn.duration_ms, end - turn.duration_ms, end)

    def shown_until(self, time_ms: int) -> Counter[str]:
        """Return for how many milliseconds each slide was on from 0 to a time."""
        rounds, rest = divmod(time_ms, self.length_ms)
        found: Counter[str] = Counter()
        for turn, end in zip(self.entries, self._ends, strict=True):
            partly = min(turn.duration_ms, max(0, rest - end + turn.duration_ms))
            found[turn.subject] += rounds * turn.duration_ms + partly
        return found


@dataclass(frozen=True, slots=True)
class _InterjectionPeriod:
    """One interjection with the stretch of the loop around it."""

    start_ms: int
    end_ms: int
    base_ms: int
    """The time of the loop below at the start."""
    delay_ms: int
    """How long the loop goes on before the interjection, so that it cuts no turn in two."""
    entry: LoopEntry

    @property
    def cut_ms(self) -> int:
        """When the interjection begins."""
        return self.start_ms + self.delay_ms

    @property
    def resume_ms(self) -> int:
        """When it ends."""
        return self.cut_ms + self.entry.duration_ms


class InterjectedLoop:
    """A track into which, once in each period, a turn comes in between; the track below waits meanwhile.

    Args:
        base: The track below.
        turns: What comes in, one in each period, in a circle.
        periods_ms: How long the period of each turn is; longer than the turn.
        aligned: Whether to wait for the end of a turn of the track below, where there is time for that.
    """

    def __init__(self, base: ZoneLoop, turns: Sequence[LoopEntry], periods_ms: Sequence[int], *, aligned: bool) -> None:
        self._base, self._entries, self._periods, self._aligned = base, tuple(turns), tuple(periods_ms), aligned
        self._starts = [0, *accumulate(periods_ms)]
        left = [period - turn.duration_ms for period, turn in zip(periods_ms, turns, strict=True)]
        self._lefts = [0, *accumulate(left)]
        self.longest_ms = max([base.longest_ms, *(turn.duration_ms for turn in turns)])

    def position_at(self, time_ms: int) -> LoopPosition:
        """Return what is on."""
        number = self._period_number(time_ms)
        period = self._period_at(number)
        if period.cut_ms <= time_ms < period.resume_ms:
            return LoopPosition(period.entry, period.cut_ms, period.cut_ms, period.resume_ms)
        if time_ms < period.cut_ms:
            shift = period.start_ms - period.base_ms
            earliest, latest = self._period_at(number - 1).resume_ms, period.cut_ms
        else:
            shift = period.resume_ms - period.base_ms - period.delay_ms
            earliest, latest = period.resume_ms, self._period_at(number + 1).cut_ms
        below = self._base.position_at(time_ms - shift)
        return LoopPosition(
            below.entry,
            below.began_ms + shift,
            max(below.since_ms + shift, earliest),
            min(below.until_ms + shift, latest),
        )

    def shown_until(self, time_ms: int) -> Counter[str]:
        """Return for how many milliseconds each slide was on from 0 to a time."""
        number = self._period_number(time_ms)
        period = self._period_at(number)
        inside = min(max(0, time_ms - period.cut_ms), period.entry.duration_ms)
        found = self._base.shown_until(period.base_ms + time_ms - period.start_ms - inside)
        rounds, index = divmod(number, len(self._entries))
        for position, turn in enumerate(self._entries):
            found[turn.subject] += (rounds + (position < index)) * turn.duration_ms
        found[period.entry.subject] += inside
        return found

    def _period_number(self, time_ms: int) -> int:
        rounds, rest = divmod(time_ms, self._starts[-1])
        return rounds * len(self._entries) + bisect_right(self._starts, rest) - 1

    def _period_at(self, number: int) -> _InterjectionPeriod:
        rounds, index = divmod(number, len(self._entries))
        start = rounds * self._starts[-1] + self._starts[index]
        base, turn, length = rounds * self._lefts[-1] + self._lefts[index], self._entries[index], self._periods[index]
        below = self._base.position_at(base)
        delay = 0 if below.since_ms == base else below.until_ms - base
        if not self._aligned or delay + turn.duration_ms > length:
            delay = 0
        return _InterjectionPeriod(start, start + length, base, delay, turn)


def share_by_weight(sequences: Sequence[tuple[int, Sequence[LoopEntry]]]) -> list[LoopEntry]:
    """Return one cycle of several loops, each of which has a share of the time by its weight.

    A loop is shown whole times only, so that each of its slides comes as often as the others; the cycle is as long as
    the shares need to come out, up to ``LONGEST_CYCLE`` turns.
    """
    if len(sequences) == 1:
        return list(sequences[0][1])
    lengths = [sum(turn.duration_ms for turn in turns) for _, turns in sequences]
    weights = [weight for weight, _ in sequences]
    rounds = _rounds_per_cycle(lengths, weights, [len(turns) for _, turns in sequences])
    return _interleave([tuple(turns) * times for (_, turns), times in zip(sequences, rounds, strict=True)])


def _rounds_per_cycle(lengths: Sequence[int], weights: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """Return how often each loop is shown in a cycle."""
    longest = max(length / weight for length, weight in zip(lengths, weights, strict=True))
    best: tuple[float, list[int]] = (math.inf, [1] * len(lengths))
    for factor in range(1, 13):
        rounds = [max(1, round(factor * longest * w / length)) for length, w in zip(lengths, weights, strict=True)]
        if best[0] < math.inf and sum(n * size for n, size in zip(rounds, sizes, strict=True)) > LONGEST_CYCLE:
            break
        error = _share_error([n * length for n, length in zip(rounds, lengths, strict=True)], weights)
        if error < best[0] - 1e-9:
            best = error, rounds
    return best[1]


def _share_error(times: Sequence[int], weights: Sequence[int]) -> float:
    """Return how far the share of a loop is off at worst."""
    return max(abs(t / sum(times) - w / sum(weights)) for t, w in zip(times, weights, strict=True))


def _interleave(sequences: Sequence[Sequence[LoopEntry]]) -> list[LoopEntry]:
    """Return all turns in one row, each sequence spread evenly over it."""
    placed: list[tuple[float, int, int, LoopEntry]] = []
    for number, turns in enumerate(sequences):
        whole, passed = sum(turn.duration_ms for turn in turns), 0
        for position, turn in enumerate(turns):
            placed.append(((passed + turn.duration_ms / 2) / whole, number, position, turn))
            passed += turn.duration_ms
    return [turn for *_, turn in sorted(placed, key=lambda each: each[:3])]
