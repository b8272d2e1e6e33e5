"""The alerts that are held, and their frames: drawn into memory and presented first, written to the disk afterwards.

The most urgent form of each alert is drawn and presented before anything else is done; “end of alert” comes later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from beffroi_content import rendering
from beffroi_content.model import (
    Alert,
    AlertForm,
    AlertLevel,
    AlertStatus,
    HeldAlert,
    Layout,
    ScreenSettings,
    banner_rectangle,
)
from beffroi_content.rendering import AlertDrawing, Canvas
from beffroi_content.timeline import Moment
from beffroi_content.wire.documents import AlertSet
from beffroi_player.agent.held_streams import held_stream, measured_stream, reception_of
from beffroi_player.agent.page_files import PageFiles
from beffroi_player.clock import ServerClock
from beffroi_player.state.directories import (
    LOCAL_STREAM,
    AlertsRecord,
    DocumentReception,
    HeldStream,
    RuntimeDirectory,
    Size,
    StateDirectory,
    alert_set_key,
)
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

MAX_RECEPTIONS = 256
"""Receptions that are remembered, the newest: more alerts than can be held at once."""


@dataclass(frozen=True, slots=True)
class AlertDrawingContext:
    """All that the drawing of an alert depends on besides the alert."""

    settings: ScreenSettings
    loop_size: Size
    """The size of the zone in which information alerts enter the loop."""

    @classmethod
    def of_screen(cls, settings: ScreenSettings, layout: Layout | None = None) -> AlertDrawingContext:
        """Return the context of a programme, or without a layout that of a screen without one."""
        loop = layout.zones[0].rectangle.size if layout else settings.screen_class.size
        return cls(settings, loop)

    def canvas_for(self, level: AlertLevel, form: AlertForm) -> Canvas:
        """Return the canvas for a form of an alert of that level."""
        full = self.settings.screen_class.size
        in_band = form is AlertForm.BANNER or level is AlertLevel.VIGILANCE
        size = self.loop_size if form is AlertForm.SLIDE else banner_rectangle(full).size if in_band else full
        return Canvas.for_screen(self.settings, size)


def main_form(level: AlertLevel) -> AlertForm:
    """Return the form in which an alert of that level is shown while it is active."""
    if level is AlertLevel.INFORMATION:
        return AlertForm.SLIDE
    return AlertForm.BANNER if level is AlertLevel.VIGILANCE else AlertForm.TAKEOVER


def needed_forms(level: AlertLevel) -> tuple[AlertForm, ...]:
    """Return every form that an alert of that level needs, the most urgent first."""
    main = main_form(level)
    return (main,) if main is AlertForm.SLIDE else (main, AlertForm.ALL_CLEAR)


@dataclass
class HeldAlerts:
    """Every alert that is held, with its frames.

    Only the admission thread may call it, except for ``save_record``. Frames are drawn into the runtime directory, so
    that nothing waits for a disk before an alert is presented; ``to_record`` and ``save_record`` bring them to the
    disk afterwards. After each method that draws, ``draw_later_forms`` is due a moment later: see ``dispatcher``.
    """

    state: StateDirectory
    runtime: RuntimeDirectory
    boot: str
    """Identifies the boot, whose uptime ``uptime`` is."""
    uptime: Callable[[], float]
    drawing_context: AlertDrawingContext
    streams: dict[str, HeldStream] = field(default_factory=dict)
    receptions: dict[str, DocumentReception] = field(default_factory=dict)
    """By alert."""
    seen: Callable[[], frozenset[str]] = frozenset
    """Returns the alerts of which the agent knows that they were on the screen, held or not."""
    _drawn: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """File names of the pages, by the key of the rendering."""
    _page_ms: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """How long each page takes to read, by the same key."""
    _former: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = field(default_factory=dict)
    """The pages of before and their times, by ``alert_set_key``, for as long as everything is drawn anew. A stage that
    was told of some alerts only would show what the others hide."""
    _stale: set[str] = field(default_factory=set)
    """Frames that may be removed from the disk."""

    def __post_init__(self) -> None:
        self._pages = PageFiles(self.state, self.runtime)

    def restore(self, record: AlertsRecord | None) -> None:
        """Hold the alerts of a record again, and draw them anew; until then each is shown as it was drawn before."""
        if record is not None:
            held = record.in_boot(self.boot)
            self.streams, self.receptions = dict(held.streams), dict(held.receptions)
            self._keep_former(held)
        self.draw_missing()

    def take_set(
        self, stream: str, document: AlertSet, reception: DocumentReception, server: ServerClock | None = None
    ) -> None:
        """Hold a newer set of a stream, draw it and present it."""
        before = {held.alert.id: held.alert for held in self._all_held()}
        received_ms = self.uptime() if reception.uptime_ms is None else reception.uptime_ms
        self.streams[stream] = held_stream(self.streams.get(stream), document, received_ms, server)
        for alert in document.alerts:
            known = self.receptions.pop(alert.id, None)
            self.receptions[alert.id] = reception_of(alert, reception, before.get(alert.id), known)
        for alert in document.planned:
            # It is due from its beginning on, whenever it came.
            self.receptions.pop(alert.id, None)
            self.receptions[alert.id] = replace(reception, unix_ms=alert.issued_at_ms, uptime_ms=None)
        for name in list(self.receptions)[:-MAX_RECEPTIONS]:
            del self.receptions[name]
        self.draw_missing()

    def hold_local(self, alerts: tuple[HeldAlert, ...], moment: Moment) -> None:
        """Hold the alerts that were triggered on the spot, draw them and present them: all of them, as they are now."""
        before = {held.alert.id: held for held in self._held_locally}
        for held in alerts:
            if held.alert.id not in before and held.alert.id not in self.receptions:
                self.receptions[held.alert.id] = DocumentReception(
                    LOCAL_STREAM, max(1, held.alert.issued_at_ms), max(0, moment.unix_ms), float(moment.uptime_ms)
                )
        if not alerts and not before:
            return
        self.streams.pop(LOCAL_STREAM, None)
        if alerts:
            sequence = max(held.alert.issued_at_ms for held in alerts)
            self.streams[LOCAL_STREAM] = HeldStream(sequence=sequence, alerts=alerts)
        self.draw_missing()

    def end_now(self, alerts: Collection[str]) -> bool:
        """Let alerts of the town's sets end at once: somebody has ended them on the spot. Return whether one was on."""
        now = int(self.uptime())
        before = dict(self.streams)
        for name, stream in before.items():
            ended = tuple(
                held.model_copy(update={"lapses_at_uptime_ms": now, "is_measured": True})
                if held.alert.id in alerts and held.lapses_at_uptime_ms > now
                else held
                for held in stream.alerts
            )
            if ended != stream.alerts:
                self.streams[name] = stream.model_copy(update={"alerts": ended})
        if self.streams == before:
            return False
        self._publish_record()
        return True

    def measure_lapses(self, server: ServerClock | None) -> bool:
        """Let the server's steady clock tell how long the alerts last of which that is not known. Return whether so."""
        before = dict(self.streams)
        self.streams = {name: measured_stream(stream, server) for name, stream in before.items()}
        if self.streams == before:
            return False
        self._publish_record()
        return True

    def retain_streams(self, names: Iterable[str]) -> bool:
        """Drop all streams but these. Return whether there was one to drop."""
        gone = set(self.streams) - {LOCAL_STREAM, *names}
        for name in gone:
            del self.streams[name]
        if gone:
            self.draw_missing()
        return bool(gone)

    def use_drawing_context(self, context: AlertDrawingContext) -> bool:
        """Draw the alerts for another screen. Return whether it is another."""
        if context == self.drawing_context:
            return False
        former = self.to_record()
        self.drawing_context = context
        self._keep_former(former)
        self.draw_missing()
        return True

    def draw_missing(self) -> None:
        """Draw the main form of each alert without frames, the most urgent first, and wake the stage after each."""
        alerts = sorted(self._all_held(), key=_drawing_order)
        missing = [held for held in alerts if not self._is_drawn(held.alert, main_form(held.alert.level))]
        for held in missing:
            self._draw_form(held.alert, main_form(held.alert.level))
            self._publish_record()
        # Also where nothing was to be drawn: an alert may have ended.
        if not missing:
            self._publish_record()

    def draw_later_forms(self) -> None:
        """Draw the less urgent forms, such as “end of alert”, and discard the frames that no alert needs any more."""
        later = [(held.alert, form) for held in self._all_held() for form in needed_forms(held.alert.level)[1:]]
        later = [(alert, form) for alert, form in later if not self._is_drawn(alert, form)]
        for alert, form in later:
            self._draw_form(alert, form)
        self._former = {}
        if later:
            self._publish_record()
        self._stale |= self._discard_frames()
        self._pages.keep_spare(self.drawing_context.settings.screen_class.size)

    def to_record(self) -> AlertsRecord:
        """Return all alerts of which at least the main form is drawn, with the names of their frames."""
        streams = {
            name: stream.model_copy(update={"alerts": tuple(h for h in map(self._with_pages, stream.alerts) if h)})
            for name, stream in self.streams.items()
        }
        frames = {
            alert_set_key(held.alert, form): names
            for stream in streams.values()
            for held in stream.alerts
            for form in needed_forms(held.alert.level)
            if (names := self._pages_of(held.alert, form)[0])
        }
        size = self.drawing_context.settings.screen_class.size
        return AlertsRecord(
            boot=self.boot, saved_at_uptime_ms=int(self.uptime()), size=size, streams=streams, frames=frames,
            receptions=dict(self.receptions), seen=self.seen() & self._concerned_names,
            rotation=self.drawing_context.settings.rotation,
        )  # fmt: skip

    def save_record(self, record: AlertsRecord) -> None:
        """Write frames and record to the disk. From any thread.

        Raises:
            OSError: the disk is full or broken; the alert is presented all the same.
        """
        kept = {name for names in record.frames.values() for name in names}
        for name in kept:
            self._pages.save_page(name)
        self.state.alerts.write(record)
        # After the record is written: until then the file on the disk names these frames.
        stale, self._stale = self._stale, set()
        for name in stale - kept:
            (self.state.frames / name).unlink(missing_ok=True)

    def redraw_frames(self, frames: Iterable[str]) -> bool:
        """Draw the alerts again to which these frames belong. Return whether there are such alerts."""
        names = set(frames)
        lost = {key for key, pages in self._drawn.items() if names & set(pages)}
        if lost:
            self._drawn = {key: pages for key, pages in self._drawn.items() if key not in lost}
            self.draw_missing()
        return bool(lost)

    @property
    def has_alerts(self) -> bool:
        """Whether any alert is held."""
        return bool(self._all_held())

    @property
    def frame_names(self) -> set[str]:
        """The file names of the frames of all alerts that are held."""
        return {name for pages in self._drawn.values() for name in pages}

    def _discard_frames(self) -> set[str]:
        """Discard the frames of alerts that are no longer held. Return their names."""
        before = self.frame_names
        kept = {
            self._frame_key(held.alert, form) for held in self._all_held() for form in needed_forms(held.alert.level)
        }
        self._drawn = {key: names for key, names in self._drawn.items() if key in kept}
        self._page_ms = {key: times for key, times in self._page_ms.items() if key in kept}
        gone = before - self.frame_names
        for name in gone:
            self._pages.discard_page(name)
        return gone

    @property
    def _held_locally(self) -> tuple[HeldAlert, ...]:
        stream = self.streams.get(LOCAL_STREAM)
        return stream.alerts if stream is not None else ()

    @property
    def _concerned_names(self) -> frozenset[str]:
        """The alerts that are held, and those whose place they have taken: who saw the former text is told its end."""
        return frozenset(name for held in self._all_held() for name in held.alert.texts)

    def is_active(self, name: str) -> bool:
        """Tell whether an alert is held that has not lapsed."""
        uptime = self.uptime()
        return any(held.alert.id == name and held.lapses_at_uptime_ms > uptime for held in self._all_held())

    def _all_held(self) -> list[HeldAlert]:
        return [held for stream in self.streams.values() for held in stream.alerts]

    def _with_pages(self, held: HeldAlert) -> HeldAlert | None:
        names, times = self._pages_of(held.alert, main_form(held.alert.level))
        return held.model_copy(update={"pages": len(names), "page_ms": times}) if names else None

    def _pages_of(self, alert: Alert, form: AlertForm) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Return the pages of a form and how long each takes to read; none where it is not drawn yet."""
        key = self._frame_key(alert, form)
        if key in self._drawn:
            return self._drawn[key], self._page_ms.get(key, ())
        return self._former.get(alert_set_key(alert, form), ((), ()))

    def _keep_former(self, record: AlertsRecord) -> None:
        """Let the alerts have their pages of a record until they are drawn anew, unless those are of another size."""
        self._former = {}
        is_fitting = record.size == self.drawing_context.settings.screen_class.size
        for held in record.all_held() if is_fitting else ():
            for form in needed_forms(held.alert.level):
                key, times = alert_set_key(held.alert, form), held.page_ms
                if names := record.frames.get(key):
                    self._former[key] = names, times if form is main_form(held.alert.level) else ()

    def _frame_key(self, alert: Alert, form: AlertForm) -> str:
        return rendering.alert_key(alert, form, self.drawing_context.canvas_for(alert.level, form))

    def _is_drawn(self, alert: Alert, form: AlertForm) -> bool:
        return self._frame_key(alert, form) in self._drawn

    def _draw_form(self, alert: Alert, form: AlertForm) -> None:
        canvas = self.drawing_context.canvas_for(alert.level, form)
        try:
            self._draw_pages(alert, form, rendering.lay_out_alert(alert, form, canvas))
        except Exception:
            # An alert is presented whatever happens, if need be without its layout.
            log.exception("alert %s cannot be drawn as %s: it is shown as plain text", alert.id, form)
            self._draw_pages(alert, form, rendering.lay_out_plain_alert(alert, canvas))

    def _draw_pages(self, alert: Alert, form: AlertForm, drawing: AlertDrawing) -> None:
        """Draw a form of an alert; the first page of one that is due goes to the stage before the second is drawn."""
        key, times, names = self._frame_key(alert, form), drawing.page_ms, list[str]()
        for number in range(len(drawing.pages)):
            name = f"{key}-{number}.png"
            try:
                self._pages.keep_page(name, drawing, number)
            except Exception:
                if not names:
                    raise
                log.exception("a further page of alert %s cannot be drawn: those before it are shown", alert.id)
                break
            names.append(name)
            is_first_of_all = number == 0 and alert_set_key(alert, form) not in self._former
            # In the loop one more page moves all that follow: what was on for a moment would jump away again.
            is_awaited = form is main_form(alert.level) and form is not AlertForm.SLIDE
            if is_first_of_all and len(times) > 1 and is_awaited:
                self._drawn[key], self._page_ms[key] = tuple(names), times[:1]
                self._publish_record()
        self._drawn[key], self._page_ms[key] = tuple(names), times[: len(names)]

    def _publish_record(self) -> None:
        try:
            self.runtime.alerts.write(self.to_record())
        except OSError as error:
            log.error("the stage is not told of the alerts in memory: %s", error)
        send_wakeup(self.runtime.stage_socket)


def _drawing_order(held: HeldAlert) -> tuple[bool, bool, int]:
    """Return what sorts alerts by urgency: no exercise is on before the genuine alert that hides it."""
    return held.is_planned, held.alert.status is not AlertStatus.ACTUAL, -held.alert.level.rank
