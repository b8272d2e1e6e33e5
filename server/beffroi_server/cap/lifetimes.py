"""From when until when a warning counts: defaults, caps, and the three states."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum

from beffroi_server.cap.instants import read_instant
from beffroi_server.cap.messages import CapAlert, CapInfo
from beffroi_server.cap.names import values_named


class State(Enum):
    """Where an instant is in the life of a warning."""

    ANNOUNCED = "announced"
    """What it warns of has not begun."""
    RUNNING = "running"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class LifeLimits:
    """How long warnings count that do not say so, and those that say too much."""

    immediate: dt.timedelta = dt.timedelta(hours=1)
    """Without an end, of those with urgency ``Immediate``."""
    other: dt.timedelta = dt.timedelta(hours=6)
    longest_default: dt.timedelta = dt.timedelta(hours=24)
    """Without an end, however often the feed repeats it."""
    longest: dt.timedelta = dt.timedelta(hours=48)
    """After the message was sent, or after the feed last had it: real messages expire after a year."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """From when until when an info counts."""

    begins: dt.datetime | None
    """From when it is shown: its effective time, or when it was sent."""
    onset: dt.datetime | None
    """When what it warns of begins, where that is known."""
    ends: dt.datetime | None
    """None only where nothing says when the message was sent."""
    is_default: bool = False
    """Whether the end is a default of ours."""
    is_capped: bool = False
    """Whether the source says a later end."""

    def state(self, now: dt.datetime) -> State:
        """Return the state at an instant."""
        if self.ends is not None and now >= self.ends:
            return State.OVER
        return State.ANNOUNCED if self.starts is not None and now < self.starts else State.RUNNING

    @property
    def starts(self) -> dt.datetime | None:
        """When the warning is no longer an announcement."""
        return max((each for each in (self.begins, self.onset) if each), default=None)


def lifetime(
    alert: CapAlert, info: CapInfo, limits: LifeLimits | None = None, *, seen: dt.datetime | None = None
) -> Lifetime:
    """Return from when until when an info counts.

    The American weather service says in ``expires`` when its next message comes, and in the parameter
    ``eventEndingTime`` when the event ends. So an end before the onset is no error.

    Args:
        alert: The message.
        info: One of its infos.
        limits: Defaults and caps.
        seen: When the source last had the message in its feed: a long warning that is repeated goes on.
    """
    limits = limits or LifeLimits()
    ending = next(
        (found for text in values_named(info.parameters, "eventendingtime") if (found := read_instant(text))), None
    )
    said = ending or info.expires
    begins = info.effective if info.effective and (not alert.sent or info.effective > alert.sent) else alert.sent
    begins = begins or info.effective or info.onset
    if said and alert.sent and begins and alert.sent < said <= begins:
        # Over before it is effective: what is said of its beginning cannot be meant.
        begins = alert.sent
    issued = alert.sent or info.effective
    if issued is None:
        return Lifetime(begins, info.onset, said, is_default=False)
    renewed = max(issued, seen) if seen else issued
    if said is None:
        first = max(each for each in (renewed, info.effective, info.onset) if each)
        span = limits.immediate if info.urgency == "Immediate" else limits.other
        latest = max(each for each in (issued, info.effective, info.onset) if each) + limits.longest_default
        return Lifetime(begins, info.onset, min(first + span, latest), is_default=True)
    # A warning that is announced for later counts from its onset.
    cap = max(each for each in (renewed, info.effective, info.onset) if each) + limits.longest
    return Lifetime(begins, info.onset, min(said, cap), is_capped=said > cap)
