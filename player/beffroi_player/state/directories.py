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
from pathlib import Path
from typing import Literal

from beffroi_content.model import Alert, AlertForm, HeldAlert, Manifest, PowerState, Slide, WireModel
from beffroi_content.timeline import ClockState
from beffroi_content.wire.reports import FIRST_CHAIN, Play, ShownPart
from beffroi_player.clock import ClockRecord
from beffroi_player.state.default_paths import COPIES_FOLDER
from beffroi_player.state.model_file import ModelFile

Size = tuple[int, int]
"""Width and height in pixels."""
_LIVE_PREFIX = "live-"
CRASH_FALLBACK = "safe mode"
"""What stands for a frame where the stage says that it leaves something out: nothing can be mended there."""


class SkippedSlide(WireModel):
    """A slide that is left out of the programme."""

    slide: str
    code: str
    detail: str


class ActiveProgramme(WireModel):
    """A programme, ready to be shown."""

    sequence: int
    manifest: Manifest
    """As it came, without the slides that are left out, and with the pages that were drawn."""
    frames: dict[str, tuple[str, ...]]
    """File names of the pages, by ``frame_set``."""
    skipped: tuple[SkippedSlide, ...] = ()
    activated_at_ms: int = 0
    proven: frozenset[str] = frozenset()
    """Slides that were on before, just as they are: what is left when the stage crashes again and again."""

    @property
    def slides_with_frames(self) -> frozenset[str]:
        """The slides that have frames."""
        return frozenset(name.split(" ")[0] for name in self.frames)


class HeldStream(WireModel):
    """The alerts of one scope."""

    sequence: int
    alerts: tuple[HeldAlert, ...] = ()


class AlertsRecord(WireModel):
    """Every alert that is held."""

    boot: str
    """The boot whose uptime ``lapses_at_uptime_ms`` means."""
    saved_at_uptime_ms: int = 0
    size: Size = (1920, 1080)
    """Of the upright screen for which the frames are drawn."""
    streams: dict[str, HeldStream] = {}
    frames: dict[str, tuple[str, ...]] = {}
    """File names of the pages, by ``alert_set``."""

    def all_held(self) -> tuple[HeldAlert, ...]:
        """Return the alerts of all scopes."""
        return tuple(held for stream in self.streams.values() for held in stream.alerts)

    def in_boot(self, boot: str) -> AlertsRecord:
        """Return the record as it stands in a boot.

        The uptime of another boot means nothing. What an alert had left when the file was written then counts from
        the start of this boot: time without power cannot be measured, and the alert's own end still holds.
        """
        if boot == self.boot:
            return self
        streams = {
            name: stream.model_copy(update={"alerts": tuple(self._restarted(held) for held in stream.alerts)})
            for name, stream in self.streams.items()
        }
        return self.model_copy(update={"boot": boot, "saved_at_uptime_ms": 0, "streams": streams})

    def _restarted(self, held: HeldAlert) -> HeldAlert:
        return held.model_copy(update={"lapses_at_uptime_ms": held.lapses_at_uptime_ms - self.saved_at_uptime_ms})


class TimedOverlay(WireModel):
    """A frame over everything but an emergency, for a while."""

    frame: str
    until_uptime_ms: int


class FrameFault(WireModel):
    """A frame that could not be shown."""

    frame: str
    detail: str


class PresentedStatus(WireModel):
    """What the stage presents."""

    started_at_ms: int
    number: int
    """Counts the presented frames of this start of the stage."""
    size: Size
    """Of the upright picture."""
    programme: int | None = None
    showings: tuple[ShownPart, ...] = ()
    frames: tuple[str, ...] = ()
    """File names of what was composed, in drawing order."""
    overlay: bool = False
    power: PowerState = PowerState.ON
    """What the display does by its hours."""
    lit: Literal["", "sent", "confirmed"] = ""
    """Whether the display was told so, and says so itself, or the kernel says so of its signal."""
    brightness: int = 100
    """Percent, to which the picture was darkened."""
    dropped_frames: int = 0
    """Frames of films that came too late, since the stage was started."""
    late_frames: int = 0
    """Steps of transitions that came late, since the stage was started."""
    decode_errors: int = 0
    """Frames of films that could not be decoded, since the stage was started."""
    presented_at_ms: int
    presented_uptime_ms: float
    clock: ClockState
    frame: str
    """Digest of the upright picture, before it was darkened: see ``raster.frame_digest``."""
    faults: tuple[FrameFault, ...] = ()

    @property
    def shows_alert(self) -> bool:
        """Whether any part of it is an alert."""
        return any(shown.alert is not None for shown in self.showings)


