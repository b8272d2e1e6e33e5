"""From what is eligible in a zone to the track that is shown there.

Of the rules that have something to show, those of the highest priority make the loop: all that rotate, by weight, or
the one that replaces. A slide that would come too often in the loop, and a rule that interjects, come in between.
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
_LOOSEST_FIRST = (
    InterjectionCadence.SECONDS_AN_HOUR,
    InterjectionCadence.TIMES_AN_HOUR,
    InterjectionCadence.EVERY_MINUTES,
)


@dataclass(frozen=True, slots=True)
class EligibleRule:
    """A rule that applies, with what it has to show."""

    rule: ScheduleRule
    slides: tuple[Slide, ...]


@dataclass(frozen=True, slots=True)
class ZoneSelection:
    """What has the zone: the rules that make the loop, and those that come in between."""

    loop: tuple[EligibleRule, ...]
    between: tuple[EligibleRule, ...]

    @property
    def rules(self) -> tuple[ScheduleRule, ...]:
        """All that are seen."""
        return tuple(each.rule for each in (*self.loop, *self.between))


@dataclass(frozen=True, slots=True)
class _InterjectedEntries:
    entries: Sequence[LoopEntry]
    interjection: Interjection


def select_rules(eligible: Iterable[EligibleRule]) -> ZoneSelection:
    """Return what has the zone.

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


def build_loop(selection: ZoneSelection, idle: Slide, news: Sequence[LoopEntry] = ()) -> ZoneLoop:
    """Return the track of a selection; ``idle`` is the loop where there is none, ``news`` comes at the end of it."""
    if selection.loop:
        sequences = [(each.rule.weight, _loop_entries(each)) for each in selection.loop]
        turns = share_by_weight(sequences)
    else:
        turns = [LoopEntry(ShowingReason(ReasonKind.IDLE), idle.duration_ms, idle.pages, slide=idle)]
    turns, capped = _extract_capped([*turns, *news])
    inside = [*capped, *(_interjected_entries(each) for each in selection.between)]
    inside.sort(key=lambda one: (_LOOSEST_FIRST.index(one.interjection.cadence), -one.interjection.amount))
    found: ZoneLoop = PlainLoop(turns)
    for number, one in enumerate(inside):
        found = _interject(found, one, inside[number + 1 :])
    return found


def _loop_entries(eligible: EligibleRule) -> tuple[LoopEntry, ...]:
    rule = eligible.rule
    reason = ShowingReason(ReasonKind.RULE, rule.id, rule.playlist, rule.priority)
    return tuple(LoopEntry(reason, slide.duration_ms, slide.pages, slide=slide) for slide in eligible.slides)


def _interjected_entries(eligible: EligibleRule) -> _InterjectedEntries:
    assert eligible.rule.interjection is not None
    return _InterjectedEntries(_loop_entries(eligible), eligible.rule.interjection)


def _extract_capped(turns: list[LoopEntry]) -> tuple[list[LoopEntry], list[_InterjectedEntries]]:
    """Take those slides out of a loop that would come too often in it, to come in between instead.

    While a slide is all there is, it is not limited: a screen is never black.
    """
    capped: list[_InterjectedEntries] = []
    while slide := next((each for each in _slides_with_limit(turns) if _comes_too_often(each, turns)), None):
        rest = [turn for turn in turns if turn.slide is not slide]
        if not rest:
            break
        own = next(turn for turn in turns if turn.slide is slide)
        capped.append(
            _InterjectedEntries(
                [own], Interjection(cadence=InterjectionCadence.TIMES_AN_HOUR, amount=slide.most_per_hour)
            )
        )
        turns = rest
    return turns, capped


def _slides_with_limit(turns: Iterable[LoopEntry]) -> list[Slide]:
    found = {turn.slide.id: turn.slide for turn in turns if turn.slide and turn.slide.most_per_hour}
    return list(found.values())


def _comes_too_often(slide: Slide, turns: Sequence[LoopEntry]) -> bool:
    starts, passed = [], 0
    for turn in turns:
        if turn.slide is slide:
            starts.append(passed)
        passed += turn.duration_ms
    gaps = [later - earlier for earlier, later in pairwise([*starts, starts[0] + passed])]
    return min(gaps) * slide.most_per_hour < _HOUR_MS


def _interject(base: ZoneLoop, one: _InterjectedEntries, outer: Sequence[_InterjectedEntries]) -> ZoneLoop:
    """Return a track with an interjection; ``outer`` are those that will come in between later, and stretch it."""
    amount, slack = one.interjection.amount, base.longest_ms
    if one.interjection.cadence is InterjectionCadence.SECONDS_AN_HOUR:
        wanted = [turn.duration_ms * _HOUR_MS // (amount * 1000) for turn in one.entries]
    elif one.interjection.cadence is InterjectionCadence.TIMES_AN_HOUR:
        wanted = [-(-_HOUR_MS // amount) + slack] * len(one.entries)
    else:
        # What waits for the end of a turn comes late by as much, and so does what others come before.
        whole = amount * _MINUTE_MS - sum(
            _longest_entry_ms(each) * (1 + _most_occurrences(each, amount)) for each in outer
        )
        room = max(slack, BASE_MS + max(turn.duration_ms for turn in one.entries))
        slack = slack if slack + room <= whole else 0
        wanted = [whole - slack] * len(one.entries)
    periods = [max(period, turn.duration_ms + BASE_MS) for period, turn in zip(wanted, one.entries, strict=True)]
    return InterjectedLoop(base, one.entries, periods, aligned=bool(slack))


def _longest_entry_ms(one: _InterjectedEntries) -> int:
    return max(turn.duration_ms for turn in one.entries)


def _most_occurrences(outer: _InterjectedEntries, minutes: int) -> int:
    """Return how often something that comes every few minutes comes within so many minutes, at most."""
    return -(-minutes // outer.interjection.amount)
