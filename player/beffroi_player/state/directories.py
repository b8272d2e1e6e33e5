"""The state directory and the runtime directory, through which agent and stage share what they know.

The *state directory* is on a disk and survives a power cut; every file in it is JSON that a person can read, except
images and packed plays. Files are replaced in one step (temporary file, fsync, rename, fsync of the folder), so that a
reader sees the old or the new content. Any file may be missing or damaged: the player then does without and logs why.

The play log in it is the proof of what was shown. Between its plays are lines that say which plays have begun and not
ended yet, in case the power fails. The stage closes a file after a thousand plays and removes the oldest file only
where two hundred of them are unpacked. The agent packs closed files and retains them for a year, sent or not (see
``agent.report.play_archive``).

The *runtime directory* is in memory and forgotten at each boot.

``file_tables`` lists the files of both, and which process writes each of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainSerializer

from beffroi_content.model import Alert, AlertForm, HeldAlert, Manifest, PowerState, Slide, WireModel
from beffroi_content.timeline import ClockState
from beffroi_content.wire.documents import SteadyInstant
from beffroi_content.wire.plays import FIRST_CHAIN, Play
from beffroi_content.wire.reports import ShownPart
from beffroi_player.clock import ClockRecord
from beffroi_player.state.default_paths import COPIES_FOLDER, DARKNESS_FILE
from beffroi_player.state.model_file import ModelFile

Size = tuple[int, int]
"""Width and height in pixels."""
LOCAL_STREAM = "local/alerts"
"""Stands for a stream of the server: the alerts that were triggered on the spot."""
_LIVE_PREFIX = "live-"
CRASH_FALLBACK = "safe mode"
"""Placeholder for the frame in a fault that reports the crash fallback: no frame has to be drawn again."""
OUTPUT_FAULT = "output"
"""Stands for an output that the programme names and that cannot be opened, among the faults of frames."""


class SkippedSlide(WireModel):
    """A slide that is left out of the programme, and the reason."""

    slide: str
    code: str
    detail: str


FrameKey = tuple[str, Size]
"""The identifier of a slide, and the size of a zone in which it is shown."""


class FrameSet(WireModel):
    """The frames of a slide for one size of zone, as names of files in the folder of frames."""

    slide: str
    size: Size
    pages: tuple[str, ...]
    strips: tuple[str, ...] = ()
    """Its messages, one image each, where they scroll as a marquee."""

    @property
    def key(self) -> FrameKey:
        """The key in a table of frames."""
        return self.slide, self.size


def frame_table(sets: Iterable[FrameSet]) -> dict[FrameKey, FrameSet]:
    """Return frame sets by their keys."""
    return {each.key: each for each in sets}


def _read_frame_table(value: Any) -> Any:
    # JSON has no tuples for keys: in a file the table is the list of its sets.
    return frame_table(map(FrameSet.model_validate, value)) if isinstance(value, list) else value


FrameTable = Annotated[
    dict[FrameKey, FrameSet],
    BeforeValidator(_read_frame_table),
    PlainSerializer(lambda table: [*table.values()], return_type=list[FrameSet]),
]


class ActiveProgramme(WireModel):
    """A prepared programme, ready to be shown."""

    sequence: int
    manifest: Manifest
    """The received manifest, without skipped slides, and with the number of pages that were drawn."""
    frames: FrameTable
    """The frames of each slide, for each size of zone in which it is shown."""
    skipped: tuple[SkippedSlide, ...] = ()
    activated_at_ms: int = 0
    proven: frozenset[str] = frozenset()
    """Slides that the programme before showed unchanged: the crash fallback is reduced to these."""

    @property
    def slides_with_frames(self) -> frozenset[str]:
        """Identifiers of the slides that have frames."""
        return frozenset(slide for slide, _ in self.frames)

    @property
    def frame_names(self) -> frozenset[str]:
        """The file names of all frames, those of marquees too."""
        return frozenset(name for each in self.frames.values() for name in (*each.pages, *each.strips))

    def pages_of(self, slide: str, size: Size) -> tuple[str, ...]:
        """Return the file names of the pages of a slide in a zone of that size; none where it has no frames."""
        found = self.frames.get((slide, size))
        return found.pages if found else ()

    def strips_of(self, slide: str, size: Size) -> tuple[str, ...]:
        """Return the file names of its messages where they scroll over a zone of that size."""
        found = self.frames.get((slide, size))
        return found.strips if found else ()


class HeldStream(WireModel):
    """The alerts of one scope, and the sequence of their document."""

    sequence: int
    alerts: tuple[HeldAlert, ...] = ()
    signed_at: SteadyInstant | None = None
    """When the document was signed, by the server's steady clock."""
    issued_at_ms: int = 0
    """When it was signed, by the server's wall clock then."""


