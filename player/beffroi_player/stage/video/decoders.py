"""Choice of the decoder of a video: the processor's, or the hardware's where that has shown that it works.

The kernel offers the decoder of some boards as a device (V4L2, memory to memory). Its drivers are known to hang, and to
give frames in the wrong order or colours. So it is tried once after each boot, by a process of its own
(:mod:`.decoder_trial`); after it has failed twice videos do without it until the next boot.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from beffroi_content.model import WireModel
from beffroi_player import system_clock
from beffroi_player.stage.video.decoder_trial_process import try_decoder
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

HARDWARE_DECODER = "h264_v4l2m2m"
"""FFmpeg's name of the kernel's H.264 decoders."""
DEVICE_NAMES = frozenset({"bcm2835-codec-decode"})
"""The kernel's names of devices worth a trial: the Raspberry Pi Zero 2 W, 3 and 4 have this one."""
DEVICE_FOLDER = Path("/sys/class/video4linux")
MAX_PIXELS = 1920 * 1088
"""Pixels of a frame that these devices take at most."""
MAX_FAILURES = 2
"""Videos that may stop because of the hardware before it is left alone."""
DECODER_THREADS = 2
SINGLE_THREAD_PIXELS = 640 * 360
"""Pixels of a frame that one thread decodes in time on every board."""


class UndecodablePacket(Exception):
    """A packet is damaged; the next may be good."""


class PacketDecoder(Protocol):
    """Decodes packets to frames. Belongs to one thread."""

    is_hardware: bool

    def decode_packet(self, packet: Any) -> Sequence[Any]:
        """Take an ``av.Packet``; return the ``av.VideoFrame`` that are ready, those of earlier packets first.

        Raises:
            UndecodablePacket: it is damaged.
        """

    def flush_buffers(self) -> None:
        """Drop what waits: the next packet is not the one that follows."""


class FfmpegDecoder:
    """A decoder of FFmpeg for a stream.

    Args:
        stream: An ``av.VideoStream``.
        hardware: FFmpeg's name of a hardware decoder; empty: the processor decodes.

    Raises:
        OSError: the hardware is not there, or in use.
        ValueError: likewise.
    """

    def __init__(self, stream: Any, hardware: str = "") -> None:
        self.is_hardware = bool(hardware)
        self._stream, self._name = stream, hardware or stream.codec_context.name
        self._context = self._create_context()

    def decode_packet(self, packet: Any) -> Sequence[Any]:
        """Take a packet; return the frames that are ready; see :meth:`PacketDecoder.decode_packet`."""
        import av  # noqa: PLC0415 - a player that shows no video does without 60 MB

        try:
            return list(self._context.decode(packet))
        except av.error.InvalidDataError as error:
            raise UndecodablePacket(str(error)) from error

    def flush_buffers(self) -> None:
        """Drop what waits."""
        if self.is_hardware:
            # FFmpeg cannot flush V4L2 decoders: a new one is opened.
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
    """Result of the trial of the hardware decoder after the last boot, and of its use since."""

    boot: str
    passed: bool
    why: str = ""
    """The reason why it is not used."""
    failures: int = 0
    """Videos that stopped because of it."""
    in_use: bool = False
    """Whether a stage is using it. If that stage crashes, it may have been the driver."""


class HardwareDecoder(Protocol):
    """A hardware decoder of this machine, if it has one."""

    def is_present(self) -> bool:
        """Tell whether there is one."""

    def run_trial(self) -> str:
        """Try it, for a minute at most; return the reason why it is not to be used, or nothing."""

    def open_stream(self, stream: Any) -> PacketDecoder:
        """Open it for an ``av.VideoStream``.

        Raises:
            Exception: whatever a driver does.
        """


class KernelDecoder:
    """The H.264 decoder that the kernel offers as a device."""

    def is_present(self) -> bool:
        """Tell whether the kernel has a device that is worth a trial."""
        return has_decoder_device()

    def run_trial(self) -> str:
        """Try it in a process of its own; return the reason why it is not to be used, or nothing."""
        return try_decoder(HARDWARE_DECODER)

    def open_stream(self, stream: Any) -> PacketDecoder:
        """Open it for a stream; see :class:`FfmpegDecoder`."""
        return FfmpegDecoder(stream, HARDWARE_DECODER)


