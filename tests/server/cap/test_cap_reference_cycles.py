"""Messages that replace each other, in cycles of any length: of each, the newest counts, and nothing vanishes."""

from __future__ import annotations

import dataclasses
import random
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.cap_files import BROADCAST, NOW, RENNES, cap_alert, cap_info, only_alert

from beffroi_server.cap.lifecycle import CapStore, receive_all
from beffroi_server.cap.listings import note_listing
from beffroi_server.cap.messages import CapAlert
from beffroi_server.cap.outside_warnings import outside_warnings
from beffroi_server.cap.verdicts import judge

Graph = dict[int, set[int]]
"""The messages that each message names."""


def messages(
    graph: Graph, minutes: list[int], *, cancels: int | None = None, one_event: bool = False
) -> list[CapAlert]:
    """Updates that name each other, each of an event of its own unless they are all about one."""
    sent = [f"2026-11-29T08:{minute:02}:00+01:00" for minute in minutes]
    return [
        only_alert(
            cap_alert(
                cap_info(event="Brouillard" if one_event else f"Brouillard {at}"),
                identifier=f"MSG-{at}",
                sent=sent[at],
                msgType="Cancel" if at == cancels else "Update",
                references=" ".join(f"prefecture@example.org,MSG-{to},{sent[to]}" for to in sorted(named)) or None,
            )
        )
        for at, named in graph.items()
    ]


def live(alerts: list[CapAlert]) -> set[int]:
    """The numbers of the messages that count after all have come."""
    store, _ = receive_all(CapStore(), alerts, NOW)
    known = [each for versions in store.messages.values() for each in versions]
    return {int(str(each.alert.identifier)[4:]) for each in known if each.end is None}


def reached(graph: Graph, start: int) -> set[int]:
    """The messages that one replaces, and those that these replace."""
    found: set[int] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def cycle(size: int) -> Graph:
    return {at: {(at + 1) % size} for at in range(size)}


@pytest.mark.parametrize("minutes", [*permutations([31, 32, 33])])
def test_of_three_messages_that_replace_each_other_in_a_cycle_the_newest_counts_in_any_order(minutes):
    for order in permutations(messages(cycle(3), list(minutes))):
        assert live(list(order)) == {minutes.index(33)}


def test_sent_at_one_instant_the_last_identifier_of_a_cycle_counts():
    for order in permutations(messages(cycle(4), [31] * 4)):
        assert live(list(order)) == {3}


def test_a_cycle_may_be_long_and_close_with_its_last_message():
    size = 100
    assert live(messages(cycle(size), [at % 60 for at in range(size)])) == {59}
    reference = "prefecture@example.org,MSG-9,2026-11-29T08:09:00+01:00"
    newest = only_alert(cap_alert(identifier="MSG-10", sent="2026-11-29T08:59:30+01:00", references=reference))
    assert live([*messages(cycle(10), list(range(10))), newest]) == {9, 10}


def test_a_cancellation_that_is_the_newest_of_a_cycle_ends_it_and_an_older_one_does_not():
    for order in permutations(messages(cycle(3), [31, 33, 32], cancels=1)):
        store, _ = receive_all(CapStore(), order, NOW)
        assert not outside_warnings(store, NOW)
    for order in permutations(messages(cycle(3), [31, 33, 32], cancels=2)):
        assert live(list(order)) == {1}


def test_what_replaces_one_of_a_cycle_from_outside_replaces_its_newest_only_if_it_names_that():
    outside = {0: {1}, 1: {2}, 2: {0}, 3: {2}}
    for order in permutations(messages(outside, [31, 32, 33, 34])):
        assert live(list(order)) == {3}
    for order in permutations(messages(outside, [33, 32, 31, 34])):
        assert live(list(order)) == {0, 3}


def test_the_reason_names_the_newest_of_the_cycle():
    alerts = messages(cycle(3), [31, 33, 32])
    for order in permutations(alerts):
        store, outcomes = receive_all(CapStore(), order, NOW)
        for at in (0, 2):
            (known,) = store.messages[f"msg-{at}"]
            (reason,) = judge(known, RENNES, BROADCAST, NOW).reasons
            assert reason.values == (("by", "MSG-1"),)
        assert alerts[1] not in outcomes[-1].ended


def test_an_older_message_that_replaces_a_newer_one_of_its_event_does_not_make_both_vanish():
    """The clock of a sender is wrong: the update says that it was sent before what it replaces."""
    first = only_alert(cap_alert(cap_info(event="Brouillard"), identifier="MSG-9", sent="2026-11-29T08:00:00+01:00"))
    graph: Graph = {0: {1}, 1: set()}
    update, replaced = messages(graph, [31, 32], one_event=True)
    named = only_alert(cap_alert(identifier="x", references="prefecture@example.org,MSG-9,2026-11-29T08:00:00+01:00"))
    update, replaced = (with_references(each, named) for each in (update, replaced))
    for order in permutations([first, update, replaced]):
        assert live(list(order)) == {1}


def test_what_has_gone_from_its_feed_stays_over_when_it_turns_out_to_be_the_newest_of_a_cycle():
    first, newest, last = messages(cycle(3), [31, 33, 32])
    store, _ = receive_all(CapStore(), [newest], NOW)
    for _ in range(2):
        store = note_listing(store, [], NOW, absence_ends=True)
    store, _ = receive_all(store, [first, last], NOW)
    assert not outside_warnings(store, NOW)


def test_a_newer_version_of_a_message_in_a_cycle_is_part_of_it():
    """It takes the place of its earlier version without naming what that has replaced."""
    mutual = messages({0: {1}, 1: {0}}, [32, 31])
    newer = only_alert(cap_alert(identifier="MSG-0", sent="2026-11-29T08:33:00+01:00", msgType="Update"))
    for order in permutations([*mutual, newer]):
        assert live(list(order)) == {0}


def with_references(alert: CapAlert, other: CapAlert) -> CapAlert:
    """A message that names what another one names, too."""
    return dataclasses.replace(alert, references=(*alert.references, *other.references))


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, list[int], random.Random]:
    size = draw(st.integers(2, 8))
    numbers = st.integers(0, size - 1)
    graph = {at: draw(st.sets(numbers, max_size=3)) - {at} for at in range(size)}
    return graph, draw(st.lists(st.integers(0, 5), min_size=size, max_size=size)), draw(st.randoms())


@settings(deadline=None)
@given(graphs())
def test_of_any_graph_each_cycle_keeps_its_newest_unless_another_message_replaces_it(drawn):
    graph, minutes, chance = drawn
    below = {at: reached(graph, at) for at in graph}
    expected = set()
    for at in graph:
        mutual = {other for other in below[at] if at in below[other]} | {at}
        is_named = any(at in graph[other] for other in graph if other not in mutual)
        if not is_named and at == max(mutual, key=lambda each: (minutes[each], f"MSG-{each}")):
            expected.add(at)
    alerts = messages(graph, minutes)
    chance.shuffle(alerts)
    assert live(alerts) == expected


@settings(deadline=None)
@given(graphs())
def test_of_any_graph_about_one_event_something_of_each_part_is_left(drawn):
    """Here, too, later updates that name what an earlier one names take its place."""
    graph, minutes, chance = drawn
    alerts = messages(graph, minutes, one_event=True)
    chance.shuffle(alerts)
    left = live(alerts)
    both_ways = {at: graph[at] | {other for other in graph if at in graph[other]} for at in graph}
    for at in graph:
        assert left & (reached(both_ways, at) | {at})