class CaptureInfo(WireModel):
    """What the stage knows of a picture that it took of the glass; it is a comment in ``capture.ppm``."""

    at_ms: int
    uptime_ms: float
    moves: bool
    """Whether something moved then."""
    presented: PresentedStatus | None = None
    """As it was told last."""


class ForwardedPlays(WireModel):
    """Up to which play the log was sent, and the broker said to have it."""

    number: int = 0
    chain: str = FIRST_CHAIN
    """Of that play."""


class UnwrittenPlays(WireModel):
    """What the play log will have to get if the stage does not come back."""

    next: int
    """The number of the next play when this was written: any of these may have been logged since, from there on."""
    plays: tuple[Play, ...] = ()
    """Without a number. What is on is written as if the stage had died at that instant."""


def frame_set_key(slide: str, size: Size) -> str:
    """Return under which name the frames of a slide are listed for a zone of that size."""
    return f"{slide} {size[0]}x{size[1]}"


def strip_set_key(slide: str, size: Size) -> str:
    """Return under which name the pictures of its messages are listed where they glide over a zone of that size."""
    return f"{frame_set_key(slide, size)} strips"


def live_frame_name(programme: int, slide: Slide, size: Size, at_ms: int) -> str:
    """Return the file name, in the runtime directory, of a slide that changes by itself, as it is at an instant."""
    return f"{_LIVE_PREFIX}{programme}-{slide.id}-{size[0]}x{size[1]}-{at_ms}.png"


def is_live_frame_name(name: str) -> bool:
    """Tell whether a file name is that of a live frame."""
    return name.startswith(_LIVE_PREFIX)


def alert_set_key(alert: Alert, form: AlertForm) -> str:
    """Return under which name the frames of an alert are listed: two scopes may carry two versions of it."""
    return f"{alert.id} {form} {hashlib.sha256(alert.to_json()).hexdigest()[:8]}"


class DisplayChanges(WireModel):
    """What was done to a display and is to be undone one day, also after a power cut."""

    off: tuple[str, ...] = ()
    """By what it was switched off: names of ways."""
    brightness: int | None = None
    """What the monitor had before it was dimmed, in units of its own."""
    monitor: str = ""
    """Which one was dimmed."""


class StateDirectory:
    """The state directory, as far as both processes know it."""

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
        self.forwarded = ModelFile(folder / "forwarded.json", ForwardedPlays)
        self.display_changes = ModelFile(folder / "display-changes.json", DisplayChanges)

    def create_folders(self) -> None:
        """Make the folders.

        Raises:
            OSError: the disk does not let us.
        """
        for folder in (self.folder, self.assets, self.frames, self.plays):
            if folder.is_file():
                folder.unlink()
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)


class RuntimeDirectory:
    """The runtime directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stage_socket = folder / "stage.sock"
        self.agent_socket = folder / "agent.sock"
        self.capture_image = folder / "capture.ppm"
        self.headless_image = folder / "headless.png"
        self.clock = ModelFile(folder / "clock.json", ClockRecord, durable=False)
        self.alerts = ModelFile(folder / "alerts.json", AlertsRecord, durable=False)
        self.overlay = ModelFile(folder / "overlay.json", TimedOverlay, durable=False)
        self.presented = ModelFile(folder / "presented.json", PresentedStatus, durable=False)
        self.unwritten = ModelFile(folder / "unwritten-plays.json", UnwrittenPlays, durable=False)

    def create_folder(self) -> None:
        """Make the folder, for the owner only.

        Raises:
            OSError: the disk does not let us.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
