"""The loudspeaker: SDL's queue of audio, opened only when there is something to be heard."""

from __future__ import annotations

import ctypes
import logging
import threading

from beffroi_player.outputs.drawing.sdl import SdlError, sdl_library

log = logging.getLogger(__name__)

SAMPLE_RATE = 48_000
FRAME_BYTES = 4
"""Bytes of an audio frame, which is one sample of each channel: two of 16 bits."""
LONGEST_CLOSE_S = 1.0
_AUDIO, _S16 = 0x10, 0x8010
_LOUDEST = 128


class AudioDevice:
    """The loudspeaker as videos use it: opened at the first sound, closed after the last. Safe for threads.

    A sound card may serve one process at a time: the sound of alerts is played by another.
    """

    def __init__(self) -> None:
        self.volume = 0
        """Percent."""
        self.is_muted = False
        """Whether an alert may be heard now: nobody holds the loudspeaker then."""
        self._device = self._users = 0
        self._failed = False
        self._lock = threading.Lock()

    def queue_audio(self, sound: bytes) -> None:
        """Play 16-bit stereo at 48 kHz at the volume that is set, after what is queued."""
        with self._lock:
            if not self._open_device():
                return
            mixed = ctypes.create_string_buffer(len(sound))
            sdl_library().SDL_MixAudioFormat(mixed, sound, _S16, len(sound), round(_LOUDEST * self.volume / 100))
            sdl_library().SDL_QueueAudio(self._device, mixed, len(sound))

    def queued_s(self) -> float:
        """Return the seconds of sound that are queued."""
        with self._lock:
            queued = sdl_library().SDL_GetQueuedAudioSize(self._device) if self._device else 0
        return queued / (SAMPLE_RATE * FRAME_BYTES)

    def clear_queue(self) -> None:
        """Drop what is queued."""
        if self._device:
            sdl_library().SDL_ClearQueuedAudio(self._device)

    def take(self) -> None:
        """Say that a video has sound to play; what failed before is tried again."""
        with self._lock:
            self._users += 1
            self._failed = False

    def give_back(self) -> None:
        """Say that a video is over; the last one closes the loudspeaker."""
        with self._lock:
            self._users -= 1
            if self._users <= 0:
                self._close_device()

    def close(self) -> None:
        """Close the loudspeaker until there is more to be heard."""
        # A driver that hangs in another thread must not keep the stage from ending.
        if self._lock.acquire(timeout=LONGEST_CLOSE_S):
            try:
                self._close_device()
            finally:
                self._lock.release()

    def _close_device(self) -> None:
        if self._device:
            sdl_library().SDL_CloseAudioDevice(self._device)
        self._device = 0

    def _open_device(self) -> bool:
        if self._device or self._failed:
            return bool(self._device)
        try:
            self._device = open_audio_device(SAMPLE_RATE, 2)
        except SdlError as error:
            self._failed = True
            log.warning("there is no sound: %s", error)
        return bool(self._device)


class _AudioSpec(ctypes.Structure):
    """The structure ``SDL_AudioSpec`` of SDL 2."""

    _fields_ = [
        ("frequency", ctypes.c_int), ("format", ctypes.c_uint16), ("channels", ctypes.c_uint8),
        ("silence", ctypes.c_uint8), ("samples", ctypes.c_uint16), ("padding", ctypes.c_uint16),
        ("size", ctypes.c_uint32), ("callback", ctypes.c_void_p), ("userdata", ctypes.c_void_p),
    ]  # fmt: skip


def open_audio_device(sample_rate: int, channels: int) -> int:
    """Open the loudspeaker for 16-bit samples, and return SDL's number of it.

    Raises:
        SdlError: there is none, or another program has it.
    """
    sdl = sdl_library()
    wanted = _AudioSpec(frequency=sample_rate, format=_S16, channels=channels, samples=1024)
    if sdl.SDL_InitSubSystem(_AUDIO) != 0 or not (
        device := sdl.SDL_OpenAudioDevice(None, 0, ctypes.byref(wanted), None, 0)
    ):
        raise SdlError(sdl.SDL_GetError().decode(errors="replace"))
    sdl.SDL_PauseAudioDevice(device, 0)
    return int(device)
