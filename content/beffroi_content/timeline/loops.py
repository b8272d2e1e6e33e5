"""Loops of a zone: entries that follow each other for ever, with interjections between them.

A loop has no state: its entry is a function of a time in milliseconds, for which the timeline takes the wall clock. So
screens with the same programme are in step without talking to each other, and a player that was restarted goes on
where it would have been.

Loops nest. A :class:`PlainLoop` repeats its entries; an :class:`InterjectedLoop` has another loop as its base and puts
an entry of its own into it once per period. Each loop translates its time into that of its base, so that the base
stands still during an interjection and goes on afterwards where it was.
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
"""Entries that a cycle of several rules has at most."""
BASE_MS = 10_000
"""Time that is left to the base between two interjections, at least."""
_LARGEST_FACTOR = 12
"""How many times longer than the shortest possible a cycle of several rules is tried, to make the shares come out."""


@dataclass(frozen=True, slots=True, eq=False)
class LoopEntry:
    """One showing of a slide, or of an alert, with all its pages."""

    reason: ShowingReason
    page_ms: int
    pages: int
    """Pages that are shown one after another; one that comes again counts again."""
    slide: Slide | None = None
    phase: AlertPhase | None = None
    order: tuple[int, ...] = ()
    """The page of each turn; empty: the pages in their order."""

    def page_at(self, turn: int) -> int:
        """Return the page of a turn."""
        return self.order[turn] if self.order else turn

    @property
    def duration_ms(self) -> int:
        """The length of all pages together."""
        return self.page_ms * self.pages

    @property
    def subject(self) -> str:
        """The identifier of the slide; empty for an alert."""
        return self.slide.id if self.slide else ""


@dataclass(frozen=True, slots=True)
class LoopPosition:
    """The entry at a time, and its bounds in the time of the loop. An interjection may cut an entry in two."""

    entry: LoopEntry
    began_ms: int
    """When its first page began, if nothing had cut into it: the page follows from that."""
    since_ms: int
    """When this piece of it began."""
    until_ms: int
    """When this piece of it ends."""


class ZoneLoop(Protocol):
    """Entries that follow each other for ever, as a function of time."""

    longest_ms: int
    """The length of the longest entry; 0 if there is only one, which never ends."""

    def position_at(self, time_ms: int) -> LoopPosition:
        """Return the entry at a time."""
        ...

    def shown_until(self, time_ms: int) -> Counter[str]:
        """Return for how many milliseconds each slide was on from 0 to a time."""
        ...


class PlainLoop:
    """Entries one after another, then from the start again."""

    def __init__(self, entries: Sequence[LoopEntry]) -> None:
        self.entries = tuple(entries)
        self._ends = list(accumulate(entry.duration_ms for entry in self.entries))
        self.length_ms = self._ends[-1]
        self.longest_ms = max(entry.duration_ms for entry in self.entries) if len(self.entries) > 1 else 0

    def position_at(self, time_ms: int) -> LoopPosition:
        """Return the entry at a time. A single entry of one page never ends."""
        round_ms = time_ms - time_ms % self.length_ms
        if len(self.entries) == 1:
            entry = self.entries[0]
            if entry.pages == 1:
                return LoopPosition(entry, round_ms, -FAR_MS, FAR_MS)
            return LoopPosition(entry, round_ms, round_ms, round_ms + self.length_ms)
        # The first entry that ends after this time; at the very end of one, the next is on.
        index = bisect_right(self._ends, time_ms - round_ms)
        entry, end = self.entries[index], round_ms + self._ends[index]
        return LoopPosition(entry, end - entry.duration_ms, end - entry.duration_ms, end)

    def shown_until(self, time_ms: int) -> Counter[str]:
        """Return for how many milliseconds each slide was on from 0 to a time."""
        rounds, remainder = divmod(time_ms, self.length_ms)
        found: Counter[str] = Counter()
        for entry, end in zip(self.entries, self._ends, strict=True):
            partly = min(entry.duration_ms, max(0, remainder - end + entry.duration_ms))
            found[entry.subject] += rounds * entry.duration_ms + partly
        return found


@dataclass(frozen=True, slots=True)
class _InterjectionPeriod:
    """One interjection, with the stretch of the base before and after it."""

    start_ms: int
    end_ms: int
    base_ms: int
    """The time of the base at the start."""
    delay_ms: int
    """How long the base goes on before the interjection, so that no entry is cut in two."""
    entry: LoopEntry

    @property
    def cut_ms(self) -> int:
        """When the interjection begins."""
        return self.start_ms + self.delay_ms

    @property
    def resume_ms(self) -> int:
        """When the interjection ends, and the base goes on."""
        return self.cut_ms + self.entry.duration_ms


class InterjectedLoop:
    """A loop with an interjection in each period; its base stands still meanwhile.

    One period, with the time of the base below it::

        start        cut           resume              end
          |  delay    |  interjection |  rest of period  |
          |===========|###############|==================|
        base_ms    base_ms + delay (stands still)     base_ms of the next period

    Every period has its length and its interjection; the base gets the difference. Both are summed up once for a
    round of all interjections, so that any period is found by division and bisection, however far away it is.

    Args:
        base: The loop below.
        entries: The interjections, one in each period, one after another.
        periods_ms: The length of the period of each of them; longer than the entry.
        aligned: Whether to wait for the end of an entry of the base, where the period leaves time for that.
    """

    def __init__(
        self, base: ZoneLoop, entries: Sequence[LoopEntry], periods_ms: Sequence[int], *, aligned: bool
    ) -> None:
        self._base, self._entries, self._periods, self._aligned = base, tuple(entries), tuple(periods_ms), aligned
        self._starts = [0, *accumulate(periods_ms)]
        left = [period - entry.duration_ms for period, entry in zip(periods_ms, entries, strict=True)]
        self._base_starts = [0, *accumulate(left)]
        self.longest_ms = max([base.longest_ms, *(entry.duration_ms for entry in entries)])

    def position_at(self, time_ms: int) -> LoopPosition:
        """Return the entry at a time."""
        number = self._period_number(time_ms)
        period = self._period_at(number)
        if period.cut_ms <= time_ms < period.resume_ms:
            return LoopPosition(period.entry, period.cut_ms, period.cut_ms, period.resume_ms)
        # The base is asked in its own time. Its answer reaches at most to the interjections on either side: that of
        # the neighbouring period where the end of this one lies between.
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
        # The time of this period that the interjection has had; the base has had the rest.
        inside = min(max(0, time_ms - period.cut_ms), period.entry.duration_ms)
        found = self._base.shown_until(period.base_ms + time_ms - period.start_ms - inside)
        rounds, index = divmod(number, len(self._entries))
        for position, entry in enumerate(self._entries):
            found[entry.subject] += (rounds + (position < index)) * entry.duration_ms
        found[period.entry.subject] += inside
        return found

    def _period_number(self, time_ms: int) -> int:
        rounds, remainder = divmod(time_ms, self._starts[-1])
        return rounds * len(self._entries) + bisect_right(self._starts, remainder) - 1

    def _period_at(self, number: int) -> _InterjectionPeriod:
        rounds, index = divmod(number, len(self._entries))
        start = rounds * self._starts[-1] + self._starts[index]
        base = rounds * self._base_starts[-1] + self._base_starts[index]
        entry, length = self._entries[index], self._periods[index]
        below = self._base.position_at(base)
        delay = 0 if below.since_ms == base else below.until_ms - base
        # A base of a single entry never ends by itself: its end is the next interjection below, which may be far away.
        # Nothing is cut in two there, so waiting would only break the promise of “every so many minutes”.
        if not self._aligned or delay > self._base.longest_ms or delay + entry.duration_ms > length:
            delay = 0
        return _InterjectionPeriod(start, start + length, base, delay, entry)


def share_by_weight(sequences: Sequence[tuple[int, Sequence[LoopEntry]]]) -> list[LoopEntry]:
    """Return one cycle of the entries of several rules, each with a share of the time by its weight.

    The entries of a rule are always shown a whole number of times in a cycle, so that each of its slides comes as
    often as the others. The cycle is as long as the shares need to come out, up to ``LONGEST_CYCLE`` entries.

    Args:
        sequences: The weight and the entries of each rule.
    """
    if len(sequences) == 1:
        return list(sequences[0][1])
    lengths = [sum(entry.duration_ms for entry in entries) for _, entries in sequences]
    weights = [weight for weight, _ in sequences]
    rounds = _rounds_per_cycle(lengths, weights, [len(entries) for _, entries in sequences])
    return _interleave([tuple(entries) * times for (_, entries), times in zip(sequences, rounds, strict=True)])


def _rounds_per_cycle(lengths: Sequence[int], weights: Sequence[int], sizes: Sequence[int]) -> list[int]:
    """Return how often the entries of each rule are repeated in a cycle.

    The exact shares would often need a cycle of thousands of entries. So whole numbers are tried: in the shortest cycle
    the rule with most time per weight comes once and the others as often as their weights ask for, rounded; then twice,
    three times, and so on. The longer the cycle, the less the rounding matters. The first of the best is taken.
    """
    longest = max(length / weight for length, weight in zip(lengths, weights, strict=True))
    best: tuple[float, list[int]] = (math.inf, [1] * len(lengths))
    for factor in range(1, _LARGEST_FACTOR + 1):
        rounds = [max(1, round(factor * longest * w / length)) for length, w in zip(lengths, weights, strict=True)]
        if best[0] < math.inf and sum(n * size for n, size in zip(rounds, sizes, strict=True)) > LONGEST_CYCLE:
            break
        error = _share_error([n * length for n, length in zip(rounds, lengths, strict=True)], weights)
        if error < best[0] - 1e-9:
            best = error, rounds
    return best[1]


def _share_error(times: Sequence[int], weights: Sequence[int]) -> float:
    """Return by how much the share of a rule is off at worst, as a part of the whole time."""
    return max(abs(t / sum(times) - w / sum(weights)) for t, w in zip(times, weights, strict=True))


def _interleave(sequences: Sequence[Sequence[LoopEntry]]) -> list[LoopEntry]:
    """Return all entries in one row, each sequence spread evenly over it.

    Every sequence is stretched to the length 1, and all entries are sorted by where their middle lies in it: a sequence
    of two among one of ten stands at a quarter and at three quarters.
    """
    placed: list[tuple[float, int, int, LoopEntry]] = []
    for number, entries in enumerate(sequences):
        whole, passed = sum(entry.duration_ms for entry in entries), 0
        for position, entry in enumerate(entries):
            placed.append(((passed + entry.duration_ms / 2) / whole, number, position, entry))
            passed += entry.duration_ms
    return [entry for *_, entry in sorted(placed, key=lambda each: each[:3])]