class DecoderSelection:
    """Chooses the decoder of each video.

    Args:
        runtime: The runtime directory: the verdict on the hardware is kept there until the next boot.
        hardware: Is tried and used.
    """

    def __init__(self, runtime: Path, hardware: HardwareDecoder | None = None) -> None:
        self._file = ModelFile(runtime / "decoder.json", DecoderVerdict, durable=False)
        self._hardware: HardwareDecoder = hardware or KernelDecoder()
        self._lock = threading.Lock()
        self._verdict: DecoderVerdict | None = None
        self._known = threading.Event()
        self._is_started = False

    def start_trial(self) -> None:
        """Have the hardware tried, once; does not wait. To be called when the first video is opened."""
        if not self._is_started:
            self._is_started = True
            threading.Thread(target=self._determine_verdict, name="decoder trial", daemon=True).start()

    def open_decoder(self, stream: Any, patience_s: float) -> PacketDecoder:
        """Return the decoder for a stream. Called by the thread of the video.

        Args:
            stream: An ``av.VideoStream``.
            patience_s: Seconds for which the end of the trial may be awaited.
        """
        self._known.wait(patience_s)
        context = stream.codec_context
        fits = context.name == "h264" and context.width * context.height <= MAX_PIXELS
        if fits and self.uses_hardware:
            try:
                self._note_use(True)
                return self._hardware.open_stream(stream)
            except Exception as error:  # noqa: BLE001 - whatever a driver does, there is another decoder
                self.note_failure(f"{type(error).__name__}: {error}")
        return FfmpegDecoder(stream)

    @property
    def uses_hardware(self) -> bool:
        """True if the hardware has passed its trial, and not failed twice since."""
        verdict = self._verdict
        return verdict is not None and verdict.passed and verdict.failures < MAX_FAILURES

    def close(self) -> None:
        """Note that the stage ends in good order."""
        self._note_use(False)

    def note_failure(self, why: str) -> None:
        """Note that a video has stopped because of the hardware."""
        with self._lock:
            if self._verdict is not None:
                failures = self._verdict.failures + 1
                log.warning("the decoder of the hardware has failed (%d of %d): %s", failures, MAX_FAILURES, why)
                self._store_verdict(self._verdict.replace(failures=failures, why=why[:300]))

    def _determine_verdict(self) -> None:
        try:
            known, boot = self._file.read(), system_clock.boot_id()
            if known is None or known.boot != boot:
                known = self._run_trial(boot)
            with self._lock:
                self._store_verdict(known.replace(in_use=False))
            if known.in_use:
                self.note_failure("the stage ended while it was in use")
        finally:
            self._known.set()

    def _run_trial(self, boot: str) -> DecoderVerdict:
        if not self._hardware.is_present():
            log.debug("videos are decoded by the processor: there is no device for it")
            return DecoderVerdict(boot=boot, passed=False, why="there is no device")
        # A stage that dies during the trial, with the machine or without, does not try it again at its next start.
        self._store_verdict(DecoderVerdict(boot=boot, passed=False, why="the trial did not end"))
        why = self._hardware.run_trial()
        if why:
            log.info("videos are decoded by the processor: %s", why)
        else:
            log.info("videos are decoded by the hardware: %s", HARDWARE_DECODER)
        return DecoderVerdict(boot=boot, passed=not why, why=why[:300])

    def _note_use(self, is_used: bool) -> None:
        with self._lock:
            if self._verdict is not None and self._verdict.in_use != is_used:
                self._store_verdict(self._verdict.replace(in_use=is_used))

    def _store_verdict(self, verdict: DecoderVerdict) -> None:
        self._verdict = verdict
        try:
            self._file.write(verdict)
        except OSError as error:
            log.warning("the verdict on the decoder is not stored: %s", error)


def has_decoder_device(system: Path = DEVICE_FOLDER) -> bool:
    """Tell whether the kernel offers a decoder that is worth a trial."""
    for path in system.glob("video*/name"):
        try:
            if path.read_text(encoding="ascii").strip() in DEVICE_NAMES:
                return True
        except (OSError, UnicodeDecodeError):
            continue
    return False
