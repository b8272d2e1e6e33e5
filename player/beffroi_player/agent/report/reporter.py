"""What the screen says of itself: receipts at once, the report when it changes, plays and pictures as they come."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from PIL import Image

from beffroi_content import rendering
from beffroi_content.model import PowerState
from beffroi_content.timeline import ClockState
from beffroi_content.wire.messages import RECEIPTS, REPORT, SCREENSHOT, WireMessage
from beffroi_content.wire.reports import (
    ConnectionState,
    MachineDescription,
    PlayerHealth,
    PlayerReport,
    Receipt,
    ReceiptBatch,
    ReportedRefusal,
    ShownPart,
)
from beffroi_player.agent.held_alerts import DocumentReception, save_png
from beffroi_player.agent.report.capture_upload import ExactCapture
from beffroi_player.state.atomic_files import file_stamp
from beffroi_player.state.directories import (
    CRASH_FALLBACK,
    ActiveProgramme,
    CaptureInfo,
    PresentedStatus,
    RuntimeDirectory,
    StateDirectory,
)
from beffroi_player.state.ppm_images import from_ppm, ppm_comment
from beffroi_player.wakeup import CAPTURE_REQUESTED, send_wakeup

log = logging.getLogger(__name__)

REPORT_MS = 60_000
"""How long a report is good at most."""
SPACING_MS = 500
"""Two reports are at least this far apart; the last change always gets out."""
LAST_MS = 600_000
"""How often ``last-frame.png`` is renewed while the programme stays the same: a memory card does not like more."""
MEND_MS, LONGEST_MEND_MS = 10_000, 30_000
"""How long the same frame is not mended again: what is broken again at once cannot be mended here."""
FORGET_MS = 300_000
ACKNOWLEDGED = 500
"""Receipts that are remembered, so that none is sent twice: far more than alerts are held at once."""
SCREENSHOT_SIDE = 480
RING_MS, WAIT_MS = 3_000, 60_000
"""How often the stage is asked again for an exact picture, and for how long."""
MACHINE_MS = 3_600_000
"""How often a report says what the player runs on."""

Publish = Callable[[WireMessage, bytes, Callable[[], None] | None], bool]


@dataclass(frozen=True)
class ReportFacts:
    """What the report is made of, besides the glass."""

    at_ms: int
    clock: ClockState
    link: ConnectionState
    programme: ActiveProgramme | None
    alerts: Mapping[str, int]
    preparing: str
    refusals: tuple[ReportedRefusal, ...]
    receptions: Mapping[str, DocumentReception]
    programme_reception: DocumentReception | None
    health: PlayerHealth | None = None


class FrameRepair(NamedTuple):
    """When a frame was mended, and how long it is not mended again."""

    at_ms: float
    pause_ms: int


class CaptureRequest(NamedTuple):
    """When an exact picture was asked for, and when the stage was last told, as uptimes."""

    since_ms: float
    rung_ms: float


class ScreenReporter:
    """The voice of the screen. Belongs to one thread.

    Args:
        facts: Asked for the present facts.
        publish: Hands a payload to the link; False where there is none.
        uptime: Milliseconds since boot.
        shown: Told the first time that the glass shows a programme.
        repair: Told of frames that the stage could not show.
        exact: Given a picture that is to be sent as it is.
        machine: What the player runs on.
    """

    def __init__(
        self,
        boot: str,
        state: StateDirectory,
        runtime: RuntimeDirectory,
        facts: Callable[[], ReportFacts],
        publish: Publish,
        uptime: Callable[[], float],
        shown: Callable[[], None],
        repair: Callable[[tuple[str, ...]], None],
        exact: Callable[[ExactCapture], None],
        machine: MachineDescription | None = None,
    ) -> None:
        self._boot = boot
        self._state = state
        self._runtime = runtime
        self._facts = facts
        self._publish = publish
        self._uptime = uptime
        self._shown = shown
        self._repair = repair
        self._offer_capture = exact
        self._machine = machine
        self._machine_said_ms: float | None = None
        self._glass: PresentedStatus | None = None
        self._glass_stamp: object = None
        self._acknowledged: dict[tuple[object, ...], None] = {}
        self._number = 0
        self._said: PlayerReport | None = None
        self._said_ms = -REPORT_MS * 1.0
        self._mended: dict[str, FrameRepair] = {}
        self._programme_shown: int | None = None
        self._last_saved: tuple[int | None, float] = (None, -LAST_MS * 1.0)
        self._last_wanted = False
        self._capture_stamp: object = None
        self._screenshots_until = 0.0
        self._screenshot_wanted = False
        self._exact_wanted: CaptureRequest | None = None

    def report_changes(self) -> float:
        """Say what there is to say. Return the seconds until there may be more."""
        if (now := self._runtime.presented.file_stamp) != self._glass_stamp:
            self._glass_stamp = now
            glass = self._runtime.presented.read()
            if glass is not None:
                self._note_presented(glass)
        if self._glass is not None:
            self._repair_once(self._glass)
        self._take_capture()
        self._ask_again()
        return self._send_report()

    def request_screenshot(self, seconds: int) -> None:
        """Send a picture of the glass now, and at each change for that many seconds."""
        self._screenshots_until = self._uptime() + 1000 * seconds
        self._screenshot_wanted = True
        send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    def request_capture(self) -> None:
        """Have an exact picture of the glass sent."""
        now = self._uptime()
        self._exact_wanted = CaptureRequest(now, now)
        send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    @property
    def presented(self) -> PresentedStatus | None:
        """What the stage last said."""
        return self._glass

    def on_connected(self) -> None:
        """A new connection: say everything again."""
        self._said = self._machine_said_ms = None

    def _note_presented(self, glass: PresentedStatus) -> None:
        before, self._glass = self._glass, glass
        self._send_receipts(glass)
        if glass.programme is not None and glass.programme != self._programme_shown:
            self._programme_shown = glass.programme
            self._shown()
        changed = before is None or before.frame != glass.frame
        if changed and self._uptime() < self._screenshots_until:
            self._screenshot_wanted = True
        self._last_wanted |= self._is_lasting(glass)
        if self._screenshot_wanted or self._last_wanted:
            send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    def _repair_once(self, glass: PresentedStatus) -> None:
        """Ask for what is broken, now and then."""
        now = self._uptime()
        self._mended = {frame: mended for frame, mended in self._mended.items() if now - mended.at_ms < FORGET_MS}
        named = {fault.frame for fault in glass.faults} - {CRASH_FALLBACK}
        broken = {frame for frame in named if self._is_worth_mending(frame, now)}
        for frame in broken:
            before = self._mended.get(frame)
            pause_ms = MEND_MS if before is None else min(LONGEST_MEND_MS, 2 * before.pause_ms)
            self._mended[frame] = FrameRepair(now, pause_ms)
        if broken:
            self._repair(tuple(sorted(broken)))

    def _is_worth_mending(self, frame: str, now: float) -> bool:
        before = self._mended.get(frame)
        return before is None or now - before.at_ms >= before.pause_ms

    def _send_receipts(self, glass: PresentedStatus) -> None:
        facts = self._facts()
        found = list(_proven_receipts(glass, facts))
        fresh = [(key, receipt) for key, receipt in found if key not in self._acknowledged]
        if not fresh:
            return
        body = ReceiptBatch(boot=self._boot, receipts=tuple(receipt for _, receipt in fresh))
        if self._publish(RECEIPTS, body.to_json(), None):
            self._acknowledged |= dict.fromkeys(key for key, _ in fresh)
            for key in list(self._acknowledged)[:-ACKNOWLEDGED]:
                del self._acknowledged[key]
        for _, receipt in fresh:
            log.info(
                "%s %s on the glass after %.1f ms", receipt.stream, receipt.alert or "", receipt.latency_ms,
                extra={"STREAM": receipt.stream, "SEQUENCE": receipt.sequence, "ALERT": receipt.alert or ""},
            )  # fmt: skip

    def _is_lasting(self, glass: PresentedStatus) -> bool:
        """Whether the picture may be the first after the next start: an alert would be over by then."""
        if glass.programme is None or glass.shows_alert or glass.overlay or not glass.showings:
            return False
        programme, saved_ms = self._last_saved
        return programme != glass.programme or self._uptime() - saved_ms >= LAST_MS

    def _take_capture(self) -> None:
        now = file_stamp(self._runtime.capture_image)
        if now is None or now == self._capture_stamp:
            return
        self._capture_stamp = now
        try:
            ppm = self._runtime.capture_image.read_bytes()
            size, pixels = from_ppm(ppm)
        except (OSError, ValueError) as error:
            log.warning("no picture of the glass: %s", error)
            return
        self._give_exact(ppm)
        if not (self._screenshot_wanted or self._last_wanted):
            return
        image = Image.frombytes("RGB", size, bytes(pixels))
        if self._screenshot_wanted:
            self._screenshot_wanted = False
            self._publish(SCREENSHOT, small_jpeg(image), None)
        if self._last_wanted and self._glass and rendering.image_digest(image) == self._glass.frame:
            self._save_last(image, self._glass)

    def _give_exact(self, ppm: bytes) -> None:
        """Hand over a picture that was taken after it was asked for; compressing and sending are done elsewhere."""
        if self._exact_wanted is None:
            return
        try:
            taken = CaptureInfo.model_validate_json(ppm_comment(ppm))
        except ValueError as error:
            log.warning("nothing is known of a picture of the glass: %s", error)
            return
        if taken.uptime_ms >= self._exact_wanted.since_ms:
            self._exact_wanted = None
            self._offer_capture(ExactCapture(ppm, taken, dict(self._facts().alerts)))

    def _ask_again(self) -> None:
        """Tell the stage again: a word may be lost, and a stage may be about to start."""
        wanted, now = self._exact_wanted, self._uptime()
        if wanted is None:
            return
        if now - wanted.since_ms > WAIT_MS:
            log.warning("the stage takes no picture of the glass")
            self._exact_wanted = None
        elif now - wanted.rung_ms >= RING_MS:
            self._exact_wanted = wanted._replace(rung_ms=now)
            send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    def _save_last(self, image: Image.Image, glass: PresentedStatus) -> None:
        if glass.shows_alert or glass.overlay:
            return
        self._last_wanted = False
        self._last_saved = (glass.programme, self._uptime())
        try:
            save_png(image, self._state.last_frame)
        except OSError as error:
            log.warning("last-frame.png is not renewed: %s", error)

    def _send_report(self) -> float:
        since = self._uptime() - self._said_ms
        if since < SPACING_MS:
            return (SPACING_MS - since) / 1000
        report = self._build_report(self._facts())
        same = self._said is not None and _without_time(report) == _without_time(self._said)
        if same and since < REPORT_MS:
            return (REPORT_MS - since) / 1000
        if self._publish(REPORT, report.to_json(), None):
            self._number = report.number
            self._said = report
            if report.machine is not None:
                self._machine_said_ms = self._uptime()
        self._said_ms = self._uptime()
        return REPORT_MS / 1000

    def _build_report(self, facts: ReportFacts) -> PlayerReport:
        glass = self._glass
        programme = facts.programme
        skipped = tuple(
            ReportedRefusal(
                subject=f"slide {found.slide}",
                code=found.code or "undrawable",
                detail=found.detail,
                last_at_ms=programme.activated_at_ms if programme else 0,
            )
            for found in (programme.skipped if programme else ())
        )
        faults = (
            ()
            if glass is None
            else tuple(
                ReportedRefusal(
                    subject=f"frame {fault.frame}"[:200],
                    code="frame",
                    detail=fault.detail[:300],
                    last_at_ms=max(0, glass.presented_at_ms),
                )
                for fault in glass.faults
            )
        )
        return PlayerReport(
            boot=self._boot,
            number=self._number + 1,
            at_ms=max(0, facts.at_ms),
            clock=facts.clock,
            link=facts.link,
            programme=programme.sequence if programme else None,
            alerts=dict(list(facts.alerts.items())[:16]),
            shown=glass.showings[:32] if glass else (),
            presented_at_ms=max(0, glass.presented_at_ms) if glass else None,
            frame=glass.frame if glass else None,
            preparing=facts.preparing,
            refusals=(*faults[:5], *facts.refusals, *skipped)[:20],
            version=software_version(),
            stage_started_at_ms=max(0, glass.started_at_ms) if glass else None,
            power=glass.power if glass else PowerState.ON,
            brightness=glass.brightness if glass else 100,
            lit=glass.lit if glass else "",
            health=facts.health,
            machine=self._machine if self._is_machine_due() else None,
        )

    def _is_machine_due(self) -> bool:
        return self._machine_said_ms is None or self._uptime() - self._machine_said_ms >= MACHINE_MS


def _proven_receipts(glass: PresentedStatus, facts: ReportFacts) -> list[tuple[tuple[object, ...], Receipt]]:
    """Return what the glass proves, each with what makes it one proof."""
    found: list[tuple[tuple[object, ...], Receipt]] = []
    for shown in () if glass.overlay else glass.showings:
        reception = facts.receptions.get(shown.alert or "")
        if reception is not None:
            key = (shown.alert, shown.form, reception.sequence, reception.stream)
            found.append((key, _receipt_of(glass, reception, shown)))
    reception = facts.programme_reception
    if reception is not None and glass.programme == reception.sequence:
        found.append((("programme", reception.sequence), _receipt_of(glass, reception, None)))
    return found


def _receipt_of(glass: PresentedStatus, reception: DocumentReception, shown: ShownPart | None) -> Receipt:
    return Receipt(
        stream=reception.stream,
        sequence=reception.sequence,
        alert=shown.alert if shown else None,
        form=shown.form if shown else None,
        received_at_ms=max(0, reception.unix_ms),
        presented_at_ms=max(0, glass.presented_at_ms),
        latency_ms=max(0.0, round(glass.presented_uptime_ms - reception.uptime_ms, 3)),
        frame=glass.frame,
        clock=glass.clock,
    )


def small_jpeg(image: Image.Image) -> bytes:
    """Return a picture of at most ``SCREENSHOT_SIDE`` pixels on its longer side."""
    small = image.copy()
    small.thumbnail((SCREENSHOT_SIDE, SCREENSHOT_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def software_version() -> str:
    """Return the version of this software."""
    try:
        return version("beffroi")
    except PackageNotFoundError:
        return ""


def _without_time(report: PlayerReport) -> PlayerReport:
    """Return what makes a report news: of the health, what is the matter."""
    health = PlayerHealth(problems=report.health.problems) if report.health else None
    return report.model_copy(update={"number": 1, "at_ms": 0, "health": health, "machine": None})
