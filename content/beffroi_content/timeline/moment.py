"""An instant, as far as a machine without a real-time clock can know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ClockState(StrEnum):
    """How far the wall clock can be believed."""

    TRUSTED = "trusted"
    """Set by NTP or by a live signed beat since boot."""
    CARRIED = "carried"
    """At least the newest signed time seen: never ahead of the truth by our own doing."""
    UNKNOWN = "unknown"
    """No idea: only what is undated may be shown."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The wall clock and the monotonic clock, read together."""

    unix_ms: int
    uptime_ms: int
    """Milliseconds on the monotonic clock since boot."""
    clock: ClockState = ClockState.TRUSTED

    def at(self, unix_ms: int) -> Moment:
        """Return the moment at which the wall clock, running on undisturbed, shows ``unix_ms``."""
        return Moment(unix_ms, self.uptime_ms + unix_ms - self.unix_ms, self.clock)
