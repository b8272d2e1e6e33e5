"""Video converter, run as a confined process: ``python -m beffroi_server.library.media.video_process FOLDER``.

Reads ``original`` in the folder, a video or an animated image, and writes ``video``, a file that every player can
show, see ``video_encoder``.

Prints lines of JSON: ``{"progress": percent}`` while it works, at last the fields of ``ConvertedVideo`` or
``{"code": reason}``. Works without Django, with limits on memory and processor time.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.video.frame import VideoFrame
from PIL import Image

from beffroi_server.core import sandbox
from beffroi_server.library.media import animations, file_kinds, video_sources
from beffroi_server.library.media.video_encoder import VideoEncoder
from beffroi_server.library.media.video_filters import FrameFilter, SoundFilter, fit_video_size, still_image
from beffroi_server.library.media.video_sources import MAX_DURATION_S, MAX_PIXELS, VideoRefused, open_container

MEMORY_LIMIT = 3 * 1024 * 1024 * 1024
"""Bytes of address space."""
PROCESSOR_S = 4 * 3600
MISSING_SHARE, MISSING_S = 0.05, 1.0
"""Part of the length, and seconds at least, that may be missing at the end of a video before anything is said."""
MAX_LAST_FRAME_S = 10.0
"""Seconds for which the last frame is shown at most."""


@dataclass(frozen=True, slots=True)
class VideoProbe:
    """Length and still of an original video."""

    duration_ms: int
    still: Image.Image
    """A frame from its first third: the first is often black."""
    warnings: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ConvertedVideo:
    """What became of an original video."""

    duration_ms: int
    frame_rate: int
    has_sound: bool
    warnings: list[dict[str, Any]]


def is_video(path: Path) -> bool:
    """Return whether a file is a video."""
    try:
        with open_container(path) as container:
            video_sources.chosen_video(container)
            return True
    except (av.FFmpegError, ValueError, OSError, VideoRefused):
        return False


def probe_video(path: Path) -> VideoProbe:
    """Return length and still of a video.

    Raises:
        VideoRefused: it is no video, or too long, too large or damaged.
    """
    try:
        with open_container(path) as container:
            stream = video_sources.chosen_video(container)
            if stream.width * stream.height > MAX_PIXELS:
                raise VideoRefused("video-too-large")
            seconds, aspect = video_sources.duration_s(container, stream), stream.sample_aspect_ratio
            warnings = video_sources.streams_left_out(container)
        if not 0 < seconds <= MAX_DURATION_S:
            seconds = video_sources.measured_duration_s(path)
        if seconds > MAX_DURATION_S:
            raise VideoRefused("video-too-long")
        filters = FrameFilter(aspect)
        filters.adapt_size(video_sources.first_frame(path))
        still = still_image(video_sources.frame_near(path, seconds / 3), filters)
        return VideoProbe(round(seconds * 1000), still, warnings)
    except VideoRefused as error:
        if str(error) == "no-picture" and file_kinds.is_cut_off(path):
            raise VideoRefused("video-incomplete") from error
        raise
    except (av.FFmpegError, ValueError, OSError) as error:
        raise VideoRefused(_damage_code(path)) from error


def convert_video(source: Path, target: Path, on_progress: Callable[[int], None]) -> ConvertedVideo:
    """Convert a video or an animated image for players.

    Args:
        source: The original.
        target: The file to write.
        on_progress: Called with the percent that are done, when that number rises.

    Raises:
        VideoRefused: it cannot be read, or the disk is full (``sandbox.DISK_FULL``).
    """
    try:
        if file_kinds.kind_of_file(source) is file_kinds.FileKind.IMAGE:
            return _convert_animation(source, target, on_progress)
        has_sound = _has_sound(source)
        with open_container(source) as container:
            return _VideoConversion(container, on_progress, has_sound=has_sound).run(target)
    except (av.FFmpegError, ValueError, OSError) as error:
        is_full = getattr(error, "errno", None) == errno.ENOSPC
        raise VideoRefused(sandbox.DISK_FULL if is_full else _damage_code(source)) from error


def _damage_code(path: Path) -> str:
    return "video-incomplete" if file_kinds.is_cut_off(path) else "truncated"


def _has_sound(source: Path) -> bool | None:
    """Return whether a video has sound; None if it has some that cannot be decoded."""
    with open_container(source) as container:
        if not container.streams.audio:
            return False
        if video_sources.chosen_sound(container) is None:
            return None
    return video_sources.can_decode_sound(source) or None


def _convert_animation(source: Path, target: Path, on_progress: Callable[[int], None]) -> ConvertedVideo:
    progress = _Progress(on_progress)
    with Image.open(source) as image:
        durations = animations.frame_durations_ms(image)
        total_s, at = sum(durations) / 1000, 0.0
        filters = FrameFilter()
        with VideoEncoder(
            target, animations.frame_rate(durations), fit_video_size(*image.size), has_sound=False
        ) as encoder:
            for picture, duration_ms in animations.frames(image):
                frame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
                for filtered in filters.push(frame, at):
                    encoder.show(filtered, filtered.time or 0.0)
                at += duration_ms / 1000
                progress.report(at, total_s)
            for filtered in filters.flush():
                encoder.show(filtered, filtered.time or 0.0)
            encoder.finish(min(at, MAX_DURATION_S))
        return ConvertedVideo(round(encoder.duration_s * 1000), int(encoder.rate), has_sound=False, warnings=[])


class _Progress:
    """Reports percents when they rise."""

    def __init__(self, on_progress: Callable[[int], None]) -> None:
        self._on_progress = on_progress
        self._percent = -1

    def report(self, seconds: float, of_s: float) -> None:
        percent = max(0, min(99, int(100 * seconds / of_s))) if of_s else 0
        if percent > self._percent:
            self._percent = percent
            self._on_progress(percent)


class _VideoConversion:
    """One pass over a container: decode, filter, encode. Filters may return no frame or several for one."""

    def __init__(self, container: Any, on_progress: Callable[[int], None], *, has_sound: bool | None) -> None:
        self._stream = video_sources.chosen_video(container)
        self._stream.thread_type = "AUTO"
        self._sound = video_sources.chosen_sound(container) if has_sound else None
        self._warnings: list[dict[str, Any]] = [{"code": "sound-unreadable"}] if has_sound is None else []
        streams = [self._stream, *([self._sound] if self._sound else [])]
        self._packets = video_sources.ContinuousPackets(container, streams)
        self._times = video_sources.frame_times(container, self._stream, self._sound)
        self._stated_s = video_sources.duration_s(container, self._stream)
        self._progress = _Progress(on_progress)
        self._rate = _frame_rate(self._stream)
        self._filters, self._sound_filter = FrameFilter(self._stream.sample_aspect_ratio), SoundFilter()
        self._encoder: VideoEncoder | None = None
        self._early_sound: list[Any] = []
        """Sound from before the first frame, which decides the size of the video."""
        self._end_s = self._last_s = 0.0
        self._damaged = 0

    def run(self, target: Path) -> ConvertedVideo:
        with ExitStack() as self._opened:
            self._target = target
            for packet in self._packets:
                if not self._process_packet(packet):
                    break
            for filtered in self._filters.flush():
                self._show(filtered)
            if self._encoder is None:
                raise VideoRefused("truncated")
            for sound in self._sound_filter.flush():
                self._play(sound)
            self._encoder.finish(min(self._end_s, MAX_DURATION_S))
        self._note_warnings(self._encoder.duration_s)
        return ConvertedVideo(
            round(self._encoder.duration_s * 1000),
            int(self._rate),
            has_sound=self._sound is not None,
            warnings=self._warnings,
        )

    def _process_packet(self, packet: Any) -> bool:
        """Encode the frames of a packet; return False once the video is as long as it may be."""
        is_picture = packet.stream.index == self._stream.index
        if is_picture:
            self._times.note_packet(packet)
        try:
            frames = packet.decode()
        except av.FFmpegError:
            # A damaged packet costs its own frames only. Before the first frame, parts of others are usual.
            self._damaged += self._encoder is not None
            return True
        return all(self._process_picture(frame) if is_picture else self._process_sound(frame) for frame in frames)

    def _process_picture(self, frame: VideoFrame) -> bool:
        if frame.width * frame.height > MAX_PIXELS:
            raise VideoRefused("video-too-large")
        seconds = self._times.seconds(frame)
        if seconds >= MAX_DURATION_S:
            return False
        lasts = float((frame.duration or 0) * (frame.time_base or 0)) or self._times.period_s
        self._end_s = seconds + min(lasts, MAX_LAST_FRAME_S)
        self._progress.report(seconds, self._stated_s)
        for filtered in self._filters.push(frame, seconds, self._stream.codec_context.sample_aspect_ratio):
            self._show(filtered)
        return True

    def _show(self, frame: VideoFrame) -> None:
        if self._encoder is None:
            assert self._filters.size is not None
            encoder = VideoEncoder(self._target, self._rate, self._filters.size, has_sound=self._sound is not None)
            self._encoder = self._opened.enter_context(encoder)
            for sound in self._early_sound:
                self._encoder.play(sound)
            self._early_sound.clear()
        self._encoder.show(frame, frame.time or 0.0)

    def _process_sound(self, frame: Any) -> bool:
        seconds = self._last_s if frame.time is None else frame.time - self._times.origin_s
        self._last_s = seconds + frame.samples / frame.sample_rate
        if seconds < MAX_DURATION_S:
            for sound in self._sound_filter.push(frame, seconds):
                self._play(sound)
        return True

    def _play(self, sound: Any) -> None:
        if self._encoder is None:
            self._early_sound.append(sound)
        else:
            self._encoder.play(sound)

    def _note_warnings(self, made_s: float) -> None:
        stated = min(self._stated_s, MAX_DURATION_S)
        # Some containers state the length of the longest stream only.
        if stated - max(made_s, self._last_s) > max(MISSING_S, MISSING_SHARE * stated):
            self._warnings.append({"code": "video-cut-short", "shown": int(made_s), "of": round(stated)})
        if self._damaged:
            self._warnings.append({"code": "frames-unreadable", "count": self._damaged})
        if self._filters.shapes > 1:
            self._warnings.append({"code": "shape-changes"})
        if self._last_s - made_s > MISSING_S and self._last_s:
            self._warnings.append({"code": "sound-cut"})


def _frame_rate(stream: Any) -> Fraction:
    """Return the frame rate to encode: 25 for originals of 12.5, 24, 25, 50 or 100 frames a second, otherwise 30."""
    rate = float(stream.average_rate or 30)
    is_european = any(abs(rate - known) < 0.2 for known in (12.5, 23.976, 24, 25, 50, 100))
    return Fraction(25 if is_european else 30)


def convert_folder(folder: Path) -> dict[str, Any]:
    """Convert the original in a folder; return the fields of ``ConvertedVideo``, or ``{"code": reason}``."""
    try:
        made = convert_video(folder / "original", folder / "video", lambda done: _print_line({"progress": done}))
    except VideoRefused as error:
        return {"code": str(error)}
    except MemoryError:
        return {"code": "too-complex"}
    return asdict(made)


def _print_line(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    # Nothing is written elsewhere.
    tempfile.tempdir = sys.argv[1]
    os.nice(10)
    sandbox.confine_process(MEMORY_LIMIT, PROCESSOR_S, Path(sys.argv[1]))
    _print_line(convert_folder(Path(sys.argv[1])))
