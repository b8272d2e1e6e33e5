"""Order of slides in a playlist, with playlists within it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sample_manifests import manifest, rule, slide

from beffroi_content.model import Playlist, PlaylistOrder
from beffroi_content.timeline.playlist_order import LONGEST_SEQUENCE, PlaylistIndex


def index(*playlists: Playlist, tagged: dict[str, str] | None = None) -> PlaylistIndex:
    """Return an index of the slides a to f, some with a tag, and the playlists given."""
    tagged = tagged or {}
    slides = [slide(name, tags={tagged[name]} if name in tagged else set()) for name in "abcdef"]
    plain = manifest((rule("all"), slides))
    return PlaylistIndex.of_manifest(plain.replace(playlists=(*plain.playlists, *playlists)))


def playlist(name: str, *slides: str, **changes) -> Playlist:
    return Playlist(id=name, name=name, slides=slides, **changes)


def cycle(found: PlaylistIndex, name: str, hidden: str = "") -> str:
    """Return the names of the slides of a cycle, in a row."""
    slides = found.slide_cycle(found.playlists[name], lambda one: one.id not in hidden)
    return "".join(one.id for one in slides)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        (playlist("outer", "a", "b"), (), "ab"),
        (playlist("outer", "a", "b", "a"), (), "aba"),
        (playlist("outer", "a", "inner"), (playlist("inner", "b", "c"),), "abc"),
        (playlist("outer", "a", "inner"), (playlist("inner", "b", "c", take=1),), "abac"),
        (playlist("outer", "a", "inner"), (playlist("inner", "b", "c", "d", take=2),), "abcadbacd"),
        (playlist("outer", "inner", "a", "inner"), (playlist("inner", "b", "c", take=1),), "babcac"),
        (playlist("outer", "inner"), (playlist("inner", "b", take=5),), "b"),
        (playlist("outer", "one", "two"), (playlist("one", "a", "b", take=1), playlist("two", "c", "d", "e", take=1)),
         "acbdaebcadbe"),
        (playlist("outer", "a", "middle"), (playlist("middle", "b", "inner"), playlist("inner", "c", "d", take=1)),
         "abcbd"),
        (playlist("outer"), (), ""),
    ],
    ids=["plain", "twice", "nested", "one-at-a-time", "two-of-three", "nested-twice", "fewer-than-it-gives",
         "two-inner", "two-levels", "empty"],
)  # fmt: skip
def test_a_cycle_is_as_long_as_it_takes_until_everything_was_shown(outer, inner, expected):
    assert cycle(index(outer, *inner), "outer") == expected


@pytest.mark.parametrize(("hidden", "expected"), [("a", "bc"), ("b", "ac"), ("bc", "a"), ("abc", ""), ("def", "abc")])
def test_what_may_not_be_shown_leaves_no_gap(hidden, expected):
    found = index(playlist("outer", "a", "inner"), playlist("inner", "b", "c"))
    assert cycle(found, "outer", hidden) == expected


def test_slides_of_a_tag_follow_those_that_are_listed():
    found = index(playlist("outer", "a", tag="sport"), tagged={"c": "sport", "e": "sport"})
    assert cycle(found, "outer") == "ace"
    assert cycle(found, "outer", hidden="c") == "ae"


def test_everything_that_a_playlist_can_show_is_reachable():
    found = index(playlist("outer", "a", "inner", tag="sport"), playlist("inner", "b", "idle"), tagged={"f": "sport"})
    assert [one.id for one in found.reachable_slides(found.playlists["outer"])] == ["a", "b", "idle", "f"]


@given(st.permutations("abcdef"))
def test_an_order_by_chance_is_the_same_however_the_slides_are_listed(names):
    one = index(playlist("outer", *names, order=PlaylistOrder.SHUFFLED))
    other = index(playlist("outer", *sorted(names), order=PlaylistOrder.SHUFFLED))
    assert cycle(one, "outer") == cycle(other, "outer")
    assert sorted(cycle(one, "outer")) == sorted(names)


def test_orders_by_chance_differ_between_playlists():
    orders = {
        cycle(index(playlist(f"p{number}", *"abcdef", order=PlaylistOrder.SHUFFLED)), f"p{number}")
        for number in range(10)
    }
    assert len(orders) > 5


@pytest.mark.parametrize(
    ("order", "expected"),
    [(PlaylistOrder.NEWEST, ["c", "b", "a", "d"]), (PlaylistOrder.SOONEST, ["b", "d", "a", "c"])],
)
def test_slides_are_ordered_by_their_dates_and_then_by_name(order, expected):
    slides = [
        slide("a", published_at_ms=1),
        slide("b", published_at_ms=2, event_at_ms=10),
        slide("c", published_at_ms=3),
        slide("d", event_at_ms=20),
    ]
    plain = manifest((rule("all"), slides))
    found = PlaylistIndex.of_manifest(plain.replace(playlists=(playlist("all-list", *"dcab", order=order),)))
    ordered = found.slide_cycle(found.playlists["all-list"], lambda _: True)
    assert [one.id for one in ordered] == expected


def test_a_slide_that_is_listed_twice_is_once_in_an_order():
    assert cycle(index(playlist("outer", "b", "a", "b", order=PlaylistOrder.NEWEST)), "outer") == "ab"


def test_a_cycle_ends_before_it_is_too_long():
    numbers = (7, 11, 13, 17, 19)
    slides = [slide(f"s{prime}-{number}") for prime in numbers for number in range(prime)]
    inner = [playlist(f"p{prime}", *(f"s{prime}-{number}" for number in range(prime)), take=1) for prime in numbers]
    plain = manifest((rule("all"), slides))
    found = PlaylistIndex.of_manifest(
        plain.replace(playlists=(*plain.playlists, playlist("outer", *(one.id for one in inner)), *inner))
    )
    length = len(found.slide_cycle(found.playlists["outer"], lambda _: True))
    assert LONGEST_SEQUENCE - len(numbers) < length <= LONGEST_SEQUENCE
