"""Video sources: containers of uploaded videos, the streams to show of them, and their frames in order and in time."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Disposition
from av.video.frame import VideoFrame

MAX_PIXELS = 4096 * 2304
"""Pixels of an original at most."""
MAX_DURATION_S = 600
"""Seconds of a video at most."""
MAX_FRAMES_SEARCHED = 250
"""Frames that are decoded at most to find the one at an instant."""
MAX_LEAD_S = 60
"""Seconds by which sound may begin before the picture; more is an error of the file's time stamps."""
CONTAINER_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,ogg,flv,asf,mxf,mxf_opatom,dv"
_JUMP_S = 10
"""Seconds by which the clock of a transport stream may go on at once; more means that another clock begins."""
_STEP_BACK_S = 1
_NOT_SHOWN = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image | Disposition.dependent
"""Streams that are no videos: covers of music, thumbnails, and the tiles of an image."""
_FOR_FEW = Disposition.hearing_impaired | Disposition.visual_impaired | Disposition.comment | Disposition.descriptions
_CLOCKS_MAY_CHANGE = {"mpegts", "mpeg"}


class VideoRefused(Exception):
    """A video cannot be shown; the argument is the code of the reason."""


def open_container(path: Path) -> Any:
    """Return an opened container. Playlists and addresses are not accepted: they would name other files to read."""
    return av.open(path, options={"format_whitelist": CONTAINER_FORMATS, "protocol_whitelist": "file"})


def chosen_video(container: Any) -> Any:
    """Return the stream to show: the default one, of several the one with the most pixels.

    Raises:
        VideoRefused: there is no picture, or none that can be decoded.
    """
    candidates = _video_streams(container)
    readable = [stream for stream in candidates if stream.codec_context is not None]
    if not candidates:
        raise VideoRefused("no-picture")
    if not readable:
        raise VideoRefused("video-codec")
    return max(readable, key=lambda stream: (_is_default(stream), stream.width * stream.height))


def chosen_sound(container: Any) -> Any | None:
    """Return the stream to hear: the default one, and none made for a few; None where there is none."""
    readable = [stream for stream in container.streams.audio if stream.codec_context is not None]
    return max(readable, key=lambda stream: (not stream.disposition & _FOR_FEW, _is_default(stream)), default=None)


def streams_left_out(container: Any) -> list[dict[str, Any]]:
    """Return a warning for each kind of streams of which not all are shown."""
    pictures = len(_video_streams(container)) - 1
    sounds = len(container.streams.audio) - (chosen_sound(container) is not None)
    found: list[dict[str, Any]] = []
    if pictures > 0:
        found.append({"code": "streams-left-out", "count": pictures})
    if sounds > 0 and len(container.streams.audio) > 1:
        found.append({"code": "sound-left-out", "count": sounds})
    if container.streams.subtitles:
        found.append({"code": "subtitles-left-out"})
    return found


