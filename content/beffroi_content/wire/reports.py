"""Bodies of the messages that a player sends of what it is and shows: status, report, captures, receipts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from beffroi_content.model import AlertForm, Identifier, PowerState, WireModel
from beffroi_content.model.announcement import MAX_LANGUAGES
from beffroi_content.model.base_models import (
    MAX_WHOLE_NUMBER,
    Instant,
    Line,
    Measurement,
    Sha256,
    StreamName,
    WholeNumber,
)
from beffroi_content.model.manifest import MAX_GROUPS
from beffroi_content.timeline import ClockState, ReasonKind
from beffroi_content.wire.documents import BoxIdentifier, SteadyInstant

ReportText = Annotated[str, StringConstraints(max_length=500)]
PositiveNumber = Annotated[int, Field(ge=1, le=MAX_WHOLE_NUMBER)]
ClockDifference = Annotated[int, Field(ge=-MAX_WHOLE_NUMBER, le=MAX_WHOLE_NUMBER)]
"""Seconds between two clocks."""
PageNumber = Annotated[int, Field(ge=0, le=1000)]
"""The number of a page of a slide or alert, from 0."""


class ConnectionState(StrEnum):
    """States of the connection between a player and the server."""

    LIVE = "live"
    """Verified beats arrive."""
    POLLING = "polling"
    """No verified beat for too long: documents are fetched over HTTP."""
    LOST = "lost"
    """Neither way answers."""


SCREENSHOT_BOX = b"box="
"""What the comment of a screenshot (ITU-T T.81, segment COM) begins with, before the machine that made it."""


class PlayerStatus(WireModel):
    """Birth and last will of a player. A will whose connection is not the newest of its boot is out of date."""

    online: bool
    boot: Identifier
    """The identifier of this start of the player."""
    connection: Annotated[int, Field(ge=0, le=2**31 - 1)]
    """The number of this connection, counted since the start."""
    box: BoxIdentifier = ""
    """The machine: the goodbye of another one than the player of the screen says nothing of that."""


class ShownPart(WireModel):
    """One part of what a screen shows: a page of a slide or of an alert."""

    zone: Identifier | None = None
    slide: Identifier | None = None
    alert: Identifier | None = None
    form: AlertForm | None = None
    page: PageNumber = 0
    reason: ReasonKind
    rule: Identifier | None = None
    playlist: Identifier | None = None
    since_ms: Instant | None = None
    until_ms: Instant | None = None


class ReportedRefusal(WireModel):
    """A message or a file that the player did not accept, and why."""

    subject: ReportText
    """The topic, or the name of the file."""
    code: Identifier
    detail: ReportText
    last_at_ms: Instant
    count: PositiveNumber = 1


class MachineDescription(WireModel):
    """Hardware and software of a player. What a machine does not tell is empty."""

    model: Line = ""
    """Such as ``Raspberry Pi 4 Model B Rev 1.5``."""
    system: Line = ""
    """Such as ``Debian GNU/Linux 12 (bookworm)``."""
    kernel: Line = ""
    python: Line = ""
    graphics: Line = ""
    """The versions of pygame and of SDL."""
    drawing: Line = ""
    """The versions of what draws letters, such as ``Pillow 13.0.0, FriBidi 1.0.8``."""
    right_to_left: Sha256 | None = None
    """The digest of a test line in Arabic and Hebrew, as it is drawn there."""


class NetworkStatus(WireModel):
    """Network connection of a player. What a machine does not tell is None."""

    interface: Line
    """The interface of the default route, such as ``eth0``."""
    kind: Literal["wired", "wireless"]
    speed_mbps: WholeNumber | None = None
    """The speed of the cable, in megabits per second."""
    signal_dbm: Annotated[int, Field(ge=-1000, le=1000)] | None = None
    """The strength of the radio signal: -50 is strong, -80 is weak."""
    cuts: WholeNumber = 0
    """Interruptions of the connection since the machine was started."""


class PlayerHealth(WireModel):
    """Health of the player's machine. What a machine does not tell is None."""

    uptime_s: WholeNumber = 0
    processor_percent: Measurement | None = None
    """The load of all cores together, since the report before."""
    temperature_c: Measurement | None = None
    """The temperature of the hottest part, in degrees Celsius."""
    memory_percent: WholeNumber | None = None
    """The memory in use."""
    disk_free_mb: WholeNumber | None = None
    """Free space of the disk with the player's state."""
    dropped_frames: WholeNumber = 0
    """Frames of videos that came too late to be shown, since the stage was started."""
    late_frames: WholeNumber = 0
    """Steps of transitions that came more than half a frame late, since then."""
    decode_errors: WholeNumber = 0
    """Frames of videos that could not be decoded, since then."""
    storage_used_percent: Annotated[int, Field(ge=0, le=110)] | None = None
    """The used part of the life of its built-in memory, at most; over 100: more than its maker vouches for."""
    disk_errors: WholeNumber | None = None
    """Errors that its file systems have met since they were last checked."""
    network: NetworkStatus | None = None
    problems: Annotated[tuple[Identifier, ...], Field(max_length=20)] = ()
    """The present problems: ``hot``, ``throttled``, ``under-voltage``, ``memory-low``, ``disk-nearly-full``,
    ``disk-read-only``, ``disk-errors``, ``storage-worn``, ``signal-weak``, ``cable``, ``fonts-broken``,
    ``secrets-exposed``, ``sound-missing``, ``speech-missing``."""


