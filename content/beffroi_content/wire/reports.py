"""What a player says."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from beffroi_content.model import AlertForm, Identifier, PowerState, WireModel
from beffroi_content.model.base_models import Instant, Line, Sha256
from beffroi_content.timeline import ClockState, ReasonKind

ReportText = Annotated[str, StringConstraints(max_length=500)]


class ConnectionState(StrEnum):
    """How the player hears from the town."""

    LIVE = "live"
    """Verified beats arrive."""
    POLLING = "polling"
    """No verified beat for too long: documents are fetched over HTTP."""
    LOST = "lost"
    """Neither way answers."""


class PlayerStatus(WireModel):
    """Birth and last will. A will whose connection is not the newest of its boot is out of date."""

    online: bool
    boot: Identifier
    """Identifies this start of the player."""
    connection: Annotated[int, Field(ge=0)]
    """Counts the connections of this boot."""


class ShownPart(WireModel):
    """One part of what is on the glass."""

    zone: Identifier | None = None
    slide: Identifier | None = None
    alert: Identifier | None = None
    form: AlertForm | None = None
    page: int = 0
    reason: ReasonKind
    rule: Identifier | None = None
    playlist: Identifier | None = None
    since_ms: Instant | None = None
    until_ms: Instant | None = None


class ReportedRefusal(WireModel):
    """A message or a file that the player did not accept."""

    subject: ReportText
    """The topic, or the name of the file."""
    code: Identifier
    detail: ReportText
    last_at_ms: Instant
    count: Annotated[int, Field(ge=1)] = 1


class MachineDescription(WireModel):
    """What a player runs on, and with. What a machine does not say is empty."""

    model: Line = ""
    """Such as ``Raspberry Pi 4 Model B Rev 1.5``."""
    system: Line = ""
    """Such as ``Debian GNU/Linux 12 (bookworm)``."""
    kernel: Line = ""
    python: Line = ""
    graphics: Line = ""
    """The versions of pygame and of SDL."""


class NetworkStatus(WireModel):
    """How a player is connected. What a machine does not say is None."""

    interface: Line
    """Through which it reaches other networks, such as ``eth0``."""
    kind: Literal["wired", "wireless"]
    speed_mbps: int | None = None
    """Of the cable, in megabits per second."""
    signal_dbm: int | None = None
    """Of the radio: -50 is strong, -80 is weak."""
    cuts: Annotated[int, Field(ge=0)] = 0
    """How often the line was gone since the machine was started."""


class PlayerHealth(WireModel):
    """How the player's machine is doing. What a machine does not say is None."""

    uptime_s: Annotated[int, Field(ge=0)] = 0
    processor_percent: float | None = None
    """Of all cores together, since the report before."""
    temperature_c: float | None = None
    """Of the hottest part, in degrees Celsius."""
    memory_percent: int | None = None
    """In use."""
    disk_free_mb: int | None = None
    """Where the player keeps what it shows."""
    dropped_frames: Annotated[int, Field(ge=0)] = 0
    """Frames of films that came too late to be shown, since the stage was started."""
    late_frames: Annotated[int, Field(ge=0)] = 0
    """Steps of transitions that came more than half a frame late, since then."""
    decode_errors: Annotated[int, Field(ge=0)] = 0
    """Frames of films that could not be decoded, since then."""
    storage_used_percent: Annotated[int, Field(ge=0, le=110)] | None = None
    """How much of the life of its built-in memory is used up, at most; over 100: more than its maker vouches for."""
    disk_errors: Annotated[int, Field(ge=0)] | None = None
    """Errors that its file systems have met since they were last checked."""
    network: NetworkStatus | None = None
    problems: Annotated[tuple[Identifier, ...], Field(max_length=20)] = ()
    """What is the matter now: ``hot``, ``throttled``, ``under-voltage``, ``memory-low``, ``disk-nearly-full``,
    ``disk-read-only``, ``disk-errors``, ``storage-worn``, ``signal-weak``, ``cable``."""


class PlayerReport(WireModel):
    """The truth about a screen, complete each time."""

    boot: Identifier
    number: Annotated[int, Field(ge=1)]
    """Counts the reports of this boot."""
    at_ms: Instant
    clock: ClockState
    link: ConnectionState
    programme: int | None = None
    """The sequence of the programme that is active."""
    alerts: Annotated[dict[str, int], Field(max_length=16)] = {}
    """The sequence of the newest alert set of each stream."""
    shown: Annotated[tuple[ShownPart, ...], Field(max_length=32)] = ()
    presented_at_ms: Instant | None = None
    frame: Sha256 | None = None
    """Digest of what was presented, upright, before it was dimmed: see ``raster.frame_digest``."""
    power: PowerState = PowerState.ON
    """What the display does by its hours."""
    lit: Literal["", "sent", "confirmed"] = ""
    """Whether the display was switched so, and says so itself; empty: only its picture was made dark."""
    brightness: Annotated[int, Field(ge=0, le=100)] = 100
    """Percent, as far as pictures can be made darker."""
    preparing: ReportText = ""
    """What a newer programme still waits for, in a sentence; empty when nothing is pending."""
    refusals: Annotated[tuple[ReportedRefusal, ...], Field(max_length=20)] = ()
    version: ReportText = ""
    stage_started_at_ms: Instant | None = None
    health: PlayerHealth | None = None
    machine: MachineDescription | None = None
    """In the first report of each connection and then once per hour. None: as it was said last."""