def duration_s(container: Any, stream: Any) -> float:
    """Return the length in seconds that the container states; 0 where it does not."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / av.time_base


def measured_duration_s(path: Path) -> float:
    """Return the length in seconds by the time stamps of all packets: recordings of browsers do not state it."""
    with open_container(path) as container:
        packets = ContinuousPackets(container, [chosen_video(container)])
        first: float | None = None
        last = 0.0
        for packet in packets:
            at = packet.pts if packet.pts is not None else packet.dts
            if at is not None:
                seconds = float(at * packet.time_base)
                first = seconds if first is None else min(first, seconds)
                last = max(last, seconds + float((packet.duration or 0) * packet.time_base))
        return last - first if first is not None else 0.0


def first_frame(path: Path) -> VideoFrame:
    """Return the first frame of the video to show.

    Raises:
        VideoRefused: no frame can be decoded.
    """
    return _frame_from(path, 0.0)


def frame_near(path: Path, seconds: float) -> VideoFrame:
    """Return the frame at an instant, or one near it where key frames are rare.

    Args:
        path: The video.
        seconds: The instant, from the beginning of the video.

    Raises:
        VideoRefused: no frame can be decoded.
    """
    try:
        return _frame_from(path, seconds)
    except VideoRefused:
        # Without an index, seeking may end where no key frame follows.
        return _frame_from(path, 0.0)


def _frame_from(path: Path, seconds: float) -> VideoFrame:
    with open_container(path) as container:
        stream = chosen_video(container)
        start = float((stream.start_time or 0) * (stream.time_base or 0))
        if seconds:
            with suppress(av.FFmpegError):
                container.seek(int((start + seconds) * av.time_base))
        found = None
        for found in itertools.islice(_decoded_frames(container, stream), MAX_FRAMES_SEARCHED):
            if not seconds or (found.time is not None and found.time >= start + seconds):
                break
    if found is None:
        raise VideoRefused("truncated")
    return found


def can_decode_sound(path: Path) -> bool:
    """Return whether the chosen sound of a video can be decoded."""
    with open_container(path) as container:
        sound = chosen_sound(container)
        for packet in itertools.islice(container.demux(sound), MAX_FRAMES_SEARCHED):
            with suppress(av.FFmpegError):
                if packet.decode():
                    return True
    return False


class ContinuousPackets:
    """Packets of some streams, on one clock: parts of transport streams that were joined have clocks of their own.

    Args:
        container: An opened container.
        streams: Those to read.
    """

    def __init__(self, container: Any, streams: list[Any]) -> None:
        self._container = container
        self._streams = streams
        self._checked = container.format.name in _CLOCKS_MAY_CHANGE
        self._offset = Fraction(0)
        self._expected: dict[int, Fraction] = {}

    def __iter__(self) -> Iterator[Any]:
        for packet in self._container.demux(self._streams):
            if self._checked and packet.dts is not None:
                self._move_to_clock(packet)
            yield packet

    def _move_to_clock(self, packet: Any) -> None:
        base = packet.time_base
        at = packet.dts * base + self._offset
        expected = self._expected.get(packet.stream.index)
        if expected is not None and not -_STEP_BACK_S < at - expected < _JUMP_S:
            self._offset += expected - at
            at = expected
        self._expected[packet.stream.index] = at + (packet.duration or 0) * base
        shift = int(self._offset / base)
        packet.dts += shift
        if packet.pts is not None:
            packet.pts += shift


@dataclass
class FrameTimes:
    """Instants of the decoded frames of a stream, in seconds from the origin, always rising.

    AVI notes when a frame is to be decoded, not when it is to be shown: frames leave the decoder in the order in which
    they are shown, so the n-th frame has the n-th of the sorted instants.
    """

    origin_s: float
    period_s: float
    is_sorted: bool
    _waiting: list[float] = field(default_factory=list)
    _last: float | None = None

    def note_packet(self, packet: Any) -> None:
        """Note the instant of a packet that is about to be decoded."""
        if self.is_sorted and packet.size and packet.dts is not None:
            heapq.heappush(self._waiting, float(packet.dts * packet.time_base))

    def seconds(self, frame: VideoFrame) -> float:
        """Return the instant of the next frame that the decoder gives."""
        at = heapq.heappop(self._waiting) if self._waiting else frame.time
        if at is not None:
            at -= self.origin_s
        if at is None or (self._last is not None and at <= self._last):
            at = 0.0 if self._last is None else self._last + self.period_s
        self._last = at
        return at


def frame_times(container: Any, stream: Any, sound: Any | None) -> FrameTimes:
    """Return the instants of a stream's frames, from where the picture begins, or the sound if that is first."""
    start = _start_s(stream)
    period = float(1 / (stream.average_rate or 30))
    if start is not None and sound is not None:
        sound_start = _start_s(sound)
        # A part of a frame is no delay, and not worth moving every picture for.
        if sound_start is not None and period < start - sound_start <= MAX_LEAD_S:
            start = sound_start
    return FrameTimes(start or 0.0, period, container.format.name == "avi")


def _start_s(stream: Any) -> float | None:
    return None if stream.start_time is None else float(stream.start_time * stream.time_base)


def _video_streams(container: Any) -> list[Any]:
    return [stream for stream in container.streams.video if not stream.disposition & _NOT_SHOWN]


def _is_default(stream: Any) -> bool:
    return bool(stream.disposition & Disposition.default)


def _decoded_frames(container: Any, stream: Any) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        with suppress(av.FFmpegError):
            yield from packet.decode()
