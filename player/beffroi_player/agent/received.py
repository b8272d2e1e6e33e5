"""Documents as they came in, before and after they were admitted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """A payload that came in on a topic. Nothing of it has been checked."""

    topic: str
    payload: bytes
    uptime_ms: float
    """When it came in, in milliseconds since boot."""
    live: bool
    """Whether it came as it was sent: by MQTT, and not because the broker had retained it."""
    nonce: str = ""
    """What was given with the request that it answers, over HTTP."""
    asked_uptime_ms: float | None = None
    """When that request was sent."""
    steps: tuple[bytes, ...] = ()
    """With a key list that came over HTTP: earlier ones with which the root keys changed."""
