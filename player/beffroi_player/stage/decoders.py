"""Which decoder a film gets: the processor's, or that of the hardware where it has shown that it works.

The kernel offers the decoder of some boards as a device (V4L2, memory to memory). Its drivers are known to hang, and to
give frames in the wrong order or colours: so it is tried once after each boot, by a process of its own
(``beffroi_player.decoder_trial``), and after it has failed twice films do without it until the next boot.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from beffroi_content.model import WireModel
from beffroi_player import machine
from beffroi_player.slots import Slot
from beffroi_player.stage.trial import tried

log = logging.getLogger(__name__)

HARDWARE = "h264_v4l2m2m"
"""The name that FFmpeg gives the decoders of the kernel."""
DEVICES = frozenset({"bcm2835-codec-decode"})
"""What they are called: the Raspberry Pi Zero 2 W, 3 and 4 have this one."""
SYSTEM = Path("/sys/class/video4linux")
LARGEST = 1920 * 1088
"""Pixels of a frame that these take."""
FAILURES = 2
"""So many films may stop because of it before it is not used any more."""
THREADS = 2
SMALL = 640 * 360
"""Pixels of a frame that one thread decodes on every board."""


class Undecodable(Exception):
    """A piece of a film is damaged; the next may be good."""


class Decoder(Protocol):
    """Makes frames of packets. Belongs to one thread."""

    is_hardware: bool

    def decode(self, packet: Any) -> Sequence[Any]:
        """Take an ``av.Packet``; return the ``av.VideoFrame`` that are ready, those of earlier packets first.

        Raises:
            Undecodable: the packet is damaged.
        """

    def begin_anew(self) -> None:
        """Forget what waits: the next packet is not the one that follows."""


class FfmpegDecoder:
    """A decoder of FFmpeg for a stream.

    Args:
        stream: An ``av.VideoStream``.
        hardware: Its name, if it is not to be the processor's.

    Raises:
        OSError: the hardware does not let us, or is not there.
        ValueError: likewise.
    """

    def __init__(self, stream: Any, hardware: str = "") -> None:
        self.is_hardware = bool(hardware)
        self._stream, self._name = stream, hardware or stream.codec_context.name
        self._context = self._opened()

    def decode(self, packet: Any) -> Sequence[Any]:
        """Take a packet; return the frames that are ready; see :meth:`Decoder.decode`."""
        import av  # noqa: PLC0415 - a player that shows no film does without 60 MB

        try:
            return list(self._context.decode(packet))
        except av.error.InvalidDataError as error:
            raise Undecodable(str(error)) from error

    def begin_anew(self) -> None:
        """Forget what waits."""
        if self.is_hardware:
            # FFmpeg cannot empty these.
            self._context = self._opened()
        else:
            self._context.flush_buffers()

    def _opened(self) -> Any:
        from av.codec import CodecContext  # noqa: PLC0415

        known, base = self._stream.codec_context, self._stream.time_base
        context: Any = CodecContext.create(self._name, "r")
        context.extradata = known.extradata
        context.width, context.height = known.width, known.height
        context.options = {"pkt_timebase": f"{base.numerator}/{base.denominator}"}
        if not self.is_hardware:
            context.thread_type = "AUTO"
            context.thread_count = 1 if known.width * known.height <= SMALL else THREADS
        context.open()
        return context


class Verdict(WireModel):
    """What is known of the decoder of this machine since it was started."""

    boot: str
    passed: bool
    why: str = ""
    """Why it is not used."""
    failures: int = 0
    """How many films stopped because of it."""
    in_use: bool = False
    """Whether a stage has it; where that ends without a word, it may have been the driver."""


class Decoders:
    """Gives each film its decoder.

    Args:
        runtime: The runtime directory: what was found out is kept there until the next boot.
        device: Whether there is one.
        test: Tries it, for a minute at most; returns why it is not to be used.
        hardware: Opens it for a stream.
    """

    def __init__(
        self,
        runtime: Path,
        device: Callable[[], bool] | None = None,
        test: Callable[[], str] = lambda: tried(HARDWARE),
        hardware: Callable[[Any], Decoder] = lambda stream: FfmpegDecoder(stream, HARDWARE),
    ) -> None:
        self._slot = Slot(runtime / "decoder.json", Verdict, durable=False)
        self._device, self._test, self._hardware = device or has_device, test, hardware
        self._lock = threading.Lock()
        self._verdict: Verdict | None = None
        self._known = threading.Event()
        self._begun = False

    def prepare(self) -> None:
        """See to it that the decoder is tested; does not wait. To be called when the first film is opened."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._find_out, name="decoder test", daemon=True).start()

    def open(self, stream: Any, patience_s: float) -> Decoder:
        """Return the decoder for a stream. Belongs to the film's own thread.

        Args:
            stream: An ``av.VideoStream``.
            patience_s: For how long the end of the test may be awaited.
        """
        self._known.wait(patience_s)
        context = stream.codec_context
        fits = context.name == "h264" and context.width * context.height <= LARGEST
        if fits and self.uses_hardware:
            try:
                self._use(True)
                return self._hardware(stream)
            except Exception as error:  # noqa: BLE001 - whatever a driver does, there is another decoder
                self.failed(f"{type(error).__name__}: {error}")
        return FfmpegDecoder(stream)

    @property
    def uses_hardware(self) -> bool:
        """Whether it has passed the test, and not failed since."""
        verdict = self._verdict
        return verdict is not None and verdict.passed and verdict.failures < FAILURES

    def close(self) -> None:
        """Note that the stage ends as it should."""
        self._use(False)

    def failed(self, why: str) -> None:
        """Note that a film has stopped because of the hardware's decoder."""
        with self._lock:
            if self._verdict is not None:
                failures = self._verdict.failures + 1
                log.warning("the decoder of the hardware has failed (%d of %d): %s", failures, FAILURES, why)
                self._keep(self._verdict.replace(failures=failures, why=why[:300]))

    def _find_out(self) -> None:
        try:
            known, boot = self._slot.read(), machine.boot_id()
            if known is None or known.boot != boot:
                known = self._tried(boot)
            with self._lock:
                self._keep(known.replace(in_use=False))
            if known.in_use:
                self.failed("the stage ended while it was in use")
        finally:
            self._known.set()

    def _tried(self, boot: str) -> Verdict:
        if not self._device():
            log.debug("films are decoded by the processor: there is no device for it")
            return Verdict(boot=boot, passed=False, why="there is no device")
        # Whoever is killed while it is tried does not try it again.
        self._keep(Verdict(boot=boot, passed=False, why="the test did not end"))
        why = self._test()
        if why:
            log.info("films are decoded by the processor: %s", why)
        else:
            log.info("films are decoded by the hardware: %s", HARDWARE)
        return Verdict(boot=boot, passed=not why, why=why[:300])

    def _use(self, is_used: bool) -> None:
        with self._lock:
            if self._verdict is not None and self._verdict.in_use != is_used:
                self._keep(self._verdict.replace(in_use=is_used))

    def _keep(self, verdict: Verdict) -> None:
        self._verdict = verdict
        try:
            self._slot.write(verdict)
        except OSError as error:
            log.warning("what is known of the decoder is not kept: %s", error)


def has_device(system: Path = SYSTEM) -> bool:
    """Tell whether the kernel offers a decoder that is worth a test."""
    for path in system.glob("video*/name"):
        try:
            if path.read_text(encoding="ascii").strip() in DEVICES:
                return True
        except (OSError, UnicodeDecodeError):
            continue
    return False
