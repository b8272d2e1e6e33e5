"""Tests of the throttle of sign-ins."""

from __future__ import annotations

import pytest

from beffroi_server.accounts import sign_in_throttle
from beffroi_server.accounts.sign_in_throttle import MAX_FAILURES, WINDOW_S, SignInThrottle


class ManualClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def throttle(clock) -> SignInThrottle:
    return SignInThrottle(clock)


def fail(throttle: SignInThrottle, times: int, *keys: str) -> None:
    for _ in range(times):
        throttle.record_failure(*keys)


@pytest.mark.parametrize(("failures", "blocked"), [(0, False), (MAX_FAILURES - 1, False), (MAX_FAILURES, True)])
def test_blocks_after_so_many_failures(throttle, failures, blocked):
    fail(throttle, failures, "alice")

    assert throttle.is_blocked("alice") is blocked


def test_one_blocked_key_of_several_is_enough(throttle):
    fail(throttle, MAX_FAILURES, "192.0.2.7")

    assert throttle.is_blocked("alice", "192.0.2.7")
    assert not throttle.is_blocked("alice", "192.0.2.8")


@pytest.mark.parametrize(("later", "blocked"), [(WINDOW_S - 1, True), (WINDOW_S, False)])
def test_opens_again_after_the_window(throttle, clock, later, blocked):
    fail(throttle, MAX_FAILURES, "alice")

    clock.now += later

    assert throttle.is_blocked("alice") is blocked


def test_failures_that_are_spread_over_time_do_not_block(throttle, clock):
    for _ in range(3 * MAX_FAILURES):
        throttle.record_failure("alice")
        clock.now += WINDOW_S / (MAX_FAILURES - 1)

    assert not throttle.is_blocked("alice")


def test_a_success_clears_its_key_only(throttle):
    fail(throttle, MAX_FAILURES, "alice", "192.0.2.7")

    throttle.clear_failures("alice")

    assert not throttle.is_blocked("alice")
    assert throttle.is_blocked("192.0.2.7")


def test_holds_so_many_keys_and_drops_the_oldest(throttle, monkeypatch):
    monkeypatch.setattr(sign_in_throttle, "MAX_KEYS", 2)
    for key in ("alice", "bob", "carla"):
        fail(throttle, MAX_FAILURES, key)

    assert [throttle.is_blocked(key) for key in ("alice", "bob", "carla")] == [False, True, True]
