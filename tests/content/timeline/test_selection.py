"""Precedence: which rules have a zone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sample_manifests import HOUR, MINUTE, rule, slide

from beffroi_content.model import Interjection, InterjectionCadence, RuleMode
from beffroi_content.timeline.loops import LoopEntry
from beffroi_content.timeline.scene import ReasonKind, ShowingReason
from beffroi_content.timeline.selection import EligibleRule, build_loop, select_rules

EVERY_FIVE = Interjection(cadence=InterjectionCadence.EVERY_MINUTES, amount=5)


def eligible(name: str, priority: int, mode: str = "rotate", seconds: int = 10, **changes) -> EligibleRule:
    interjection = EVERY_FIVE if mode == "interject" else None
    one = rule(name, priority=priority, mode=mode, interjection=interjection, **changes)
    return EligibleRule(one, (slide(name, seconds),))


def selected(*rules: tuple[str, int, str]) -> tuple[str, str]:
    """Return the names of the loop's rules and of those that interject."""
    ordered = sorted(rules, key=lambda one: (-one[1], one[0]))
    found = select_rules(eligible(*one) for one in ordered)
    return "".join(one.rule.id for one in found.loop), "".join(one.rule.id for one in found.between)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], ("", "")),
        ([("a", 50, "rotate")], ("a", "")),
        ([("a", 50, "rotate"), ("b", 50, "rotate")], ("ab", "")),
        ([("a", 50, "rotate"), ("b", 60, "rotate")], ("b", "")),
        ([("a", 50, "rotate"), ("b", 50, "replace")], ("b", "")),
        ([("b", 50, "replace"), ("a", 50, "replace")], ("a", "")),
        ([("a", 50, "replace"), ("b", 60, "rotate")], ("b", "")),
        ([("a", 50, "interject")], ("", "a")),
        ([("a", 50, "rotate"), ("b", 50, "interject")], ("a", "b")),
        ([("a", 50, "rotate"), ("b", 40, "interject")], ("a", "")),
        ([("a", 50, "rotate"), ("b", 60, "interject")], ("a", "b")),
        ([("a", 50, "replace"), ("b", 50, "interject")], ("a", "")),
        ([("a", 50, "replace"), ("b", 60, "interject")], ("a", "b")),
        ([("a", 50, "rotate"), ("b", 60, "interject"), ("c", 40, "rotate")], ("a", "b")),
        ([("a", 50, "interject"), ("b", 40, "interject")], ("", "ab")),
        ([("a", 40, "rotate"), ("b", 50, "interject"), ("c", 60, "interject")], ("a", "cb")),
    ],
    ids=str,
)  # fmt: skip
def test_the_rules_that_have_a_zone(rules, expected):
    assert selected(*rules) == expected


rules = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["rotate", "replace", "interject"])), min_size=1, max_size=8
)


@given(rules)
def test_a_rule_never_hides_one_that_is_more_important(drawn):
    given_rules = [(f"r{number}", priority, mode) for number, (priority, mode) in enumerate(drawn)]
    ordered = [eligible(*one) for one in sorted(given_rules, key=lambda one: (-one[1], one[0]))]
    found = select_rules(ordered)
    makers = [each.rule for each in ordered if each.rule.mode is not RuleMode.INTERJECT]
    assert bool(found.loop) is bool(makers)
    if makers:
        top = max(one.priority for one in makers)
        assert all(each.rule.priority == top for each in found.loop)
        assert all(each.rule.priority >= top for each in found.between)
    assert found.rules == tuple(each.rule for each in (*found.loop, *found.between))


@given(rules)
def test_whoever_replaces_is_alone_in_the_loop(drawn):
    given_rules = [(f"r{number}", priority, mode) for number, (priority, mode) in enumerate(drawn)]
    found = select_rules(eligible(*one) for one in sorted(given_rules, key=lambda one: (-one[1], one[0])))
    if any(each.rule.mode is RuleMode.REPLACE for each in found.loop):
        assert len(found.loop) == 1


class TestLoop:
    idle = slide("idle")

    def test_of_no_rule_is_the_idle_slide(self):
        loop = build_loop(select_rules([]), self.idle)
        entry = loop.position_at(0).entry
        assert (entry.slide, entry.reason.kind) == (self.idle, ReasonKind.IDLE)

    def test_names_the_rule_of_each_entry(self):
        loop = build_loop(select_rules([eligible("a", 50), eligible("b", 50)]), self.idle)
        reasons = [loop.position_at(time).entry.reason for time in (0, 10_000)]
        assert reasons == [ShowingReason(ReasonKind.RULE, name, f"{name}-list", 50) for name in "ab"]

    def test_has_information_at_the_end_of_each_cycle(self):
        alert = LoopEntry(ShowingReason(ReasonKind.ALERT), 12_000, 2)
        loop = build_loop(select_rules([eligible("a", 50), eligible("b", 50)]), self.idle, [alert])
        assert [loop.position_at(time).entry.subject for time in (0, 10_000, 20_000, 43_999, 44_000)] == [
            "a", "b", "", "", "a",
        ]  # fmt: skip

    def test_of_interjections_alone_comes_between_the_idle_slide(self):
        loop = build_loop(select_rules([eligible("a", 50, "interject")]), self.idle)
        shown = loop.shown_until(HOUR)
        assert shown["a"] == 12 * 10_000
        assert shown["idle"] == HOUR - shown["a"]

    @pytest.mark.parametrize("weights", [(1, 1), (1, 2), (3, 5), (1, 10)])
    def test_is_shared_by_weight(self, weights):
        pair = [eligible(name, 50, weight=weight) for name, weight in zip("ab", weights, strict=True)]
        shown = build_loop(select_rules(pair), self.idle).shown_until(1_000 * HOUR)
        assert shown["a"] / shown["b"] == pytest.approx(weights[0] / weights[1], rel=0.02)

    def test_keeps_the_promise_of_the_strictest_interjection_outermost(self):
        often = EligibleRule(
            rule("often", mode="interject", interjection=EVERY_FIVE), (slide("often", 8),)
        )  # fmt: skip
        hourly = EligibleRule(
            rule("hourly", mode="interject",
                 interjection=Interjection(cadence=InterjectionCadence.TIMES_AN_HOUR, amount=6)),
            (slide("hourly", 20),),
        )  # fmt: skip
        loop = build_loop(select_rules([eligible("a", 50, seconds=30), hourly, often]), self.idle)
        starts, now = [], 0
        while now < 4 * HOUR:
            position = loop.position_at(now)
            if position.entry.subject == "often":
                starts.append(position.since_ms)
            now = position.until_ms
        assert all(later - earlier <= 5 * MINUTE for earlier, later in zip(starts, starts[1:], strict=False))
        assert loop.shown_until(4 * HOUR)["hourly"] > 0