@dataclass(frozen=True, slots=True)
class DocumentReception:
    """Which document brought an alert or a programme, and when. Receipts are made of it."""

    stream: str
    sequence: int
    unix_ms: int
    uptime_ms: float | None
    """None: it came in an earlier boot, whose uptime cannot be compared."""
    before: DocumentReception | None = None
    """Of the same alert with other times, if this document has changed them: what was shown until then proves that."""


class AlertsRecord(WireModel):
    """Record of all held alerts and their frames."""

    boot: str
    """Identifier of the boot to which the uptimes in the record belong."""
    saved_at_uptime_ms: int = 0
    size: Size = (1920, 1080)
    """Size of the upright screen for which the frames are drawn."""
    rotation: Literal[0, 90, 180, 270] = 0
    """By how many degrees the panel is turned, while no programme says it."""
    streams: dict[str, HeldStream] = {}
    frames: dict[str, tuple[str, ...]] = {}
    """File names of the pages, by ``alert_set_key``."""
    receptions: dict[str, DocumentReception] = {}
    """By alert: an agent that is started again can still prove when an alert came and was shown."""
    seen: frozenset[str] = frozenset()
    """The alerts that were on the screen, as far as the agent knows: the stage knows more, but only of this boot."""

    @property
    def frame_names(self) -> frozenset[str]:
        """The file names of all frames."""
        return frozenset(name for names in self.frames.values() for name in names)

    def all_held(self) -> tuple[HeldAlert, ...]:
        """Return the alerts of all scopes."""
        return tuple(held for stream in self.streams.values() for held in stream.alerts)

    def in_boot(self, boot: str) -> AlertsRecord:
        """Return the record with uptimes of the given boot.

        Uptimes of an earlier boot cannot be compared. The time to live that an alert had left when the file was written
        then counts from the start of this boot: time without power cannot be measured, until a beat of the same epoch
        of the server's steady clock tells it.
        """
        if boot == self.boot:
            return self
        streams = {
            name: stream.model_copy(update={"alerts": tuple(self._restarted(held) for held in stream.alerts)})
            for name, stream in self.streams.items()
        }
        receptions = {name: replace(each, uptime_ms=None, before=None) for name, each in self.receptions.items()}
        changes = {"boot": boot, "saved_at_uptime_ms": 0, "streams": streams, "receptions": receptions}
        return self.model_copy(update=changes)

    def _restarted(self, held: HeldAlert) -> HeldAlert:
        left_ms = held.lapses_at_uptime_ms - self.saved_at_uptime_ms
        # What was over stays over, whatever the server says of it now.
        is_over = held.is_measured and left_ms <= 0
        # A planned one that had begun goes on for what it had left, as any other; no clock need say so again.
        is_to_come = held.is_planned and left_ms > held.alert.ends_at_ms - held.alert.issued_at_ms
        return held.model_copy(
            update={"lapses_at_uptime_ms": left_ms, "is_measured": is_over, "is_planned": is_to_come}
        )


class TimedOverlay(WireModel):
    """A frame over everything but an emergency, until an instant of this boot."""

    frame: str
    until_uptime_ms: int


class FrameFault(WireModel):
    """A frame that could not be shown, and the reason."""

    frame: str
    detail: str


class FirstShowing(WireModel):
    """The first presented frame with an alert in one of its forms, since the start of the stage."""

    alert: str
    form: AlertForm | None
    at_ms: int
    uptime_ms: float
    frame: str
    """Digest of the frame, as in the status."""
    clock: ClockState


class PresentedStatus(WireModel):
    """Status of the stage: what it presents, and why."""

    started_at_ms: int
    number: int
    """Number of the presented frame since the start of the stage."""
    size: Size
    """Size of the upright frame."""
    programme: int | None = None
    showings: tuple[ShownPart, ...] = ()
    frames: tuple[str, ...] = ()
    """File names of the composed frames, in drawing order."""
    overlay: bool = False
    power: PowerState = PowerState.ON
    """State of the display by its hours."""
    lit: Literal["", "sent", "confirmed"] = ""
    """Result of switching: empty where unknown, sent, or confirmed by the display or, for its signal, by the kernel."""
    brightness: int = 100
    """Brightness in percent, by the display or by darkening the frame."""
    dropped_frames: int = 0
    """Video frames that were skipped because they were late, since the start of the stage."""
    late_frames: int = 0
    """Animation steps that were late, since the start of the stage."""
    decode_errors: int = 0
    """Video frames that could not be decoded, since the start of the stage."""
    presented_at_ms: int
    presented_uptime_ms: float
    clock: ClockState
    frame: str
    """Digest of the upright frame, before darkening: see ``raster.frame_digest``."""
    faults: tuple[FrameFault, ...] = ()
    first_showings: tuple[FirstShowing, ...] = ()
    """Of the newest alerts: who reads the status late still learns when each of them was shown first."""

    @property
    def shows_alert(self) -> bool:
        """Whether any part of the screen shows an alert."""
        return any(shown.alert is not None for shown in self.showings)


