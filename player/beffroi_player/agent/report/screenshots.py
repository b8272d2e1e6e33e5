"""Images of the screen: small JPEGs for operators, exact captures, and ``last-frame.png`` for the next start.

The stage writes what it presents into ``capture.ppm`` when it is woken up for it, and one file serves all three.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from PIL import Image

from beffroi_content import rendering
from beffroi_content.wire.messages import SCREENSHOT
from beffroi_content.wire.reports import SCREENSHOT_BOX
from beffroi_player.agent.prepare.png_encoder import save_png
from beffroi_player.agent.report.capture_upload import ExactCapture
from beffroi_player.agent.report.report_facts import Publish
from beffroi_player.state.atomic_files import file_stamp
from beffroi_player.state.directories import CaptureInfo, PresentedStatus, RuntimeDirectory, StateDirectory
from beffroi_player.state.ppm_images import from_ppm, ppm_comment
from beffroi_player.wakeup import CAPTURE_REQUESTED, send_wakeup

log = logging.getLogger(__name__)

LAST_MS = 600_000
"""How often ``last-frame.png`` is renewed while the programme stays the same: a memory card does not like more."""
SCREENSHOT_SIDE = 480
REPEAT_MS, WAIT_MS = 3_000, 60_000
"""How often the stage is asked again for a capture, and for how long."""


class CaptureRequest(NamedTuple):
    """When a capture was asked for, and when the stage was last woken up for it, as uptimes."""

    since_ms: float
    woken_ms: float


class ScreenshotSender:
    """Asks the stage for images of the screen and passes them on.

    Args:
        state: Where ``last-frame.png`` is.
        runtime: Where the stage writes images, and is woken up.
        publish: Hands a payload to the MQTT client.
        uptime: Milliseconds since boot.
        offer_capture: Given a capture that is to be sent as it is.
        box: The machine, as screenshots name it.
    """

    def __init__(
        self, state: StateDirectory, runtime: RuntimeDirectory, publish: Publish, uptime: Callable[[], float],
        offer_capture: Callable[[ExactCapture], None], box: str = "",
    ) -> None:  # fmt: skip
        self._state, self._runtime, self._publish, self._uptime = state, runtime, publish, uptime
        self._offer_capture, self._box = offer_capture, box
        self._file_stamp: object = None
        self._screenshots_until = 0.0
        self._screenshot_wanted = False
        self._capture_request: CaptureRequest | None = None
        self._last_wanted = False
        self._last_saved: tuple[int | None, float] = (None, -LAST_MS * 1.0)

    def request_screenshot(self, seconds: int) -> None:
        """Send a screenshot now, and at each change for that many seconds."""
        self._screenshots_until = self._uptime() + 1000 * seconds
        self._screenshot_wanted = True
        send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    def on_connected(self) -> None:
        """Send a screenshot again, where somebody is still waiting: the last may have gone with the connection."""
        if self._uptime() < self._screenshots_until:
            self._screenshot_wanted = True
            send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    def request_capture(self) -> None:
        """Have a capture sent."""
        now = self._uptime()
        self._capture_request = CaptureRequest(now, now)
        send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    def note_presented(self, presented: PresentedStatus, *, is_another_frame: bool) -> None:
        """Ask the stage for an image where something that is presented now calls for one."""
        if is_another_frame and self._uptime() < self._screenshots_until:
            self._screenshot_wanted = True
        self._last_wanted |= self._is_lasting(presented)
        if self._screenshot_wanted or self._last_wanted:
            send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    def pass_on(self, presented: PresentedStatus | None, alerts: Callable[[], Mapping[str, int]]) -> None:
        """Read a new image, if the stage has written one, and ask again for a capture that does not come.

        Args:
            presented: What the stage last said.
            alerts: Asked for the sequence of the newest alert set of each stream.
        """
        now = file_stamp(self._runtime.capture_image)
        if now is not None and now != self._file_stamp:
            self._file_stamp = now
            self._read_image(presented, alerts)
        self._ask_again()

    def _is_lasting(self, presented: PresentedStatus) -> bool:
        """Tell whether the image may be the first after the next start: an alert would be over by then."""
        if presented.programme is None or presented.shows_alert or presented.overlay or not presented.showings:
            return False
        programme, saved_ms = self._last_saved
        return programme != presented.programme or self._uptime() - saved_ms >= LAST_MS

    def _read_image(self, presented: PresentedStatus | None, alerts: Callable[[], Mapping[str, int]]) -> None:
        try:
            ppm = self._runtime.capture_image.read_bytes()
            size, pixels = from_ppm(ppm)
        except (OSError, ValueError) as error:
            log.warning("no image of the screen: %s", error)
            return
        self._give_capture(ppm, alerts)
        if not (self._screenshot_wanted or self._last_wanted):
            return
        image = Image.frombytes("RGB", size, bytes(pixels))
        if self._screenshot_wanted:
            # Without a connection it stays wanted: the next one asks for it again.
            self._screenshot_wanted = not self._publish(SCREENSHOT, small_jpeg(image, self._box), None)
        if self._last_wanted and presented and rendering.image_digest(image) == presented.frame:
            self._save_last(image, presented)

    def _give_capture(self, ppm: bytes, alerts: Callable[[], Mapping[str, int]]) -> None:
        """Pass on an image that was taken after it was asked for; compressing and sending are done elsewhere."""
        if self._capture_request is None:
            return
        try:
            taken = CaptureInfo.model_validate_json(ppm_comment(ppm))
        except ValueError as error:
            log.warning("nothing is known of an image of the screen: %s", error)
            return
        if taken.uptime_ms >= self._capture_request.since_ms:
            self._capture_request = None
            self._offer_capture(ExactCapture(ppm, taken, dict(alerts())))

    def _ask_again(self) -> None:
        """Wake the stage again: a wake-up may be lost, and a stage may be about to start."""
        request, now = self._capture_request, self._uptime()
        if request is None:
            return
        if now - request.since_ms > WAIT_MS:
            log.warning("the stage takes no image of the screen")
            self._capture_request = None
        elif now - request.woken_ms >= REPEAT_MS:
            self._capture_request = request._replace(woken_ms=now)
            send_wakeup(self._runtime.stage_socket, CAPTURE_REQUESTED)

    def _save_last(self, image: Image.Image, presented: PresentedStatus) -> None:
        if presented.shows_alert or presented.overlay:
            return
        self._last_wanted = False
        self._last_saved = (presented.programme, self._uptime())
        try:
            save_png(image, self._state.last_frame)
        except OSError as error:
            log.warning("last-frame.png is not renewed: %s", error)


def small_jpeg(image: Image.Image, box: str = "") -> bytes:
    """Return a JPEG of at most ``SCREENSHOT_SIDE`` pixels on its longer side, with the machine as its comment."""
    small = image.copy()
    small.thumbnail((SCREENSHOT_SIDE, SCREENSHOT_SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80, **({"comment": SCREENSHOT_BOX + box.encode()} if box else {}))
    return buffer.getvalue()