class ClockReading(WireModel):
    """Clock of a player beside the others that it knows. What it does not know is None."""

    source: Identifier
    """What set it: ``beat``, ``ntp``, ``carried`` or ``nobody``."""
    server_ahead_s: ClockDifference | None = None
    """How far the server's clock is ahead of it, by the last beat."""
    network_ahead_s: ClockDifference | None = None
    """How far the system clock is ahead of it, where NTP or the like disciplines that one."""


class ReportedClockChange(WireModel):
    """A change of the clocks of a time zone."""

    at_s: Annotated[int, Field(ge=0, le=MAX_WHOLE_NUMBER)]
    """In Unix seconds."""
    offset_s: Annotated[int, Field(ge=-86_400, le=86_400)]
    """Seconds ahead of UTC from then on."""


class ZoneReading(WireModel):
    """Time zone of a screen, as the data of its player know it."""

    name: Line
    data: Line
    """The version of the data, such as ``2026f``."""
    changes: Annotated[tuple[ReportedClockChange, ...], Field(max_length=4)] = ()
    """The next changes of its clocks, within 400 days."""


class DrillResult(WireModel):
    """How a silent drill went on a screen: its alert was drawn there as for showing it, and was not shown."""

    alert: Identifier
    received_at_ms: Instant
    """When the player took it up, by its clock."""
    drawing_ms: Measurement
    """From then until the first page was ready for the display."""
    frames: Annotated[tuple[Sha256, ...], Field(max_length=3 * MAX_LANGUAGES)] = ()
    """The digest of each page: see ``raster.frame_digest``."""
    problem: ReportText = ""
    """Why it could not be drawn, or not be handed to the display; empty where all went well."""


class SoundResult(WireModel):
    """What became of the last sound of a screen."""

    alert: Identifier | None = None
    """None: it was a trial."""
    at_ms: Instant
    """When it was due, by the player's clock."""
    outcome: Identifier
    """``played``, ``chime-only`` (nothing was spoken), ``quiet-hours``, ``no-device``, ``timed-out``, ``stopped``
    (the alert was over, or a graver one came) or ``failed``."""
    detail: ReportText = ""
    """What the machine said of it; empty where all went well."""


class FailedSoftware(WireModel):
    """A version that a player has tried and taken back."""

    version: Line
    reason: Line
    """``did-not-hold``, ``agent-crashed``, ``stage-crashed``, ``not-connected``, ``no-frame`` or ``unusable``."""
    at_ms: Instant = 0


class SoftwareStatus(WireModel):
    """How a player stands to the version that the town wants on it."""

    can_change: bool = False
    """Whether it can change its version by itself: it was started by its package, which knows the keys of releases."""
    wanted: Line = ""
    state: Identifier = "none"
    """``none``: nothing is wanted; ``done``: it runs; ``waiting``, ``fetching``, ``installed`` (it is to be changed at
    its hour), ``trying``, or ``failed``: it was taken back, and the version before runs."""
    detail: ReportText = ""
    """What it waits for, in a sentence."""
    failed: Annotated[tuple[FailedSoftware, ...], Field(max_length=20)] = ()
    gap_ms: Annotated[int | None, Field(ge=0, le=MAX_WHOLE_NUMBER)] = None
    """From the end of the former stage to the first frame of this one, at the last change."""


