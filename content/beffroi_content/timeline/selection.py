"""From what is eligible in a zone to the track that is shown there.

Of the rules that have something to show, those of the highest priority make the loop: all that rotate, by weight, or
the one that replaces. A slide that would come too often in the loop, and a rule that interjects, come in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from beffroi_content.model import Cadence, Interjection, RuleMode, ScheduleRule, Slide
from beffroi_content.timeline.loops import BASE_MS, Interjected, Loop, Track, Turn, shared
from beffroi_content.timeline.scene import Reason, ReasonKind

_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000
_LOOSEST_FIRST = (Cadence.SECONDS_AN_HOUR, Cadence.TIMES_AN_HOUR, Cadence.EVERY_MINUTES)


@dataclass(frozen=True, slots=True)
class Eligible:
    """A rule that applies, with what it has to show."""

    rule: ScheduleRule
    slides: tuple[Slide, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """What has the zone: the rules that make the loop, and those that come in between."""

    loop: tuple[Eligible, ...]
    between: tuple[Eligible, ...]

    @property
    def rules(self) -> tuple[ScheduleRule, ...]:
        """All that are seen."""
        return tuple(each.rule for each in (*self.loop, *self.between))


@dataclass(frozen=True, slots=True)
class _Interjecting:
    turns: Sequence[Turn]
    interjection: Interjection


def select(eligible: Iterable[Eligible]) -> Selection:
    """Return what has the zone.

    Args:
        eligible: By falling priority, and by identifier among equals; each with at least one slide.
    """
    loop: list[Eligible] = []
    between: list[Eligible] = []
    for each in eligible:
        if loop and each.rule.priority < loop[0].rule.priority:
            break
        (between if each.rule.mode is RuleMode.INTERJECT else loop).append(each)
    alone = [each for each in loop if each.rule.mode is RuleMode.REPLACE]
    if alone:
        loop = alone[:1]
        between = [each for each in between if each.rule.priority > alone[0].rule.priority]
    return Selection(tuple(loop), tuple(between))


def track(selection: Selection, idle: Slide, news: Sequence[Turn] = ()) -> Track:
    """Return the track of a selection; ``idle`` is the loop where there is none, ``news`` comes at the end of it."""
    if selection.loop:
        sequences = [(each.rule.weight, _turns(each)) for each in selection.loop]
        turns = shared(sequences)
    else:
        turns = [Turn(Reason(ReasonKind.IDLE), idle.duration_ms, idle.pages, slide=idle)]
    turns, capped = _capped([*turns, *news])
    inside = [*capped, *(_interjecting(each) for each in selection.between)]
    inside.sort(key=lambda one: (_LOOSEST_FIRST.index(one.interjection.cadence), -one.interjection.amount))
    found: Track = Loop(turns)
    for number, one in enumerate(inside):
        found = _with(found, one, inside[number + 1 :])
    return found


def _turns(eligible: Eligible) -> tuple[Turn, ...]:
    rule = eligible.rule
    reason = Reason(ReasonKind.RULE, rule.id, rule.playlist, rule.priority)
    return tuple(Turn(reason, slide.duration_ms, slide.pages, slide=slide) for slide in eligible.slides)


def _interjecting(eligible: Eligible) -> _Interjecting:
    assert eligible.rule.interjection is not None
    return _Interjecting(_turns(eligible), eligible.rule.interjection)


def _capped(turns: list[Turn]) -> tuple[list[Turn], list[_Interjecting]]:
    """Take those slides out of a loop that would come too often in it, to come in between instead.

    While a slide is all there is, it is not limited: a screen is never black.
    """
    capped: list[_Interjecting] = []
    while slide := next((each for each in _limited(turns) if _comes_too_often(each, turns)), None):
        rest = [turn for turn in turns if turn.slide is not slide]
        if not rest:
            break
        own = next(turn for turn in turns if turn.slide is slide)
        capped.append(_Interjecting([own], Interjection(cadence=Cadence.TIMES_AN_HOUR, amount=slide.most_per_hour)))
        turns = rest
    return turns, capped


def _limited(turns: Iterable[Turn]) -> list[Slide]:
    found = {turn.slide.id: turn.slide for turn in turns if turn.slide and turn.slide.most_per_hour}
    return list(found.values())


def _comes_too_often(slide: Slide, turns: Sequence[Turn]) -> bool:
    starts, passed = [], 0
    for turn in turns:
        if turn.slide is slide:
            starts.append(passed)
        passed += turn.duration_ms
    gaps = [later - earlier for earlier, later in pairwise([*starts, starts[0] + passed])]
    return min(gaps) * slide.most_per_hour < _HOUR_MS


def _with(base: Track, one: _Interjecting, outer: Sequence[_Interjecting]) -> Track:
    """Return a track with an interjection; ``outer`` are those that will come in between later, and stretch it."""
    amount, slack = one.interjection.amount, base.longest_ms
    if one.interjection.cadence is Cadence.SECONDS_AN_HOUR:
        wanted = [turn.duration_ms * _HOUR_MS // (amount * 1000) for turn in one.turns]
    elif one.interjection.cadence is Cadence.TIMES_AN_HOUR:
        wanted = [-(-_HOUR_MS // amount) + slack] * len(one.turns)
    else:
        # What waits for the end of a turn comes late by as much, and so does what others come before.
        whole = amount * _MINUTE_MS - sum(_longest(each) * (1 + _times(each, amount)) for each in outer)
        room = max(slack, BASE_MS + max(turn.duration_ms for turn in one.turns))
        slack = slack if slack + room <= whole else 0
        wanted = [whole - slack] * len(one.turns)
    periods = [max(period, turn.duration_ms + BASE_MS) for period, turn in zip(wanted, one.turns, strict=True)]
    return Interjected(base, one.turns, periods, aligned=bool(slack))


def _longest(one: _Interjecting) -> int:
    return max(turn.duration_ms for turn in one.turns)


def _times(outer: _Interjecting, minutes: int) -> int:
    """Return how often something that comes every few minutes comes within so many minutes, at most."""
    return -(-minutes // outer.interjection.amount)
