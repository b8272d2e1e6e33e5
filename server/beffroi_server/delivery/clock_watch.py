"""Watch over the wall clock: tells when somebody, or NTP, has set it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from beffroi_server.core import machine_clock
from beffroi_server.core.events import Event

logger = logging.getLogger(__name__)
STEP_MS = 500
"""From here on it was set; slower changes are those of a clock that is being disciplined."""
clock_set: Event[int] = Event("clock-set")
"""Sent with the milliseconds by which the wall clock of the leading process was set forward; negative: back."""


CONFIRMED_AFTER_MS = 3_600_000
"""Milliseconds after boot, and after a step, from which the wall clock counts even where nobody disciplines it."""
_newest_step_uptime_ms: int | None = None


def is_clock_confirmed() -> bool:
    """Tell whether the wall clock may decide what cannot be undone, such as what is deleted by age.

    It may while the kernel calls it disciplined, and where it has run for an hour without being set.
    """
    uptime_ms = machine_clock.uptime_ms()
    since_ms = uptime_ms if _newest_step_uptime_ms is None else uptime_ms - _newest_step_uptime_ms
    return machine_clock.is_disciplined() or since_ms >= CONFIRMED_AFTER_MS


class ClockWatch:
    """Compares the wall clock with the time since boot, from call to call.

    Args:
        wall_ms: The wall clock.
        uptime_ms: The time since boot.
    """

    def __init__(
        self, wall_ms: Callable[[], int] = machine_clock.wall_ms, uptime_ms: Callable[[], int] = machine_clock.uptime_ms
    ) -> None:
        self._wall_ms, self._uptime_ms = wall_ms, uptime_ms
        self._offset_ms = wall_ms() - uptime_ms()

    def take_step(self) -> int:
        """Return the milliseconds by which the clock was set since the call before; 0 where it was not."""
        offset_ms = self._wall_ms() - self._uptime_ms()
        step_ms = offset_ms - self._offset_ms
        if abs(step_ms) < STEP_MS:
            return 0
        self._offset_ms = offset_ms
        global _newest_step_uptime_ms  # noqa: PLW0603 - a process has one clock
        _newest_step_uptime_ms = self._uptime_ms()
        logger.warning("the clock of this machine was set by %+.1f s: screens are told at once", step_ms / 1000)
        return step_ms
