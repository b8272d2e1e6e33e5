"""Instants on a machine without a battery-backed clock: two clocks read together, and how far they are believed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ClockState(StrEnum):
    """States of the wall clock, by how far it can be believed."""

    TRUSTED = "trusted"
    """Set by NTP or by a live signed beat since boot."""
    CARRIED = "carried"
    """At least the newest signed time seen: never ahead of the truth by our own doing."""
    UNKNOWN = "unknown"
    """Not known: only what is undated may be shown."""


FAR_MS = 2**62
"""Later than any instant: no end is known."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """The time around an instant in which something stays as it is: from ``since_ms`` up to ``until_ms``."""

    since_ms: int | None
    """None: for longer than the timeline looks back."""
    until_ms: int = FAR_MS

    def intersect_with(self, other: TimeSpan) -> TimeSpan:
        """Return what both spans have in common."""
        since = max((s for s in (self.since_ms, other.since_ms) if s is not None), default=None)
        return TimeSpan(since, min(self.until_ms, other.until_ms))


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
