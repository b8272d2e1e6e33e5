"""The sound of films, kept to the wall clock as their pictures are; and the chime that calls for an emergency.

What is heard was queued before: its place in the film is compared with where the film will be by then, and where the
two part, silence is put in or sound is left out.
"""

from __future__ import annotations

import ctypes
import logging
import math
import threading
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from beffroi_content.model import AlertForm, AlertLevel, AlertStatus
from beffroi_content.timeline import Scene
from beffroi_player.outputs.drawing.sdl import SdlError, sdl_library
from beffroi_player.stage.video.container_files import discard_other_streams, open_container

log = logging.getLogger(__name__)

SAMPLE_RATE = 48_000
FRAME_BYTES = 4
"""Of an instant: two channels of 16 bits."""
QUEUE_S = 0.25
"""Sound that waits: more than the longest pause of the processor, less than anybody notices when it is cut off."""
SYNC_TOLERANCE_S = 0.06
"""Sound and picture so far from each other are seen to part (Rec. ITU-R BT.1359 allows 45 ms to 125 ms)."""
CLOCK_JUMP_S = 1.0
"""A film that is so much further, or less far, than at the last look did not run there: the clock was set."""
_AUDIO, _S16 = 0x10, 0x8010
_LOUDEST = 128
_CHIME = ((880.0, 0.35), (660.0, 0.55))
"""Tones in hertz, and how long each sounds, in seconds."""
_CHIMES = 3


class AudioSink(Protocol):
    """Whoever takes sound."""

    def queue_audio(self, sound: bytes) -> None:
        """Play this after what waits."""

    def queued_s(self) -> float:
        """Return how many seconds of sound wait."""

    def clear_queue(self) -> None:
        """Forget what waits."""


class AudioDevice:
    """The loudspeaker, opened when something is to be heard. Without one all is silent."""

    def __init__(self) -> None:
        self.volume = 0
        """Percent."""
        self._device = 0
        self._failed = False

    def queue_audio(self, sound: bytes) -> None:
        """Play 16-bit stereo at 48 kHz after what waits."""
        if not self._open_device():
            return
        louder = ctypes.create_string_buffer(len(sound))
        sdl_library().SDL_MixAudioFormat(louder, sound, _S16, len(sound), round(_LOUDEST * self.volume / 100))
        sdl_library().SDL_QueueAudio(self._device, louder, len(sound))

    def queued_s(self) -> float:
        """Return how many seconds of sound wait."""
        return sdl_library().SDL_GetQueuedAudioSize(self._device) / (SAMPLE_RATE * FRAME_BYTES) if self._device else 0.0

    def clear_queue(self) -> None:
        """Forget what waits."""
        if self._device:
            sdl_library().SDL_ClearQueuedAudio(self._device)

    def close(self) -> None:
        """Give the loudspeaker back."""
        if self._device:
            sdl_library().SDL_CloseAudioDevice(self._device)
        self._device = 0

    def _open_device(self) -> bool:
        if self._device or self._failed:
            return bool(self._device)
        try:
            self._device = _open_audio_device()
        except SdlError as error:
            self._failed = True
            log.warning("there is no sound: %s", error)
        return bool(self._device)


class _AudioSpec(ctypes.Structure):
    """SDL_AudioSpec."""

    _fields_ = [
        ("frequency", ctypes.c_int), ("format", ctypes.c_uint16), ("channels", ctypes.c_uint8),
        ("silence", ctypes.c_uint8), ("samples", ctypes.c_uint16), ("padding", ctypes.c_uint16),
        ("size", ctypes.c_uint32), ("callback", ctypes.c_void_p), ("userdata", ctypes.c_void_p),
    ]  # fmt: skip


def _open_audio_device() -> int:
    sdl = sdl_library()
    wanted = _AudioSpec(frequency=SAMPLE_RATE, format=_S16, channels=2, samples=1024)
    if sdl.SDL_InitSubSystem(_AUDIO) != 0 or not (
        device := sdl.SDL_OpenAudioDevice(None, 0, ctypes.byref(wanted), None, 0)
    ):
        raise SdlError(sdl.SDL_GetError().decode(errors="replace"))
    sdl.SDL_PauseAudioDevice(device, 0)
    return int(device)


class AudioChunk(NamedTuple):
    """A piece of sound and where it begins, in seconds from the beginning of the film's first run."""

    position_s: float
    sound: bytes

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return len(self.sound) / (SAMPLE_RATE * FRAME_BYTES)


