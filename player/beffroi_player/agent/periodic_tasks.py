"""Tasks that a thread does again and again beside its work, each with a period of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass
class PeriodicTask:
    """A task, and when it is due next."""

    name: str
    period_ms: Callable[[], int]
    run: Callable[[], object]
    due_uptime_ms: float = 0.0


class PeriodicTasks:
    """Runs tasks when they are due: the first time at once. Belongs to one thread.

    Args:
        uptime: Milliseconds since boot.
    """

    def __init__(self, uptime: Callable[[], float]) -> None:
        self._uptime = uptime
        self._tasks: dict[str, PeriodicTask] = {}

    def add(self, name: str, period_ms: int | Callable[[], int], run: Callable[[], object]) -> None:
        """Add a task, to be run after those that were added before.

        Args:
            name: For the log, and for ``run_soon``.
            period_ms: The milliseconds between two runs, or a function that is asked for them after each.
            run: The task. What it raises is logged, and the other tasks go on.
        """
        period = period_ms if callable(period_ms) else lambda: period_ms
        self._tasks[name] = PeriodicTask(name, period, run)

    def run_soon(self, name: str) -> None:
        """Let a task be due the next time, whatever its period."""
        self._tasks[name].due_uptime_ms = 0.0

    def run_due(self) -> None:
        """Run every task that is due."""
        for task in self._tasks.values():
            now = self._uptime()
            if now < task.due_uptime_ms:
                continue
            task.due_uptime_ms = now + task.period_ms()
            try:
                task.run()
            except Exception:
                log.exception("%s: a periodic task failed", task.name)
