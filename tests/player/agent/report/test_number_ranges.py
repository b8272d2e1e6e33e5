"""Ranges of play numbers, and batches: compared with plain sets of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.wire.messages import PLAYS
from beffroi_content.wire.plays import MOST_RANGES, HeldPlays, Play, PlayLogBatch
from beffroi_player.agent.report.play_upload import (
    MAX_BATCH_PLAYS,
    PlayBatch,
    common_numbers,
    first_numbers,
    numbers_after,
    still_missing,
)

Ranges = list[tuple[int, int]]


def disjoint(numbers: list[int]) -> Ranges:
    """Return ranges that do not touch, from the ends of each."""
    ends = sorted(set(numbers))
    return list(zip(ends[::2], ends[1::2], strict=False))


RANGES = st.lists(st.integers(1, 60), max_size=12).map(disjoint)


def members(ranges: Ranges) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}


@given(RANGES, st.integers(0, 70))
def test_what_lies_after_a_number(ranges: Ranges, number: int) -> None:
    assert members(numbers_after(ranges, number)) == {each for each in members(ranges) if each > number}


@given(RANGES, st.integers(0, 70))
def test_the_first_numbers(ranges: Ranges, count: int) -> None:
    found = first_numbers(ranges, count)
    assert members(found) == set(sorted(members(ranges))[:count])
    assert found == sorted(found)


@given(RANGES, RANGES)
def test_what_is_in_both(ranges: Ranges, others: Ranges) -> None:
    found = common_numbers(ranges, others)
    assert members(found) == members(ranges) & members(others)
    assert found == sorted(found)
    assert all(first <= last for first, last in found)


@given(RANGES, RANGES)
def test_what_the_server_has_by_now_is_not_missing_any_more(ranges: Ranges, missing: Ranges) -> None:
    held = HeldPlays(newest=70, missing=tuple(missing[: MOST_RANGES - 1]))
    misses = list(held.missing)
    assert members(still_missing(ranges, held, misses)) == members(ranges) & members(misses)


def test_a_server_whose_list_is_full_may_miss_all_that_comes_after() -> None:
    named = tuple((2 * number, 2 * number) for number in range(1, MOST_RANGES + 1))
    last = named[-1][1]
    held = HeldPlays(newest=last + 10, missing=named)
    found = still_missing([(last - 1, last + 20)], held, list(named))
    assert members(found) == {last, *range(last + 1, last + 11)}


# --- batches


def play(number: int, slide: str = "pool") -> Play:
    return Play(
        number=number, slide=slide, started_at_ms=1_780_000_000_000, lasted_ms=10_000, clock="trusted", reason="rule"
    )  # fmt: skip


def test_a_batch_takes_so_many_plays_and_not_one_more() -> None:
    batch = PlayBatch()
    added = [batch.add_play(play(number), batch.new) for number in range(1, MAX_BATCH_PLAYS + 2)]
    assert added == [True] * MAX_BATCH_PLAYS + [False]
    assert batch.is_full


def test_new_plays_and_plays_that_are_sent_again_share_a_batch() -> None:
    batch = PlayBatch()
    for number in range(1, MAX_BATCH_PLAYS + 1):
        assert batch.add_play(play(number), batch.resent if number % 2 else batch.new)
    assert not batch.add_play(play(MAX_BATCH_PLAYS + 1), batch.new)


def test_plays_that_are_sent_again_come_first() -> None:
    batch = PlayBatch()
    batch.add_play(play(9), batch.new)
    batch.add_play(play(3), batch.resent)
    batch.lost.append((1, 2))
    sent = PlayLogBatch.model_validate_json(batch.to_json())
    assert [each.number for each in sent.plays] == [3, 9]
    assert sent.lost == ((1, 2),)


@pytest.mark.parametrize("slide", ["a", "a" * 63])
def test_a_full_batch_is_never_larger_than_the_message_table_allows(slide: str) -> None:
    batch = PlayBatch()
    number = 10**9
    while batch.add_play(play(number, slide), batch.new):
        number += 1
    batch.lost.extend((10**9 + 2 * each, 10**9 + 2 * each) for each in range(MOST_RANGES))
    assert len(batch.to_json()) <= PLAYS.size_limit
