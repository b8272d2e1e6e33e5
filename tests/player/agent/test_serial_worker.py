"""Bounded queues and their workers."""

from __future__ import annotations

import threading

import pytest

from beffroi_player.agent.serial_worker import SerialWorker, WorkQueue

PATIENCE = 10.0


def test_items_are_handled_one_after_another_in_their_order() -> None:
    handled: list[int] = []
    work: WorkQueue[int] = WorkQueue()
    for number in range(100):
        assert work.put(number)
    worker = SerialWorker("test", work, handled.append)
    worker.start()
    worker.stop()
    assert handled == list(range(100))


def test_a_full_queue_drops_without_waiting_and_says_so_once() -> None:
    work: WorkQueue[str] = WorkQueue(capacity=1)
    assert work.put("first")
    assert work.take_dropped() is None
    assert not work.put("second")
    assert not work.put("third")
    assert work.take_dropped() == "third"
    assert work.take_dropped() is None
    assert work.get_waiting() == "first"
    assert work.get_waiting() is None


def test_an_item_that_fails_does_not_end_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    handled: list[int] = []

    def handle(number: int) -> None:
        handled.append(1 // number)

    work: WorkQueue[int] = WorkQueue()
    for number in (0, 1):
        work.put(number)
    worker = SerialWorker("test", work, handle)
    worker.start()
    worker.stop()
    assert handled == [1]
    assert "failed" in caplog.text


def test_a_worker_says_for_how_long_it_has_been_at_an_item() -> None:
    began, go_on = threading.Event(), threading.Event()

    def handle(_: str) -> None:
        began.set()
        go_on.wait(PATIENCE)

    work: WorkQueue[str] = WorkQueue()
    worker = SerialWorker("test", work, handle)
    assert worker.seconds_at_work == 0.0
    worker.start()
    work.put("slow")
    assert began.wait(PATIENCE)
    first = worker.seconds_at_work
    assert 0.0 <= first <= worker.seconds_at_work
    go_on.set()
    worker.stop()
    assert worker.seconds_at_work == 0.0


def test_an_item_that_is_put_later_comes_after_what_came_meanwhile() -> None:
    handled: list[str] = []
    done = threading.Event()

    def handle(item: str) -> None:
        handled.append(item)
        if item == "later":
            done.set()

    work: WorkQueue[str] = WorkQueue()
    worker = SerialWorker("test", work, handle)
    worker.start()
    work.put_later("later", 0.01)
    work.put("at once")
    assert done.wait(PATIENCE)
    worker.stop()
    assert handled == ["at once", "later"]


def test_a_worker_whose_queue_stays_full_is_left_behind() -> None:
    work: WorkQueue[str] = WorkQueue(capacity=1)
    work.put("nobody takes this")
    assert not work.close(patience=0.01)
    SerialWorker("never started", work, lambda _: None).stop(patience=0.01)
    assert work.get_waiting() == "nobody takes this"
