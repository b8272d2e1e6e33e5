"""Tests of the throttle of guesses."""

from __future__ import annotations

import pytest

from beffroi_server.core import attempt_throttle
from beffroi_server.core.attempt_throttle import AttemptThrottle, network_of

LIMIT, INTERVAL_S = 5, 30.0


class ManualClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def throttle(clock) -> AttemptThrottle:
    return AttemptThrottle(LIMIT, INTERVAL_S, clock)


def fail(throttle: AttemptThrottle, times: int, key: str) -> None:
    for _ in range(times):
        throttle.record_failure(key)


@pytest.mark.parametrize(
    ("failures", "wait_s"), [(0, 0), (LIMIT - 1, 0), (LIMIT, INTERVAL_S), (50 * LIMIT, INTERVAL_S)]
)
def test_waits_one_interval_at_most_however_often_it_failed(throttle, failures, wait_s):
    fail(throttle, failures, "alice")

    assert throttle.wait_s("alice") == wait_s
    assert throttle.wait_s("bob") == 0


@pytest.mark.parametrize(("later", "wait_s"), [(INTERVAL_S - 1, 1), (INTERVAL_S, 0)])
def test_forgives_one_failure_an_interval(throttle, clock, later, wait_s):
    fail(throttle, LIMIT, "alice")

    clock.now += later

    assert throttle.wait_s("alice") == pytest.approx(wait_s)


def test_one_more_attempt_is_one_more_wait(throttle, clock):
    fail(throttle, LIMIT, "alice")
    clock.now += INTERVAL_S
    fail(throttle, 1, "alice")

    assert throttle.wait_s("alice") == INTERVAL_S


def test_a_success_clears_its_key_only(throttle):
    fail(throttle, LIMIT, "alice")
    fail(throttle, LIMIT, "192.0.2.7")

    throttle.clear_failures("alice")

    assert [throttle.wait_s(key) for key in ("alice", "192.0.2.7")] == [0, INTERVAL_S]


def test_holds_so_many_keys_and_drops_the_oldest(throttle, monkeypatch):
    monkeypatch.setattr(attempt_throttle, "MAX_KEYS", 2)
    for key in ("alice", "bob", "carla"):
        fail(throttle, LIMIT, key)

    assert [throttle.wait_s(key) > 0 for key in ("alice", "bob", "carla")] == [False, True, True]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_one_guesser_has_one_network(address, network):
    assert network_of(address) == network
