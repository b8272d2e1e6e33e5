"""Which decoder a film gets: the processor's, or that of the hardware where it has shown that it works.

The kernel offers the decoder of some boards as a device (V4L2, memory to memory). Its drivers are known to hang, and to
give frames in the wrong order or colours: so it is tried once after each boot, by a process of its own
(``beffroi_player.stage.video.decoder_trial``), and after it has failed twice films do without it until the next boot.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from beffroi_content.model import WireModel
from beffroi_player import system_clock
from beffroi_player.stage.video.decoder_trial_process import try_decoder
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

HARDWARE_DECODER = "h264_v4l2m2m"
"""The name that FFmpeg gives the decoders of the kernel."""
DEVICE_NAMES = frozenset({"bcm2835-codec-decode"})
"""What they are called: the Raspberry Pi Zero 2 W, 3 and 4 have this one."""
DEVICE_FOLDER = Path("/sys/class/video4linux")
MAX_PIXELS = 1920 * 1088
"""Pixels of a frame that these take."""
MAX_FAILURES = 2
"""So many films may stop because of it before it is not used any more."""
DECODER_THREADS = 2
SINGLE_THREAD_PIXELS = 640 * 360
"""Pixels of a frame that one thread decodes on every board."""


class UndecodablePacket(Exception):
    """A piece of a film is damaged; the next may be good."""


class PacketDecoder(Protocol):
    """Makes frames of packets. Belongs to one thread."""

    is_hardware: bool

    def decode_packet(self, packet: Any) -> Sequence[Any]:
        """Take an ``av.Packet``; return the ``av.VideoFrame`` that are ready, those of earlier packets first.

        Raises:
            Undecodable: the packet is damaged.
        """

    def flush_buffers(self) -> None:
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
        self._context = self._create_context()

    def decode_packet(self, packet: Any) -> Sequence[Any]:
        """Take a packet; return the frames that are ready; see :meth:`Decoder.decode`."""
        import av  # noqa: PLC0415 - a player that shows no film does without 60 MB

        try:
            return list(self._context.decode(packet))
        except av.error.InvalidDataError as error:
            raise UndecodablePacket(str(error)) from error

    def flush_buffers(self) -> None:
        """Forget what waits."""
        if self.is_hardware:
            # FFmpeg cannot empty these.
            self._context = self._create_context()
        else:
            self._context.flush_buffers()

    def _create_context(self) -> Any:
        from av.codec import CodecContext  # noqa: PLC0415

        known, base = self._stream.codec_context, self._stream.time_base
        context: Any = CodecContext.create(self._name, "r")
        context.extradata = known.extradata
        context.width, context.height = known.width, known.height
        context.options = {"pkt_timebase": f"{base.numerator}/{base.denominator}"}
        if not self.is_hardware:
            context.thread_type = "AUTO"
            context.thread_count = 1 if known.width * known.height <= SINGLE_THREAD_PIXELS else DECODER_THREADS
        context.open()
        return context


class DecoderVerdict(WireModel):
    """What is known of the decoder of this machine since it was started."""

    boot: str
    passed: bool
    why: str = ""
    """Why it is not used."""
    failures: int = 0
    """How many films stopped because of it."""
    in_use: bool = False
    """Whether a stage has it; where that ends without a word, it may have been the driver."""


class DecoderSelection:
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
        has_device: Callable[[], bool] | None = None,
        run_trial: Callable[[], str] = lambda: try_decoder(HARDWARE_DECODER),
        hardware: Callable[[Any], PacketDecoder] = lambda stream: FfmpegDecoder(stream, HARDWARE_DECODER),
    ) -> None:
        self._slot = ModelFile(runtime / "decoder.json", DecoderVerdict, durable=False)
        self._has_device, self._trial, self._hardware = has_device or has_decoder_device, run_trial, hardware
        self._lock = threading.Lock()
        self._verdict: DecoderVerdict | None = None
        self._known = threading.Event()
        self._is_started = False

    def start_trial(self) -> None:
        """See to it that the decoder is tested; does not wait. To be called when the first film is opened."""
        if not self._is_started:
            self._is_started = True
            threading.Thread(target=self._determine_verdict, name="decoder test", daemon=True).start()

    def open_decoder(self, stream: Any, patience_s: float) -> PacketDecoder:
        """Return the decoder for a stream. Belongs to the film's own thread.

        Args:
            stream: An ``av.VideoStream``.
            patience_s: For how long the end of the test may be awaited.
        """
        self._known.wait(patience_s)
        context = stream.codec_context
        fits = context.name == "h264" and context.width * context.height <= MAX_PIXELS
        if fits and self.uses_hardware:
            try:
                self._note_use(True)
                return self._hardware(stream)
            except Exception as error:  # noqa: BLE001 - whatever a driver does, there is another decoder
                self.note_failure(f"{type(error).__name__}: {error}")
        return FfmpegDecoder(stream)

    @property
    def uses_hardware(self) -> bool:
        """Whether it has passed the test, and not failed since."""
        verdict = self._verdict
        return verdict is not None and verdict.passed and verdict.failures < MAX_FAILURES

    def close(self) -> None:
        """Note that the stage ends as it should."""
        self._note_use(False)

    def note_failure(self, why: str) -> None:
        """Note that a film has stopped because of the hardware's decoder."""
        with self._lock:
            if self._verdict is not None:
                failures = self._verdict.failures + 1
                log.warning("the decoder of the hardware has failed (%d of %d): %s", failures, MAX_FAILURES, why)
                self._store_verdict(self._verdict.replace(failures=failures, why=why[:300]))

    def _determine_verdict(self) -> None:
        try:
            known, boot = self._slot.read(), system_clock.boot_id()
            if known is None or known.boot != boot:
                known = self._run_trial(boot)
            with self._lock:
                self._store_verdict(known.replace(in_use=False))
            if known.in_use:
                self.note_failure("the stage ended while it was in use")
        finally:
            self._known.set()

    def _run_trial(self, boot: str) -> DecoderVerdict:
        if not self._has_device():
            log.debug("films are decoded by the processor: there is no device for it")
            return DecoderVerdict(boot=boot, passed=False, why="there is no device")
        # Whoever is killed while it is tried does not try it again.
        self._store_verdict(DecoderVerdict(boot=boot, passed=False, why="the test did not end"))
        why = self._trial()
        if why:
            log.info("films are decoded by the processor: %s", why)
        else:
            log.info("films are decoded by the hardware: %s", HARDWARE_DECODER)
        return DecoderVerdict(boot=boot, passed=not why, why=why[:300])

    def _note_use(self, is_used: bool) -> None:
        with self._lock:
            if self._verdict is not None and self._verdict.in_use != is_used:
                self._store_verdict(self._verdict.replace(in_use=is_used))

    def _store_verdict(self, verdict: DecoderVerdict) -> None:
        self._verdict = verdict
        try:
            self._slot.write(verdict)
        except OSError as error:
            log.warning("what is known of the decoder is not kept: %s", error)


def has_decoder_device(system: Path = DEVICE_FOLDER) -> bool:
    """Tell whether the kernel offers a decoder that is worth a test."""
    for path in system.glob("video*/name"):
        try:
            if path.read_text(encoding="ascii").strip() in DEVICE_NAMES:
                return True
        except (OSError, UnicodeDecodeError):
            continue
    return False
