"""The alerts that are held, and their way to the glass: drawn in memory first, on the disk afterwards.

The most urgent form of each alert is drawn and shown before anything else is done; “end of alert” comes later.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from beffroi_content import rendering
from beffroi_content.model import Alert, AlertForm, AlertLevel, HeldAlert, Layout, ScreenSettings, banner_rectangle
from beffroi_content.rendering import Canvas
from beffroi_content.wire.documents import AlertSet
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import (
    AlertsRecord,
    HeldStream,
    RuntimeDirectory,
    Size,
    StateDirectory,
    alert_set_key,
)
from beffroi_player.state.ppm_images import to_ppm

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AlertDrawingContext:
    """The screen that alerts are drawn for."""

    settings: ScreenSettings
    loop_size: Size
    """Of the zone in which information alerts enter the loop."""

    @classmethod
    def of_screen(cls, settings: ScreenSettings, layout: Layout | None = None) -> AlertDrawingContext:
        """Return the surroundings of a programme, or of a screen without one."""
        loop = layout.zones[0].rectangle.size if layout else settings.screen_class.size
        return cls(settings, loop)

    def canvas_for(self, level: AlertLevel, form: AlertForm) -> Canvas:
        """Return what a form of an alert of that level is drawn on."""
        full = self.settings.screen_class.size
        in_band = form is AlertForm.BANNER or level is AlertLevel.VIGILANCE
        size = self.loop_size if form is AlertForm.SLIDE else banner_rectangle(full).size if in_band else full
        return Canvas.for_screen(self.settings, size)


@dataclass(frozen=True, slots=True)
class DocumentReception:
    """Which document brought an alert, and when."""

    stream: str
    sequence: int
    unix_ms: int
    uptime_ms: float


def main_form(level: AlertLevel) -> AlertForm:
    """Return the form in which an alert of that level is shown while it is active."""
    if level is AlertLevel.INFORMATION:
        return AlertForm.SLIDE
    return AlertForm.BANNER if level is AlertLevel.VIGILANCE else AlertForm.TAKEOVER


def needed_forms(level: AlertLevel) -> tuple[AlertForm, ...]:
    """Return every form that an alert of that level needs, the most urgent first."""
    main = main_form(level)
    return (main,) if main is AlertForm.SLIDE else (main, AlertForm.ALL_CLEAR)


def held_stream(before: HeldStream | None, document: AlertSet, uptime_ms: float) -> HeldStream:
    """Return a scope's alerts after a newer set.

    An alert that is in the set again keeps its first lapse, and a shorter time to live still shortens it; one that
    says something else counts anew.
    """
    known = {held.alert.id: held for held in before.alerts} if before else {}
    alerts = tuple(_held_alert(known.get(alert.id), alert, int(uptime_ms)) for alert in document.alerts)
    return HeldStream(sequence=document.sequence, alerts=alerts)


def _held_alert(before: HeldAlert | None, alert: Alert, uptime_ms: int) -> HeldAlert:
    lapse = uptime_ms + alert.time_to_live_ms
    if before is None or before.alert.model_copy(update={"time_to_live_ms": alert.time_to_live_ms}) != alert:
        return HeldAlert(alert=alert, lapses_at_uptime_ms=lapse)
    return HeldAlert(alert=alert, lapses_at_uptime_ms=min(before.lapses_at_uptime_ms, lapse), pages=before.pages)


@dataclass
class HeldAlerts:
    """Every alert that is held. Not safe for threads: it belongs to the one that admits documents."""

    state: StateDirectory
    runtime: RuntimeDirectory
    boot: str
    wake_stage: Callable[[], object]
    rest: Callable[[Callable[[], None]], None]
    """Does something a moment later in the same thread: whatever comes first may be another alert."""
    uptime: Callable[[], float]
    drawing_context: AlertDrawingContext
    streams: dict[str, HeldStream] = field(default_factory=dict)
    receptions: dict[str, DocumentReception] = field(default_factory=dict)
    """By alert."""
    _drawn: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """File names of the pages, by the key of the rendering."""
    _images: dict[str, Image.Image] = field(default_factory=dict)
    """Frames that are not on the disk yet, by file name."""
    _stale: set[str] = field(default_factory=set)
    """Frames that may be removed from the disk."""

    def restore(self, record: AlertsRecord | None) -> None:
        """Take over what was held before this start, and draw what is missing of it."""
        if record is not None:
            self.streams = dict(record.in_boot(self.boot).streams)
        self.draw_missing()

    def take_set(self, stream: str, document: AlertSet, reception: DocumentReception) -> None:
        """Bring a newer set of a scope to the glass."""
        before = {held.alert.id: held.alert for held in self._all_held()}
        self.streams[stream] = held_stream(self.streams.get(stream), document, reception.uptime_ms)
        for alert in document.alerts:
            if before.get(alert.id) != alert:
                self.receptions[alert.id] = reception
        self.draw_missing()

    def retain_streams(self, names: Iterable[str]) -> None:
        """Let go of the scopes that do not concern the player any more."""
        gone = set(self.streams) - set(names)
        for name in gone:
            del self.streams[name]
        if gone:
            self.draw_missing()

    def draw_missing(self) -> None:
        """Draw what is not drawn yet, the most urgent first, and tell the stage after each step that shows more."""
        alerts = sorted(self._all_held(), key=lambda held: -held.alert.level.rank)
        missing = [held for held in alerts if not self._is_drawn(held.alert, main_form(held.alert.level))]
        for held in missing:
            self._draw_form(held.alert, main_form(held.alert.level))
            self._publish_record()
        if not missing:
            self._publish_record()
        self.rest(self._draw_later_forms)

    def _draw_later_forms(self) -> None:
        later = [(held.alert, form) for held in self._all_held() for form in needed_forms(held.alert.level)[1:]]
        later = [(alert, form) for alert, form in later if not self._is_drawn(alert, form)]
        for alert, form in later:
            self._draw_form(alert, form)
        if later:
            self._publish_record()
        self._stale |= self._discard_frames()

    def to_record(self) -> AlertsRecord:
        """Return everything of which at least the main form is drawn."""
        streams = {
            name: stream.model_copy(update={"alerts": tuple(h for h in map(self._with_pages, stream.alerts) if h)})
            for name, stream in self.streams.items()
        }
        frames = {
            alert_set_key(held.alert, form): names
            for stream in streams.values()
            for held in stream.alerts
            for form in needed_forms(held.alert.level)
            if (names := self._drawn.get(self._frame_key(held.alert, form)))
        }
        size = self.drawing_context.settings.screen_class.size
        return AlertsRecord(
            boot=self.boot, saved_at_uptime_ms=int(self.uptime()), size=size, streams=streams, frames=frames
        )

    def save_record(self, record: AlertsRecord) -> None:
        """Write frames and record to the disk. From any thread.

        Raises:
            OSError: the disk is full or broken; the glass shows the alert all the same.
        """
        kept = {name for names in record.frames.values() for name in names}
        for name in kept:
            image = self._images.get(name)
            if image is not None:
                save_png(image, self.state.frames / name)
                self._images.pop(name, None)
        self.state.alerts.write(record)
        stale, self._stale = self._stale, set()
        for name in stale - kept:
            (self.state.frames / name).unlink(missing_ok=True)

    def redraw_frames(self, frames: Iterable[str]) -> None:
        """Draw the alerts again to which frames belong that the stage could not show."""
        names = set(frames)
        lost = {key for key, pages in self._drawn.items() if names & set(pages)}
        if lost:
            self._drawn = {key: pages for key, pages in self._drawn.items() if key not in lost}
            self.draw_missing()

    @property
    def frame_names(self) -> set[str]:
        """File names of every frame of the alerts that are held."""
        return {name for pages in self._drawn.values() for name in pages}

    def _discard_frames(self) -> set[str]:
        """Let go of the frames of alerts that are no longer held, and return their names."""
        before = self.frame_names
        kept = {
            self._frame_key(held.alert, form) for held in self._all_held() for form in needed_forms(held.alert.level)
        }
        self._drawn = {key: names for key, names in self._drawn.items() if key in kept}
        gone = before - self.frame_names
        for name in gone:
            self._images.pop(name, None)
            (self.runtime.folder / name).with_suffix(".ppm").unlink(missing_ok=True)
        return gone

    def _all_held(self) -> list[HeldAlert]:
        return [held for stream in self.streams.values() for held in stream.alerts]

    def _with_pages(self, held: HeldAlert) -> HeldAlert | None:
        names = self._drawn.get(self._frame_key(held.alert, main_form(held.alert.level)))
        return held.model_copy(update={"pages": len(names)}) if names else None

    def _frame_key(self, alert: Alert, form: AlertForm) -> str:
        return rendering.alert_key(alert, form, self.drawing_context.canvas_for(alert.level, form))

    def _is_drawn(self, alert: Alert, form: AlertForm) -> bool:
        return self._frame_key(alert, form) in self._drawn

    def _draw_form(self, alert: Alert, form: AlertForm) -> None:
        names = []
        for page, image in enumerate(
            _draw_or_fall_back(alert, form, self.drawing_context.canvas_for(alert.level, form))
        ):
            name = f"{self._frame_key(alert, form)}-{page}.png"
            path = (self.runtime.folder / name).with_suffix(".ppm")
            try:
                write_file(path, *to_ppm(image.size, image.tobytes()), durable=False)
            except OSError as error:
                # No room in memory: the disk is slower, and better than nothing.
                log.warning("%s goes to the disk at once: %s", path.name, error)
                save_png(image, self.state.frames / name)
            self._images[name] = image
            names.append(name)
        self._drawn[self._frame_key(alert, form)] = tuple(names)

    def _publish_record(self) -> None:
        try:
            self.runtime.alerts.write(self.to_record())
        except OSError as error:
            log.error("the stage is not told of the alerts in memory: %s", error)
        self.wake_stage()


def save_png(image: Image.Image, path: Path) -> None:
    """Write a frame to the disk in one step.

    Raises:
        OSError: the disk is full or broken.
    """
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    write_file(path, buffer.getvalue())


def _draw_or_fall_back(alert: Alert, form: AlertForm, canvas: Canvas) -> tuple[Image.Image, ...]:
    try:
        return rendering.draw_alert(alert, form, canvas)
    except Exception:
        # An alert reaches the glass, if need be without its looks.
        log.exception("alert %s cannot be drawn as %s: it is shown as plain text", alert.id, form)
        lines = [line for line in (alert.description, alert.instruction) if line]
        return (rendering.draw_idle_page(alert.title, lines, canvas),)
