"""Which slide of a zone is on: shares, interjections, limits, playlists within playlists."""

from collections import Counter
from itertools import islice, pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.sample_manifests import HOUR, MINUTE, NOW, SECOND, SIZE, at, manifest, rule, slide

from beffroi_content.model import Interjection, InterjectionCadence, Manifest, Playlist, PlaylistOrder, RuleMode, Slide
from beffroi_content.timeline import scene_changes, shown_ms


def shows(programme: Manifest, hours: float = 3) -> list[tuple[int, str]]:
    """Return when each slide comes on, in milliseconds after ``NOW``; what was on before is left out."""
    found: list[tuple[int, str]] = []
    now = NOW
    for scene in islice(scene_changes(programme, (), at(), SIZE), 20_000):
        shown = scene.showings[0]
        assert shown.slide is not None
        if not found or found[-1][1] != shown.slide.id or shown.since_ms == now:
            found.append((now - NOW, shown.slide.id))
        if scene.until_ms is None or scene.until_ms >= NOW + hours * HOUR:
            break
        now = scene.until_ms
    return found[1:] if len(found) > 1 else found


def names(programme: Manifest, count: int) -> list[str]:
    return [name for _, name in shows(programme)][:count]


def interject(cadence: InterjectionCadence, amount: int, **changes):
    """Return the facts of a rule that comes in between."""
    return {"mode": RuleMode.INTERJECT, "interjection": Interjection(cadence=cadence, amount=amount)} | changes


def slides(prefix: str, seconds: list[int]) -> list[Slide]:
    return [slide(f"{prefix}{number}", each) for number, each in enumerate(seconds)]


durations = st.lists(st.integers(5, 60), min_size=1, max_size=6)
minutes = st.integers(2, 30)
few = settings(max_examples=40, deadline=None)


class TestShares:
    @few
    @given(loops=st.lists(st.tuples(durations, st.integers(1, 5)), min_size=2, max_size=4))
    def test_come_out_within_one_cycle(self, loops):
        programme = manifest(
            *((rule(f"r{n}", weight=weight), slides(f"s{n}-", each)) for n, (each, weight) in enumerate(loops))
        )
        shown = shown_ms(programme, NOW, NOW + 48 * HOUR)["main"]
        whole, weights = sum(shown.values()), sum(weight for _, weight in loops)
        for number, (_, weight) in enumerate(loops):
            share = sum(ms for name, ms in shown.items() if name.startswith(f"s{number}-")) / whole
            assert share == pytest.approx(weight / weights, abs=0.06)

    @few
    @given(loops=st.lists(st.tuples(durations, st.integers(1, 5)), min_size=2, max_size=3))
    def test_are_the_same_for_all_slides_of_a_rule(self, loops):
        programme = manifest(
            *((rule(f"r{n}", weight=weight), slides(f"s{n}-", each)) for n, (each, weight) in enumerate(loops))
        )
        shown = shown_ms(programme, NOW, NOW + 1000 * HOUR)["main"]
        for number, (each, _) in enumerate(loops):
            times = [shown[f"s{number}-{place}"] / seconds for place, seconds in enumerate(each)]
            assert max(times) == pytest.approx(min(times), rel=0.02)

    def test_a_weight_of_two_is_twice_the_time(self):
        programme = manifest((rule("news", weight=2), [slide("news")]), (rule("sport"), [slide("sport")]))
        assert Counter(names(programme, 30)) == {"news": 20, "sport": 10}

    def test_without_a_weight_each_slide_comes_once_in_a_round(self):
        programme = manifest(
            (rule("life", weight=0), slides("l", [10, 20, 10])), (rule("alone", weight=0), slides("a", [10]))
        )
        assert Counter(names(programme, 40)) == {"l0": 10, "l1": 10, "l2": 10, "a0": 10}

    def test_a_weight_counts_as_so_many_slides_of_ten_seconds_beside_rules_without_one(self):
        programme = manifest(
            (rule("life", weight=0), slides("l", [10, 20])), (rule("alone", weight=3), slides("a", [10]))
        )
        assert Counter(names(programme, 50)) == {"l0": 10, "l1": 10, "a0": 30}


