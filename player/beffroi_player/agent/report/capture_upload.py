"""The upload of captures: the newest one, in a thread of its own, so that nothing else waits for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from beffroi_content.frame_digest import frame_digest
from beffroi_content.wire.capture_png import add_label
from beffroi_content.wire.reports import CaptureLabel
from beffroi_player import backoff
from beffroi_player.agent.prepare.png_encoder import encode_png
from beffroi_player.agent.transport.http_client import ServerRefusal
from beffroi_player.state.directories import CaptureInfo
from beffroi_player.state.ppm_images import from_ppm

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 60.0
"""Seconds between two attempts."""
MAX_TRIES = 8
"""After so many attempts nobody waits for the capture any more."""
_RETRIED_STATUSES = (requests.codes.request_timeout, requests.codes.too_many_requests)


@dataclass(frozen=True, slots=True)
class ExactCapture:
    """A presented frame as the stage has written it, with the alert sets that the agent held then."""

    ppm: bytes = field(repr=False)
    taken: CaptureInfo
    alerts: dict[str, int]
    """The sequence of the newest alert set of each stream."""


class CaptureUploader:
    """Compresses and uploads the capture that was offered last.

    Args:
        send: Hands a file to the server; raises ``Refusal`` or ``requests.RequestException``.
        refused: Told of a capture that is not sent: subject, code and reason.
        compress: Makes a PNG of a PPM; raises OSError.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        refused: Callable[[str, str, str], None],
        compress: Callable[[bytes], bytes] = encode_png,
    ) -> None:
        self._send, self._refused, self._compress = send, refused, compress
        self._wanted: ExactCapture | None = None
        self._ready: tuple[ExactCapture, bytes] | None = None
        self._failures = 0
        self._wakeup = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="captures", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def offer_capture(self, exact: ExactCapture) -> None:
        """Upload a capture; it replaces one that is not sent yet."""
        self._wanted, self._failures = exact, 0
        self._wakeup.set()

    def stop(self) -> None:
        """End the thread; an upload that is under way is abandoned."""
        self._stopping = True
        self._wakeup.set()
        self._thread.join(1.0)

    def upload_next(self) -> float | None:
        """Upload the capture that is waiting. Return the seconds until the next attempt; None: nothing to do."""
        self._wakeup.clear()
        wanted = self._wanted
        if wanted is None:
            return None
        try:
            self._send(self._labelled_png(wanted))
        except ServerRefusal as refusal:
            if refusal.status < 500 and refusal.status not in _RETRIED_STATUSES:
                return self._give_up(wanted, "refused", str(refusal))
            return self._retry_later(wanted, refusal)
        except (requests.RequestException, OSError) as error:
            return self._retry_later(wanted, error)
        except ValueError as error:
            return self._give_up(wanted, "undrawable", str(error))
        log.info("a capture is sent")
        return self._discard_capture(wanted)

    def _labelled_png(self, wanted: ExactCapture) -> bytes:
        """Return the file with its label; it is compressed once, however often it has to be sent."""
        if self._ready is None or self._ready[0] is not wanted:
            label = capture_label(wanted)
            self._ready = wanted, add_label(self._compress(wanted.ppm), label)
        return self._ready[1]

    def _retry_later(self, wanted: ExactCapture, error: Exception) -> float | None:
        self._failures += 1
        if self._failures >= MAX_TRIES:
            return self._give_up(wanted, "not-sent", str(error))
        log.info("a capture is not sent yet: %s", error)
        return backoff.retry_delay(self._failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)

    def _give_up(self, wanted: ExactCapture, code: str, detail: str) -> float | None:
        self._refused("capture", code, detail)
        return self._discard_capture(wanted)

    def _discard_capture(self, wanted: ExactCapture) -> float | None:
        """Discard a capture. Return 0 where another one was offered meanwhile: it is due at once."""
        self._ready = None
        if self._wanted is wanted:
            self._wanted = None
            return None
        return 0.0

    def _run(self) -> None:
        while not self._stopping:
            try:
                pause = self.upload_next()
            except Exception:
                log.exception("a capture is lost")
                self._wanted = self._ready = None
                pause = None
            self._wakeup.wait(pause)


def capture_label(exact: ExactCapture) -> CaptureLabel:
    """Return the label of a capture: what was presented then, and which alert sets were held.

    Raises:
        ValueError: the file is not an image.
    """
    size, pixels = from_ppm(exact.ppm)
    taken, presented = exact.taken, exact.taken.presented
    known = {
        "size": size, "pixels": frame_digest(size, bytes(pixels)), "taken_at_ms": max(0, taken.at_ms),
        "alerts": dict(list(exact.alerts.items())[:16]), "moves": taken.moves, "clock": "unknown",
    }  # fmt: skip
    if presented is not None:
        known |= {
            "frame": presented.frame, "presented_at_ms": max(0, presented.presented_at_ms), "clock": presented.clock,
            "programme": presented.programme, "shown": presented.showings[:32], "overlay": presented.overlay,
            "power": presented.power, "brightness": presented.brightness,
        }  # fmt: skip
    return CaptureLabel.model_validate(known)