class CaptureInfo(WireModel):
    """Description of a capture of the presented frame, stored as the comment in ``capture.ppm``."""

    at_ms: int
    uptime_ms: float
    moves: bool
    """Whether something was animated at that instant."""
    presented: PresentedStatus | None = None
    """Status of the stage as it was written last."""


class ForwardedPlays(WireModel):
    """The newest play of the log that was sent and that the broker has acknowledged."""

    number: int = 0
    chain: str = FIRST_CHAIN
    """Chain value of that play."""


class UnwrittenPlays(WireModel):
    """Plays that have begun and are not in the log yet: the next start logs them if the stage crashed."""

    next: int
    """Number of the next play at the time of writing: from it on, some of these plays may have been logged since."""
    plays: tuple[Play, ...] = ()
    """The plays, without numbers, as if the stage had died at the time of writing."""


def live_frame_name(programme: int, slide: Slide, size: Size, at_ms: int) -> str:
    """Return the file name, in the runtime directory, of the frame of a live slide at an instant."""
    return f"{_LIVE_PREFIX}{programme}-{slide.id}-{size[0]}x{size[1]}-{at_ms}.png"


def is_live_frame_name(name: str) -> bool:
    """Tell whether a file name is that of a live frame."""
    return name.startswith(_LIVE_PREFIX)


def alert_set_key(alert: Alert, form: AlertForm) -> str:
    """Return the key of an alert's frames; the digest in it tells versions of two scopes apart."""
    return f"{alert.id} {form} {hashlib.sha256(alert.to_json()).hexdigest()[:8]}"


class DisplayChanges(WireModel):
    """Changes to a display that are to be undone, also after a power cut."""

    off: tuple[str, ...] = ()
    """Names of the interfaces by which it was switched off."""
    brightness: int | None = None
    """Brightness of the monitor before it was dimmed, in its own units; None: it was not dimmed."""
    monitor: str = ""
    """Identifier of the dimmed monitor: the start of the digest of its EDID."""


SILENT, REVOKED = "silent", "revoked"


class Darkness(WireModel):
    """Nothing of the town is shown any more.

    After silence alerts are: it may be the network that the alert is about. They are not once the town has revoked the
    player, which it cannot tell any more that an alert is over.
    """

    reason: str
    """``SILENT``: no word of the town for as many hours as it has set; ``REVOKED``: the town has said so."""
    credentials: str = ""
    """Of a player that was revoked: another enrolment ends it."""


class StateDirectory:
    """The files of the state directory that both processes use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.assets = folder / "assets"
        self.frames = folder / "frames"
        self.plays = folder / "plays"
        self.last_frame = folder / "last-frame.png"
        self.notice_image = folder / "notice.png"
        copies = folder / COPIES_FOLDER
        self.programme = ModelFile(folder / "programme.json", ActiveProgramme, copy=copies / "programme.json")
        self.alerts = ModelFile(folder / "alerts.json", AlertsRecord, copy=copies / "alerts.json")
        self.darkness = ModelFile(folder / DARKNESS_FILE, Darkness)
        self.forwarded = ModelFile(folder / "forwarded.json", ForwardedPlays)
        self.display_changes = ModelFile(folder / "display-changes.json", DisplayChanges)

    def create_folders(self) -> None:
        """Create the folders; a file in the place of one is removed.

        Raises:
            OSError: they cannot be created.
        """
        for folder in (self.folder, self.assets, self.frames, self.plays):
            if folder.is_file():
                folder.unlink()
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)


class RuntimeDirectory:
    """The files of the runtime directory that both processes use."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stage_socket = folder / "stage.sock"
        self.agent_socket = folder / "agent.sock"
        self.trigger_socket = folder / "trigger.sock"
        self.capture_image = folder / "capture.ppm"
        self.headless_image = folder / "headless.png"
        self.clock = ModelFile(folder / "clock.json", ClockRecord, durable=False)
        self.alerts = ModelFile(folder / "alerts.json", AlertsRecord, durable=False)
        self.overlay = ModelFile(folder / "overlay.json", TimedOverlay, durable=False)
        self.presented = ModelFile(folder / "presented.json", PresentedStatus, durable=False)
        self.unwritten = ModelFile(folder / "unwritten-plays.json", UnwrittenPlays, durable=False)

    def create_folder(self) -> None:
        """Create the folder, for the owner only.

        Raises:
            OSError: it cannot be created.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
