"""Audio of videos, kept in step with the wall clock as their frames are.

Frames and sound are decoded apart, by two threads from two open files, and never talk to each other. Both follow the
wall clock: a frame is shown at its position in the video; sound has to be handed to the device some time before it is
heard. So the position of each chunk is compared with the position that the video will have when the device gets to it,
which is now plus what waits in the queue. If the chunk is too early, silence is queued first; if it is too late, it is
left out. Within the tolerance it is queued as it is: a correction at every chunk would be heard as crackling.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from beffroi_player.outputs.audio_device import FRAME_BYTES, SAMPLE_RATE
from beffroi_player.stage.video.container_files import discard_other_streams, open_container

log = logging.getLogger(__name__)

QUEUE_S = 0.25
"""Sound in the queue: more than the longest delay of the thread, less than anybody notices when it is cut off."""
SYNC_TOLERANCE_S = 0.06
"""Largest distance between sound and frames (Rec. ITU-R BT.1359-1: noticed from 45 ms early and 125 ms late)."""
CLOCK_JUMP_S = 1.0
"""A change of the position from one step to the next that playback cannot explain: the clock was set."""
MUTED_S = 0.2
"""How often a muted video asks whether it may be heard again."""


class AudioSink(Protocol):
    """Takes sound to play: 16-bit stereo at 48 kHz."""

    def queue_audio(self, sound: bytes) -> None:
        """Play this after what is queued."""

    def queued_s(self) -> float:
        """Return the seconds of sound that are queued."""

    def clear_queue(self) -> None:
        """Drop what is queued."""

    @property
    def is_muted(self) -> bool:
        """Whether an alert may be heard now: videos are silent, and nobody holds the loudspeaker."""

    def take(self) -> None:
        """Say that a video has sound to play."""

    def give_back(self) -> None:
        """Say that it has no more."""

    def close(self) -> None:
        """Close the loudspeaker until there is more to be heard."""


class AudioChunk(NamedTuple):
    """Some sound and its position, in seconds from the beginning of the first run of the video."""

    position_s: float
    sound: bytes

    @property
    def duration_s(self) -> float:
        """Its length in seconds."""
        return len(self.sound) / (SAMPLE_RATE * FRAME_BYTES)


class AudioSource(Protocol):
    """A video with sound."""

    def position_s(self) -> float | None:
        """Return the present position in seconds; None while it has not begun."""

    def chunks_from(self, position_s: float) -> Iterator[AudioChunk]:
        """Yield the sound from a position on, without end; nothing if the video has none."""


class AudioTrack:
    """Queues the sound of a video in step with its frames; see the head of this module.

    Args:
        source: The video.
        sink: Plays it.
    """

    def __init__(self, source: AudioSource, sink: AudioSink) -> None:
        self._source, self._sink = source, sink
        self._chunks: Iterator[AudioChunk] | None = None
        self._next: AudioChunk | None = None
        self._last_position_s = 0.0

    def queue_due(self) -> float | None:
        """Queue what is due; return the seconds until more is, or None if there is no sound."""
        position = self._source.position_s()
        if position is None:
            return SYNC_TOLERANCE_S
        if self._chunks is None or abs(position - self._last_position_s) > CLOCK_JUMP_S:
            self._chunks, self._next = self._source.chunks_from(position), None
        self._last_position_s = position
        while (waiting := self._sink.queued_s()) < QUEUE_S:
            chunk = self._next or next(self._chunks, None)
            if chunk is None:
                return None
            self._next = None
            # The device gets to this chunk when everything that waits has been played.
            early = chunk.position_s - (position + waiting)
            if early < -SYNC_TOLERANCE_S:
                continue
            if early > SYNC_TOLERANCE_S:
                self._next = chunk
                self._sink.queue_audio(bytes(FRAME_BYTES * round(SAMPLE_RATE * min(early, QUEUE_S))))
            else:
                self._sink.queue_audio(chunk.sound)
        return (waiting - QUEUE_S) + QUEUE_S / 2


class AudioThread:
    """Plays an audio track in a thread."""

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
        self._sink.take()
        try:
            while not self._closed.is_set() and (pause := self._queue_due()) is not None:
                self._closed.wait(max(0.01, pause))
        except Exception as error:  # noqa: BLE001 - whatever a file does to a decoder, the frames go on
            log.warning("a video has no sound: %s: %s", type(error).__name__, error)
        if self._closed.is_set():
            self._sink.clear_queue()
        self._sink.give_back()

    def _queue_due(self) -> float | None:
        if not self._sink.is_muted:
            return self._track.queue_due()
        self._sink.close()
        return MUTED_S


def audio_chunks(path: Path, position_s: float) -> Iterator[AudioChunk]:
    """Yield the sound of a video file from a position in seconds on, and then again and again from its beginning.

    A run is as long as the video stream: longer sound is cut off, so that each run begins with the first frame.
    """
    with open_container(path) as container:
        if not container.streams.audio or not container.streams.video:
            return
        stream, video = container.streams.audio[0], container.streams.video[0]
        discard_other_streams(container, stream)
        duration = float((video.duration or 0) * (video.time_base or 0))
        run = int(position_s // duration)
        container.seek(int(position_s % duration * 1_000_000))
        while True:
            empty = True
            for at_s, sound in _decode_audio(container, stream):
                if at_s >= duration:
                    break
                empty = False
                yield AudioChunk(run * duration + at_s, sound)
            if empty and position_s == 0:
                return
            position_s = 0
            run += 1
            container.seek(0)


def _decode_audio(container: Any, stream: Any) -> Iterator[tuple[float, bytes]]:
    from av import AudioResampler  # noqa: PLC0415 - a player that plays no video does without 60 MB

    resampler = AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE)
    for frame in container.decode(stream):
        at_s = frame.time or 0.0
        for made in resampler.resample(frame):
            yield at_s, bytes(made.planes[0])[: made.samples * FRAME_BYTES]
            at_s += made.samples / SAMPLE_RATE
