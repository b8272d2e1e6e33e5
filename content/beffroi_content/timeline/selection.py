"""Selection: which of the rules that apply have a zone, and the loop that they make.

Precedence, from the rules that apply and have something to show:

1. Only those of the highest priority make the loop. Rules that interject do not count for that: they stay if their
   priority is at least that of the loop.
2. If one of the loop's rules replaces, it is alone (of several, the one whose identifier sorts first), and only
   interjections of a higher priority than its own remain.
3. Otherwise all rotate: each has a share of the time by its weight, or by its slides where it has none.
4. Where no rule makes a loop, the idle slide does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from beffroi_content.model import Interjection, InterjectionCadence, RuleMode, ScheduleRule, Slide
from beffroi_content.timeline.loops import BASE_MS, InterjectedLoop, LoopEntry, PlainLoop, ZoneLoop, share_by_weight
from beffroi_content.timeline.scene import ReasonKind, ShowingReason

_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000
SHARE_MS = 10_000
"""Time for which a share of 1 counts beside rules that count by the time of their slides."""
_LOOSEST_FIRST = (
    InterjectionCadence.SECONDS_AN_HOUR,
    InterjectionCadence.TIMES_AN_HOUR,
    InterjectionCadence.EVERY_MINUTES,
)
"""The order in which interjections are nested: “at least every five minutes” is the strictest promise, so it comes
outermost, where nothing stretches it."""


@dataclass(frozen=True, slots=True)
class EligibleRule:
    """A rule that applies, with the slides that it has to show."""

    rule: ScheduleRule
    slides: tuple[Slide, ...]


@dataclass(frozen=True, slots=True)
class ZoneSelection:
    """The rules that have a zone: those that make its loop, and those that interject."""

    loop: tuple[EligibleRule, ...]
    between: tuple[EligibleRule, ...]

    @property
    def rules(self) -> tuple[ScheduleRule, ...]:
        """All rules of the selection: each of them is seen."""
        return tuple(each.rule for each in (*self.loop, *self.between))


@dataclass(frozen=True, slots=True)
class _InterjectedEntries:
    """Entries that come between those of a loop, and how often."""

    entries: Sequence[LoopEntry]
    interjection: Interjection


def select_rules(eligible: Iterable[EligibleRule]) -> ZoneSelection:
    """Return the rules that have the zone.

    Args:
        eligible: By falling priority, and by identifier among equals; each with at least one slide.
    """
    loop: list[EligibleRule] = []
    between: list[EligibleRule] = []
    for each in eligible:
        if loop and each.rule.priority < loop[0].rule.priority:
            break
        (between if each.rule.mode is RuleMode.INTERJECT else loop).append(each)
    alone = [each for each in loop if each.rule.mode is RuleMode.REPLACE]
    if alone:
        loop = alone[:1]
        between = [each for each in between if each.rule.priority > alone[0].rule.priority]
    return ZoneSelection(tuple(loop), tuple(between))


def build_loop(selection: ZoneSelection, idle: Slide, information: Sequence[LoopEntry] = ()) -> ZoneLoop:
    """Return the loop of a selection.

    Args:
        selection: The rules that have the zone.
        idle: The slide that is the loop where no rule makes one.
        information: Entries of information alerts, which come at the end of each cycle.
    """
    if selection.loop:
        entries = share_by_weight(_weighted_entries(selection.loop))
    else:
        entries = [LoopEntry(ShowingReason(ReasonKind.IDLE), idle.duration_ms, idle.pages, slide=idle)]
    entries, capped = _extract_capped([*entries, *information])
    inside = [*capped, *(_interjected_entries(each) for each in selection.between)]
    inside.sort(key=lambda one: (_LOOSEST_FIRST.index(one.interjection.cadence), -one.interjection.amount))
    found: ZoneLoop = PlainLoop(entries)
    for number, one in enumerate(inside):
        found = _interject(found, one, inside[number + 1 :])
    return found


def _weighted_entries(rules: Sequence[EligibleRule]) -> list[tuple[int, tuple[LoopEntry, ...]]]:
    """Return the entries of each rule with its weight; without a weight a rule counts by the time of its slides.

    So each slide of the rules without a weight comes once in a round, however the slides are spread over playlists.
    """
    found = [(each.rule.weight, _loop_entries(each)) for each in rules]
    if all(weight for weight, _ in found):
        return found
    return [(weight * SHARE_MS or sum(entry.duration_ms for entry in entries), entries) for weight, entries in found]


def _loop_entries(eligible: EligibleRule) -> tuple[LoopEntry, ...]:
    rule = eligible.rule
    reason = ShowingReason(ReasonKind.RULE, rule.id, rule.playlist, rule.priority)
    return tuple(LoopEntry(reason, slide.duration_ms, slide.pages, slide=slide) for slide in eligible.slides)


def _interjected_entries(eligible: EligibleRule) -> _InterjectedEntries:
    assert eligible.rule.interjection is not None
    return _InterjectedEntries(_loop_entries(eligible), eligible.rule.interjection)


def _extract_capped(entries: list[LoopEntry]) -> tuple[list[LoopEntry], list[_InterjectedEntries]]:
    """Return the loop without the slides that would come too often in it, and these as interjections instead.

    A slide with ``most_per_hour`` cannot simply be left out of some rounds, since a loop is a function of the time
    alone. As an interjection “so many times an hour” it is one. Taking a slide out makes the loop shorter, by which
    another may come too often: so they are looked through again until none does. While a slide is all there is, it is
    not limited: a screen is never black.
    """
    capped: list[_InterjectedEntries] = []
    while slide := next((each for each in _slides_with_limit(entries) if _comes_too_often(each, entries)), None):
        remaining = [entry for entry in entries if entry.slide is not slide]
        if not remaining:
            break
        own = next(entry for entry in entries if entry.slide is slide)
        limit = Interjection(cadence=InterjectionCadence.TIMES_AN_HOUR, amount=slide.most_per_hour)
        capped.append(_InterjectedEntries([own], limit))
        entries = remaining
    return entries, capped


def _slides_with_limit(entries: Iterable[LoopEntry]) -> list[Slide]:
    found = {entry.slide.id: entry.slide for entry in entries if entry.slide and entry.slide.most_per_hour}
    return list(found.values())


def _comes_too_often(slide: Slide, entries: Sequence[LoopEntry]) -> bool:
    """Tell whether the shortest gap between two showings is too short for the limit of a slide."""
    starts, passed = [], 0
    for entry in entries:
        if entry.slide is slide:
            starts.append(passed)
        passed += entry.duration_ms
    gaps = [later - earlier for earlier, later in pairwise([*starts, starts[0] + passed])]
    return min(gaps) * slide.most_per_hour < _HOUR_MS


def _interject(base: ZoneLoop, one: _InterjectedEntries, outer: Sequence[_InterjectedEntries]) -> ZoneLoop:
    """Return a loop with an interjection.

    The length of a period follows from the cadence; ``slack`` is how late an interjection may come because it waits
    for the end of an entry of the base:

    - seconds an hour: the period is as long as the entry's share of an hour asks for. Being late changes nothing,
      since the next period starts on time.
    - at most so many times an hour: two may come nearer to each other by ``slack`` than a period, one being late and
      the next not, so the period is longer by that.
    - at least every so many minutes: two may be further apart by ``slack`` than a period, and by whatever outer
      interjections put in between, so the period is shorter by both. Where too little would be left for the base, the
      interjection does not wait: it cuts an entry in two.

    Args:
        base: The loop below.
        one: The interjection.
        outer: Those that will be put around the result, and stretch it.
    """
    amount, slack = one.interjection.amount, base.longest_ms
    if one.interjection.cadence is InterjectionCadence.SECONDS_AN_HOUR:
        wanted = [entry.duration_ms * _HOUR_MS // (amount * 1000) for entry in one.entries]
    elif one.interjection.cadence is InterjectionCadence.TIMES_AN_HOUR:
        wanted = [-(-_HOUR_MS // amount) + slack] * len(one.entries)
    else:
        stretch = sum(_longest_entry_ms(each) * (1 + _most_occurrences(each, amount)) for each in outer)
        whole = amount * _MINUTE_MS - stretch
        least = max(slack, BASE_MS + _longest_entry_ms(one))
        slack = slack if slack + least <= whole else 0
        wanted = [whole - slack] * len(one.entries)
    periods = [max(period, entry.duration_ms + BASE_MS) for period, entry in zip(wanted, one.entries, strict=True)]
    return InterjectedLoop(base, one.entries, periods, aligned=bool(slack))


def _longest_entry_ms(one: _InterjectedEntries) -> int:
    return max(entry.duration_ms for entry in one.entries)


def _most_occurrences(outer: _InterjectedEntries, minutes: int) -> int:
    """Return how often an interjection of every few minutes comes within some minutes, at most."""
    return -(-minutes // outer.interjection.amount)