class TestInterjections:
    @few
    @given(base=durations, between=durations, amount=minutes)
    @example(base=[5, 58], between=[5, 58], amount=2)
    def test_come_at_least_every_so_many_minutes(self, base, between, amount):
        programme = manifest(
            (rule("base"), slides("b", base)),
            (rule("between", **interject(InterjectionCadence.EVERY_MINUTES, amount)), slides("i", between)),
        )
        starts = [start for start, name in shows(programme) if name.startswith("i")]
        assert starts[0] <= amount * MINUTE
        assert all(later - earlier <= amount * MINUTE for earlier, later in pairwise(starts[1:]))

    @few
    @given(base=durations, between=durations, amount=st.integers(1, 30))
    def test_come_at_most_so_many_times_an_hour(self, base, between, amount):
        programme = manifest(
            (rule("base"), slides("b", base)),
            (rule("between", **interject(InterjectionCadence.TIMES_AN_HOUR, amount)), slides("i", between)),
        )
        starts = [start for start, name in shows(programme, hours=5) if name.startswith("i")]
        assert starts
        assert max(sum(one <= other < one + HOUR for other in starts) for one in starts) <= amount

    @few
    @given(base=durations, between=st.lists(st.integers(5, 20), min_size=1, max_size=4), amount=st.integers(60, 900))
    def test_take_so_many_seconds_of_an_hour(self, base, between, amount):
        programme = manifest(
            (rule("base"), slides("b", base)),
            (rule("between", **interject(InterjectionCadence.SECONDS_AN_HOUR, amount)), slides("i", between)),
        )
        shown = shown_ms(programme, NOW, NOW + 100 * HOUR)["main"]
        seconds = sum(ms for name, ms in shown.items() if name.startswith("i")) / 100 / SECOND
        assert seconds == pytest.approx(amount, rel=0.03)

    def test_wait_for_the_end_of_a_slide_and_take_turns(self):
        programme = manifest(
            (rule("base"), [slide("long", 50), slide("short", 7)]),
            (rule("between", **interject(InterjectionCadence.EVERY_MINUTES, 3)), [slide("one"), slide("two")]),
        )
        story = shows(programme, hours=1)
        lengths = {name: set() for name in ("long", "short")}
        for (start, name), (end, _) in pairwise(story[1:]):
            lengths.get(name, set()).add(end - start)
        assert lengths == {"long": {50 * SECOND}, "short": {7 * SECOND}}
        between = [name for _, name in story if name in {"one", "two"}]
        assert between[:4] in (["one", "two"] * 2, ["two", "one"] * 2)

    def test_cut_into_a_slide_that_is_longer_than_they_may_wait(self):
        programme = manifest(
            (rule("base"), [slide("video", 3000), slide("short", 7)]),
            (rule("between", **interject(InterjectionCadence.EVERY_MINUTES, 5)), [slide("one")]),
        )
        starts = [start for start, name in shows(programme, hours=1) if name == "one"]
        assert {later - earlier for earlier, later in pairwise(starts)} == {5 * MINUTE}

    def test_come_in_between_the_idle_slide_where_there_is_nothing_else(self):
        programme = manifest((rule("between", **interject(InterjectionCadence.EVERY_MINUTES, 5)), [slide("one")]))
        assert names(programme, 3) in (["idle", "one", "idle"], ["one", "idle", "one"])

    def test_need_the_priority_of_what_they_come_between(self):
        news = (rule("news", priority=70), [slide("news")])
        between = interject(InterjectionCadence.EVERY_MINUTES, 1)
        assert set(names(manifest(news, (rule("low", **between), [slide("low")])), 5)) == {"news"}
        assert set(names(manifest(news, (rule("high", priority=90, **between), [slide("high")])), 5)) == {
            "news",
            "high",
        }

    def test_a_rule_that_replaces_is_alone_among_its_equals(self):
        mayor = (rule("mayor", mode=RuleMode.REPLACE), [slide("speech")])
        between = interject(InterjectionCadence.EVERY_MINUTES, 1)
        assert set(names(manifest(mayor, (rule("equal", **between), [slide("equal")])), 5)) == {"speech"}
        higher = (rule("higher", priority=60, **between), [slide("higher")])
        assert set(names(manifest(mayor, higher), 5)) == {"speech", "higher"}

    @few
    @given(amounts=st.lists(st.integers(3, 20), min_size=2, max_size=3, unique=True))
    def test_of_several_rules_all_keep_their_promise(self, amounts):
        programme = manifest(
            (rule("base"), slides("b", [8, 12])),
            *(
                (rule(f"r{amount}", **interject(InterjectionCadence.EVERY_MINUTES, amount)), [slide(f"i{amount}", 6)])
                for amount in amounts
            ),
        )
        story = shows(programme)
        for amount in amounts:
            starts = [start for start, name in story if name == f"i{amount}"]
            assert all(later - earlier <= amount * MINUTE for earlier, later in pairwise(starts))