class CaptureLabel(WireModel):
    """What is known of an exact picture of the glass. It travels in the picture: see :mod:`wire.captures`."""

    size: tuple[Annotated[int, Field(ge=1, le=7680)], Annotated[int, Field(ge=1, le=7680)]]
    """Width and height in pixels, upright."""
    picture: Sha256
    """Digest of its own pixels: see ``raster.frame_digest``."""
    frame: Sha256 | None = None
    """Digest of what was presented, as a report says it. Where nothing moves over it and nothing dims it, the same."""
    taken_at_ms: Instant
    presented_at_ms: Instant | None = None
    """Since when it is on the glass, but for what moves."""
    clock: ClockState
    programme: int | None = None
    """The sequence of the programme that was on."""
    alerts: Annotated[dict[str, int], Field(max_length=16)] = {}
    """The sequence of the newest alert set of each stream."""
    shown: Annotated[tuple[ShownPart, ...], Field(max_length=32)] = ()
    overlay: bool = False
    """Whether something lay over it that nobody has scheduled, such as the name of the screen."""
    moves: bool = False
    """Whether something moved when it was taken: a film, messages that glide, a transition."""
    power: PowerState = PowerState.ON
    brightness: Annotated[int, Field(ge=0, le=100)] = 100
    """Percent, to which it was darkened."""


class Receipt(WireModel):
    """Proof that a document reached the glass."""

    stream: ReportText
    """Such as ``all/alerts``."""
    sequence: int
    alert: Identifier | None = None
    form: AlertForm | None = None
    received_at_ms: Instant
    presented_at_ms: Instant
    latency_ms: Annotated[float, Field(ge=0)]
    """From reception to the presented frame, on the player's monotonic clock."""
    frame: Sha256
    clock: ClockState


class ReceiptBatch(WireModel):
    """Receipts of one moment."""

    boot: Identifier
    receipts: Annotated[tuple[Receipt, ...], Field(min_length=1, max_length=100)]


class EndReason(StrEnum):
    """Why a showing ended, as far as the player knows for certain."""

    TIME = "time"
    """Its time was over: the next came."""
    ALERT = "alert"
    """An alert took the screen over before that."""
    PROGRAMME = "programme"
    """Another programme came before that."""
    WITHDRAWN = "withdrawn"
    """It was an alert, and the alert was over: withdrawn, at its end, or run down."""
    BROKEN = "broken"
    """Its frame could not be shown any more: something stood in for it."""
    NAME = "name"
    """The screen said its name, over everything, because it was asked to."""
    REST = "rest"
    """The hours of rest of the display began."""
    STOPPED = "stopped"
    """The player was ended as it should be."""
    DIED = "died"
    """The stage was gone without a word: a crash, kill, or a power cut. It was found by the next start, and the length
    is that up to the last instant at which it is known to have been on: some seconds less than the truth, or minutes
    after a power cut, and never more."""
    OTHER = "other"
    """None of these, such as: what was broken is mended, a clock was set, or the town was silent for too long."""


NumberRange = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
"""The first and the last of a row of plays."""
MOST_RANGES = 10
"""How many rows of numbers are named at a time."""


class Play(WireModel):
    """One showing of one slide or alert."""

    number: Annotated[int, Field(ge=1)]
    """Counts without a gap over the life of the player."""
    slide: Identifier | None = None
    alert: Identifier | None = None
    page: int = 0
    zone: Identifier | None = None
    started_at_ms: Instant
    lasted_ms: Annotated[int, Field(ge=0)]
    frame: Sha256 | None = None
    clock: ClockState
    ended: EndReason | Identifier | None = None
    """None: by a player that did not say it yet. A word that only a newer player has is kept as it is."""
    chain: Sha256 | None = None
    """Of this play and the chain of the one before: see :func:`chained`."""


FIRST_CHAIN = "0" * 64
"""The chain before the first play, and before the first after a log that was lost."""


def chain_digest(before: str, play: Play) -> str:
    """Return the chain of a play: nobody can change or take out one without changing all that follow.

    It is the SHA-256 of these, each on a line: the chain before, number, slide, alert, page, zone, Unix time of the
    start and length in milliseconds, digest of the frame, state of the clock, why it ended; what is missing is an empty
    line. Until 2026-11-27 the last of these was not among them: chains from before do not hold.
    """
    parts = (
        before, play.number, play.slide, play.alert, play.page, play.zone, play.started_at_ms, play.lasted_ms,
        play.frame, play.clock, play.ended,
    )  # fmt: skip
    return hashlib.sha256("\n".join("" if part is None else str(part) for part in parts).encode()).hexdigest()


class PlayLogBatch(WireModel):
    """A batch of the play log, in order. A number that the server has already is ignored."""

    plays: Annotated[tuple[Play, ...], Field(max_length=200)] = ()
    lost: Annotated[tuple[NumberRange, ...], Field(max_length=MOST_RANGES)] = ()
    """What the server has asked for and the player has not, or not any more: it need not ask again."""


class HeldPlays(WireModel):
    """How far the server has the plays of a screen. It says so whenever the player fetches documents."""

    newest: Annotated[int, Field(ge=0)] = 0
    """The highest number; 0: none."""
    missing: Annotated[tuple[NumberRange, ...], Field(max_length=MOST_RANGES)] = ()
    """What is missing below it, lowest first; there may be more than is named."""
