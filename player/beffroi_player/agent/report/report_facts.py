"""The facts that reports and receipts are made of, besides what the stage presents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from beffroi_content.timeline import ClockState
from beffroi_content.wire.messages import WireMessage
from beffroi_content.wire.reports import (
    ClockReading,
    ConnectionState,
    DrillResult,
    PlayerHealth,
    ReportedRefusal,
    SoftwareStatus,
    SoundResult,
)
from beffroi_player.clock import ServerClock
from beffroi_player.state.directories import ActiveProgramme, DocumentReception

Publish = Callable[[WireMessage, bytes, Callable[[], None] | None], bool]
"""Hands a payload to the MQTT client; False where there is no connection. The last argument is called once the broker
has the payload."""


@dataclass(frozen=True)
class ReportFacts:
    """The present state of the agent, as far as it is reported."""

    at_ms: int
    clock: ClockState
    link: ConnectionState
    programme: ActiveProgramme | None
    alerts: Mapping[str, int]
    """The sequence of the newest alert set of each stream."""
    preparing: str
    """What a programme still waits for, in a sentence."""
    refusals: tuple[ReportedRefusal, ...]
    receptions: Mapping[str, DocumentReception]
    """By alert."""
    programme_reception: DocumentReception | None
    health: PlayerHealth | None = None
    clock_reading: ClockReading | None = None
    drill: DrillResult | None = None
    """Of the last silent drill."""
    sound: SoundResult | None = None
    """Of the last sound."""
    server: ServerClock | None = None
    """How the server's clocks stand; None until a beat was heard."""
    software: SoftwareStatus | None = None