class TestLimits:
    @few
    @given(others=durations, most=st.integers(1, 60))
    def test_a_slide_comes_no_more_often_in_an_hour_than_it_may(self, others, most):
        limited = slide("limited", 5, most_per_hour=most)
        programme = manifest((rule("base"), [limited, *slides("b", others)]))
        starts = [start for start, name in shows(programme, hours=4) if name == "limited"]
        assert starts
        assert max(sum(one <= other < one + HOUR for other in starts) for one in starts) <= most

    def test_a_limit_that_the_loop_keeps_by_itself_changes_nothing(self):
        limited = slide("limited", 10, most_per_hour=60)
        programme = manifest((rule("base"), [limited, *slides("b", [60, 60])]))
        assert names(programme, 6)[:3] == names(programme, 6)[3:]

    def test_a_slide_that_is_all_there_is_has_no_limit(self):
        assert names(manifest((rule("base"), [slide("only", most_per_hour=1)])), 3) == ["only"]


class TestPlaylists:
    def nested(self, take: int) -> Manifest:
        programme = manifest((rule("news"), [slide("a"), slide("b"), slide("c"), slide("market")]))
        inner = Playlist(id="inner", name="Inner", slides=("a", "b", "c"), take=take)
        return programme.replace(playlists=(Playlist(id="news-list", name="News", slides=("market", "inner")), inner))

    def test_within_a_playlist_show_all_their_slides(self):
        story = names(self.nested(0), 12)
        start = story.index("market")
        assert story[start : start + 4] == ["market", "a", "b", "c"]

    def test_within_a_playlist_may_give_one_slide_at_a_time(self):
        story = names(self.nested(1), 12)
        start = next(place for place, both in enumerate(pairwise(story)) if both == ("market", "a"))
        assert story[start : start + 6] == ["market", "a", "market", "b", "market", "c"]

    def test_cannot_lie_in_a_circle(self):
        circle = (
            Playlist(id="news-list", name="News", slides=("other",)),
            Playlist(id="other", name="Other", slides=("news-list",)),
        )
        with pytest.raises(ValueError, match="circle"):
            self.nested(0).replace(playlists=circle)

    @pytest.mark.parametrize(
        ("order", "expected"),
        [(PlaylistOrder.NEWEST, ["new", "mid", "old"]), (PlaylistOrder.SOONEST, ["old", "new", "mid"])],
    )
    def test_are_filled_by_tag_in_an_order(self, order, expected):
        tagged = [
            slide("old", tags={"culture"}, published_at_ms=1, event_at_ms=NOW + 1),
            slide("new", tags={"culture", "sport"}, published_at_ms=3, event_at_ms=NOW + 2),
            slide("mid", tags={"culture"}, published_at_ms=2),
            slide("other", tags={"sport"}),
        ]
        programme = manifest((rule("news"), tagged))
        programme = programme.replace(playlists=(Playlist(id="news-list", name="N", tag="culture", order=order),))
        story = names(programme, 6)
        start = story.index(expected[0])
        assert story[start : start + 3] == expected

    def test_are_shuffled_the_same_way_each_time(self):
        programme = manifest((rule("news"), slides("s", [10] * 6)))
        listed = programme.playlists[0]
        shuffled = programme.replace(playlists=(listed.replace(order=PlaylistOrder.SHUFFLED),))
        assert sorted(names(shuffled, 6)) == sorted(names(programme, 6))
        assert names(shuffled, 12)[:6] == names(shuffled, 12)[6:]
        assert names(shuffled, 6) == names(shuffled.replace(screen="other"), 6)
