"""Retry delays."""

from __future__ import annotations

import pytest

from beffroi_player.backoff import retry_delay


@pytest.mark.parametrize("failures", [1, 2, 5, 40, 10_000])
def test_a_pause_doubles_up_to_the_longest_and_is_seldom_the_same(failures: int) -> None:
    longest = min(60.0, 2.0 * 2 ** min(failures, 10))
    found = [retry_delay(failures, 2.0, 60.0) for _ in range(200)]
    assert all(longest / 2 <= each <= longest for each in found)
    assert len(set(found)) > 100
    assert min(retry_delay(failures, 2.0, 60.0, least_share=0.0) for _ in range(200)) < longest / 4