class AudioTrack:
    """The sound of a film.

    Args:
        pieces: Gives the sound from a place of the film on, without end; a film without sound gives none.
        listener: Takes it.
        position: Says where the film is, in seconds; None while it has not begun.
    """

    def __init__(
        self, chunks: Callable[[float], Iterator[AudioChunk]], sink: AudioSink, position: Callable[[], float | None]
    ) -> None:
        self._open_chunks, self._sink, self._position = chunks, sink, position
        self._chunks: Iterator[AudioChunk] | None = None
        self._next: AudioChunk | None = None
        self._was_at_s = 0.0

    def queue_due(self) -> float | None:
        """Queue what is due; return the seconds until more is, or None where there is no sound."""
        position = self._position()
        if position is None:
            return SYNC_TOLERANCE_S
        if self._chunks is None or abs(position - self._was_at_s) > CLOCK_JUMP_S:
            self._chunks, self._next = self._open_chunks(position), None
        self._was_at_s = position
        while (waiting := self._sink.queued_s()) < QUEUE_S:
            piece = self._next or next(self._chunks, None)
            if piece is None:
                return None
            self._next = None
            # When this piece will be heard, the film will be further by what waits.
            early = piece.position_s - (position + waiting)
            if early < -SYNC_TOLERANCE_S:
                continue
            if early > SYNC_TOLERANCE_S:
                self._next = piece
                self._sink.queue_audio(bytes(FRAME_BYTES * round(SAMPLE_RATE * min(early, QUEUE_S))))
            else:
                self._sink.queue_audio(piece.sound)
        return (waiting - QUEUE_S) + QUEUE_S / 2


class AudioThread:
    """A track in a thread of its own."""

    def __init__(self, track: AudioTrack, sink: AudioSink) -> None:
        self._track, self._sink = track, sink
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._queue_until_closed, name="sound", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Fall silent at once; the thread is not waited for."""
        self._closed.set()
        self._sink.clear_queue()

    def _queue_until_closed(self) -> None:
        try:
            while not self._closed.is_set() and (pause := self._track.queue_due()) is not None:
                self._closed.wait(max(0.01, pause))
        except Exception as error:  # noqa: BLE001 - whatever a file does to a decoder, the picture goes on
            log.warning("a film has no sound: %s: %s", type(error).__name__, error)
        if self._closed.is_set():
            self._sink.clear_queue()


def audio_chunks(path: Path, position_s: float) -> Iterator[AudioChunk]:
    """Yield the sound of a film from a place on, and then again and again."""
    with open_container(path) as container:
        if not container.streams.audio or not container.streams.video:
            return
        stream, video = container.streams.audio[0], container.streams.video[0]
        discard_other_streams(container, stream)
        duration = float((video.duration or 0) * (video.time_base or 0))
        lap = int(position_s // duration)
        container.seek(int(position_s % duration * 1_000_000))
        while True:
            empty = True
            for at_s, sound in _decode_audio(container, stream):
                if at_s >= duration:
                    break
                empty = False
                yield AudioChunk(lap * duration + at_s, sound)
            if empty and position_s == 0:
                return
            position_s = 0
            lap += 1
            container.seek(0)


def _decode_audio(container: Any, stream: Any) -> Iterator[tuple[float, bytes]]:
    from av import AudioResampler  # noqa: PLC0415 - a player that plays no film does without 60 MB

    resampler = AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE)
    for frame in container.decode(stream):
        at_s = frame.time or 0.0
        for made in resampler.resample(frame):
            yield at_s, bytes(made.planes[0])[: made.samples * FRAME_BYTES]
            at_s += made.samples / SAMPLE_RATE


def chime_sound() -> bytes:
    """Return the sound that calls to look: two falling tones, three times."""
    samples = array("h")
    for hertz, seconds in _CHIME:
        count = round(SAMPLE_RATE * seconds)
        for number in range(count):
            # It begins without a crack and dies away.
            loud = 24_000 * min(1.0, number / 500) * (1 - number / count)
            value = round(loud * math.sin(2 * math.pi * hertz * number / SAMPLE_RATE))
            samples.extend((value, value))
    return _CHIMES * (samples.tobytes() + bytes(FRAME_BYTES * SAMPLE_RATE // 2))


class EmergencyChime:
    """Rings once for each emergency that takes the screen over; an exercise is silent."""

    def __init__(self, sink: AudioSink) -> None:
        self._sink = sink
        self._announced: frozenset[str] = frozenset()

    def chime_for(self, scene: Scene, volume: int) -> None:
        """Ring if there is one that was not there before."""
        called = frozenset(
            showing.alert.id
            for showing in scene.showings
            if showing.alert and showing.form is AlertForm.TAKEOVER
            and showing.alert.level is AlertLevel.EMERGENCY and showing.alert.status is AlertStatus.ACTUAL
        )  # fmt: skip
        fresh, self._announced = called - self._announced, called
        if fresh and volume:
            self._sink.clear_queue()
            # Making the sound takes longer than a frame.
            threading.Thread(target=lambda: self._sink.queue_audio(chime_sound()), name="chime", daemon=True).start()
