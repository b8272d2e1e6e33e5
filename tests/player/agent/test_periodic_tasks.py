"""Tasks that are done again and again."""

from __future__ import annotations

import pytest

from beffroi_player.agent.periodic_tasks import PeriodicTasks


class TaskClock:
    def __init__(self) -> None:
        self.uptime_ms = 1_000.0
        self.done: list[str] = []
        self.tasks = PeriodicTasks(lambda: self.uptime_ms)

    def run_after(self, ms: int) -> list[str]:
        self.uptime_ms += ms
        self.done.clear()
        self.tasks.run_due()
        return [*self.done]


@pytest.fixture
def clock() -> TaskClock:
    clock = TaskClock()
    clock.tasks.add("often", 100, lambda: clock.done.append("often"))
    clock.tasks.add("seldom", 250, lambda: clock.done.append("seldom"))
    return clock


def test_each_task_is_run_at_once_and_then_in_its_own_period(clock: TaskClock) -> None:
    runs = [clock.run_after(ms) for ms in (0, 99, 1, 100, 49, 1)]
    assert runs == [["often", "seldom"], [], ["often"], ["often"], [], ["seldom"]]


def test_a_task_that_is_late_is_run_once_and_not_caught_up(clock: TaskClock) -> None:
    clock.run_after(0)
    assert clock.run_after(10_000) == ["often", "seldom"]
    assert clock.run_after(99) == []


def test_a_task_can_be_asked_for_before_its_time(clock: TaskClock) -> None:
    clock.run_after(0)
    clock.tasks.run_soon("seldom")
    assert clock.run_after(1) == ["seldom"]
    assert clock.run_after(1) == []


def test_a_period_may_change_after_each_run(clock: TaskClock) -> None:
    periods = iter((10, 20))
    tasks = PeriodicTasks(lambda: clock.uptime_ms)
    tasks.add("plays", lambda: next(periods), lambda: clock.done.append("plays"))
    clock.tasks = tasks
    assert [clock.run_after(ms) for ms in (0, 9, 1, 19)] == [["plays"], [], ["plays"], []]


def test_a_task_that_fails_takes_no_other_with_it(clock: TaskClock, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("no such disk")

    clock.tasks.add("failing", 100, fail)
    clock.tasks.add("last", 100, lambda: clock.done.append("last"))
    assert clock.run_after(0) == ["often", "seldom", "last"]
    assert "failing: a periodic task failed" in caplog.text
    assert clock.run_after(100) == ["often", "last"]
