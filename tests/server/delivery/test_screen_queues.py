"""Queues of inbound messages by screen: one that floods delays and drops its own messages only."""

from __future__ import annotations

import pytest

from beffroi_server.delivery.screen_queues import BURST_BYTES, MAX_WAITING_BYTES, RATE_BYTES, ScreenQueues

LARGE = bytes(128 * 1024)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def drained(queues: ScreenQueues) -> list[str]:
    return [topic for topic, _payload in take(queues)]


def take(queues: ScreenQueues, most: int = 100_000) -> list[tuple[str, bytes]]:
    return queues.take(0, gather_s=0, most=most, most_bytes=2**30)


def test_messages_of_a_screen_stay_in_order_and_screens_take_turns():
    queues = ScreenQueues()
    for topic in ("a1", "a2", "a3", "b1", "c1", "b2"):
        assert queues.put(topic[0], (topic, b""))
    assert drained(queues) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert drained(queues) == []


def test_a_screen_that_waits_comes_after_one_message_of_the_flood(clock):
    queues = ScreenQueues(clock)
    for number in range(2_000):
        queues.put("flood", (f"f{number}", b"x"))
    assert take(queues, 1) == [("f0", b"x")]
    queues.put("hall", ("hall", b"x"))
    assert take(queues, 2) == [("f1", b"x"), ("hall", b"x")]


def test_a_batch_ends_with_its_number_or_its_bytes():
    queues = ScreenQueues()
    for number in range(9):
        queues.put(f"s{number}", (f"t{number}", bytes(100)))
    assert len(queues.take(0, gather_s=0, most=3, most_bytes=10_000)) == 3
    assert len(queues.take(0, gather_s=0, most=9, most_bytes=350)) == 4
    assert len(queues.take(0, gather_s=0, most=9, most_bytes=10_000)) == 2


@pytest.mark.parametrize("floods", [1, 10, 200])
def test_however_many_flood_there_is_room_for_the_others(clock, floods):
    queues = ScreenQueues(clock)
    taken = sum(queues.put(f"f{number % floods}", ("f", LARGE)) for number in range(3_000))
    assert taken * len(LARGE) <= MAX_WAITING_BYTES
    for number in range(50):
        assert queues.put(f"quiet-{number}", ("report", bytes(2_000)))


def test_a_screen_may_send_a_burst_and_then_its_rate(clock):
    queues = ScreenQueues(clock)

    def accepted(attempts: int) -> int:
        found = sum(queues.put("hall", ("hall", LARGE)) for _ in range(attempts))
        drained(queues)
        return found * len(LARGE)

    burst = sum(accepted(10) for _ in range(20))
    assert 0.9 * BURST_BYTES < burst <= BURST_BYTES
    for _ in range(3):
        clock.now += 10
        assert 0.9 * 10 * RATE_BYTES - len(LARGE) < accepted(100) <= 10 * RATE_BYTES
    assert queues.put("quay", ("quay", LARGE))


def test_what_waited_leaves_its_room(clock):
    queues = ScreenQueues(clock)
    for _ in range(100):
        clock.now += 60
        for _ in range(50):
            assert queues.put("hall", ("hall", LARGE))
        assert len(drained(queues)) == 50