class PlayerReport(WireModel):
    """The complete state of a screen: what it has, what it shows and why, its clock, its health."""

    boot: Identifier
    number: PositiveNumber
    """The number of this report, counted since the start."""
    box: BoxIdentifier = ""
    """The machine; see ``PlayLogBatch``."""
    at_ms: Instant
    clock: ClockState
    link: ConnectionState
    programme: WholeNumber | None = None
    """The sequence of the programme that is active."""
    alerts: Annotated[dict[StreamName, WholeNumber], Field(max_length=MAX_GROUPS + 2)] = {}
    """The sequence of the newest alert set of each stream."""
    shown: Annotated[tuple[ShownPart, ...], Field(max_length=32)] = ()
    presented_at_ms: Instant | None = None
    frame: Sha256 | None = None
    """Digest of what was presented, upright, before it was dimmed: see ``raster.frame_digest``."""
    overlay: bool = False
    """Tells whether something unscheduled lies over it, such as the name of the screen or a test card."""
    power: PowerState = PowerState.ON
    """The state of the display by its hours."""
    lit: Literal["", "sent", "confirmed"] = ""
    """Tells whether the display was switched so, and confirms it; empty: only the image was made dark."""
    brightness: Annotated[int, Field(ge=0, le=100)] = 100
    """Percent, as far as the image can be made darker."""
    preparing: ReportText = ""
    """The state of a newer programme that is not ready yet, in a sentence; empty when none is pending."""
    refusals: Annotated[tuple[ReportedRefusal, ...], Field(max_length=20)] = ()
    version: ReportText = ""
    software: SoftwareStatus | None = None
    stage_started_at_ms: Instant | None = None
    health: PlayerHealth | None = None
    clock_reading: ClockReading | None = None
    zone: ZoneReading | None = None
    drill: DrillResult | None = None
    """Of the last silent drill since the start."""
    sound: SoundResult | None = None
    """Of the last sound since the start: of an alert, or on trial."""
    machine: MachineDescription | None = None
    """Given in the first report of each connection and then once per hour. None: as before."""


class CaptureLabel(WireModel):
    """Label of a screen capture, inside the PNG itself: see :mod:`beffroi_content.wire.capture_png`."""

    size: tuple[Annotated[int, Field(ge=1, le=7680)], Annotated[int, Field(ge=1, le=7680)]]
    """Width and height in pixels, upright."""
    pixels: Sha256
    """Digest of its own pixels: see ``raster.frame_digest``."""
    frame: Sha256 | None = None
    """Digest of the presented frame, as in a report: the same, where nothing moves over it and nothing dims it."""
    taken_at_ms: Instant
    presented_at_ms: Instant | None = None
    """The instant since which it is shown, except for what moves."""
    clock: ClockState
    programme: WholeNumber | None = None
    """The sequence of the programme that was on."""
    alerts: Annotated[dict[StreamName, WholeNumber], Field(max_length=MAX_GROUPS + 2)] = {}
    """The sequence of the newest alert set of each stream."""
    shown: Annotated[tuple[ShownPart, ...], Field(max_length=32)] = ()
    overlay: bool = False
    """Tells whether something unscheduled lay over it, such as the name of the screen."""
    moves: bool = False
    """Tells whether something moved when it was taken: a video, a marquee, a transition."""
    power: PowerState = PowerState.ON
    brightness: Annotated[int, Field(ge=0, le=100)] = 100
    """Percent, to which it was darkened."""


class Receipt(WireModel):
    """Proof that the screen has shown a document."""

    stream: StreamName
    """Such as ``all/alerts``."""
    sequence: WholeNumber
    alert: Identifier | None = None
    form: AlertForm | None = None
    received_at_ms: Instant
    presented_at_ms: Instant
    latency_ms: Annotated[float, Field(ge=0, le=MAX_WHOLE_NUMBER)]
    """From reception to the presented frame, on the player's monotonic clock."""
    frame: Sha256
    clock: ClockState
    presented_steady: SteadyInstant | None = None
    """When it was presented, by the server's steady clock: it tells how long that took since a person pressed the
    button, whatever the wall clocks say. None: no beat has told the player how that clock stands."""


MAX_RECEIPTS = 100
"""Receipts in one message at most."""


class ReceiptBatch(WireModel):
    """Receipts that are sent together. One that the server has already is ignored."""

    boot: Identifier
    box: BoxIdentifier = ""
    """The machine; see ``PlayLogBatch``."""
    receipts: Annotated[tuple[Receipt, ...], Field(min_length=1, max_length=MAX_RECEIPTS)]
