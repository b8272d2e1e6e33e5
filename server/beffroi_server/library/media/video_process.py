"""Video converter, run as a confined process: ``python -m beffroi_server.library.media.video_process FOLDER``.

Reads ``original`` in the folder and writes ``video``, a file that every player can show:

- H.264 High profile, level 4.1 (ITU-T H.264, table A-1), BT.709, 8 bit 4:2:0, at most 10 Mbit/s;
- at most 1920 × 1080 pixels, or 1080 × 1920; 25 or 30 frames a second;
- a key frame every two seconds at least, closed groups of pictures, so that a player can start anywhere;
- sound as AAC at 48 kHz; the index at the front of the MP4 file.

Prints lines of JSON: ``{"progress": percent}`` while it works, at last ``{"duration_ms": n}`` or ``{"code": reason}``.
Works without Django, with limits on memory and processor time.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.filter import Graph
from av.video.frame import VideoFrame
from PIL import Image

from beffroi_server.core import sandbox

MEMORY_LIMIT = 3 * 1024 * 1024 * 1024
"""Bytes of address space."""
PROCESSOR_S = 4 * 3600
LONG_SIDE, SHORT_SIDE = 1920, 1080
"""Pixels of a converted video at most."""
MAX_PIXELS = 4096 * 2304
"""Pixels of an original at most."""
MAX_DURATION_S = 600
"""Seconds of a video at most."""
MAX_FRAMES_SEARCHED = 250
"""Frames that are decoded at most to find the one at an instant."""
CONTAINER_FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv,asf"
KEYFRAME_INTERVAL_S = 2
BIT_RATE = 10_000_000
ENCODER_THREADS = 2
_ROTATION_FILTERS = {
    90: ("transpose", "cclock"),
    -90: ("transpose", "clock"),
    180: ("rotate", "PI"),
    -180: ("rotate", "PI"),
}
"""Filters by the degrees counter-clockwise that a frame is to be rotated by."""
_HDR_TRANSFERS = {16, 18}
"""Transfer characteristics with a high dynamic range (ITU-T H.273, table 3): PQ and HLG."""


class VideoRefused(Exception):
    """A video cannot be shown; the argument is the code of the reason."""


@dataclass(frozen=True, slots=True)
class VideoProbe:
    """Length and still of an original video."""

    duration_ms: int
    still: Image.Image
    """A frame from its first third: the first is often black."""


def is_video(path: Path) -> bool:
    """Return whether a file is a video."""
    try:
        with _open_container(path) as container:
            return any(not _is_cover_art(stream) for stream in container.streams.video)
    except (av.FFmpegError, ValueError, OSError):
        return False


def probe_video(path: Path) -> VideoProbe:
    """Return length and still of a video.

    Raises:
        VideoRefused: it is too long, too large or damaged.
    """
    try:
        with _open_container(path) as container:
            stream = _first_video_stream(container)
            if stream.width * stream.height > MAX_PIXELS:
                raise VideoRefused("video-too-large")
            seconds = _duration_s(container, stream)
            if seconds > MAX_DURATION_S:
                raise VideoRefused("video-too-long")
            frame = _frame_at(container, stream, seconds / 3)
            return VideoProbe(round(seconds * 1000), _upright_image(frame))
    except (av.FFmpegError, ValueError, OSError) as error:
        raise VideoRefused("truncated") from error


def convert_video(source: Path, target: Path, on_progress: Callable[[int], None]) -> int:
    """Convert a video for players, and return its length in milliseconds.

    Args:
        source: The original.
        target: The file to write.
        on_progress: Called with the percent that are done, when that number rises.

    Raises:
        VideoRefused: it cannot be read, or the disk is full (``sandbox.DISK_FULL``).
    """
    try:
        with _open_container(source) as container:
            # Telephones note the rotation with each frame, not with the stream.
            first = _frame_at(container, _first_video_stream(container), 0)
        with _open_container(source) as container:
            return _VideoConversion(container, first, on_progress).run(target)
    except (av.FFmpegError, ValueError, OSError) as error:
        is_full = getattr(error, "errno", None) == errno.ENOSPC
        raise VideoRefused(sandbox.DISK_FULL if is_full else "truncated") from error


def fit_video_size(width: int, height: int) -> tuple[int, int]:
    """Return the size in pixels of a converted video: same shape, never enlarged, no larger than needed, even."""
    long, short = (width, height) if width >= height else (height, width)
    scale = min(1.0, LONG_SIDE / long, SHORT_SIDE / short)
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)


class _VideoConversion:
    """One pass over a container: decode, filter, encode.

    Frames go through a filter graph that deinterlaces, rotates, scales and resamples to a constant frame rate. It may
    return no frame or several for one, so the encoder is fed from the far end of the graph, and both are flushed at
    the end.
    """

    def __init__(self, container: Any, first: VideoFrame, on_progress: Callable[[int], None]) -> None:
        self._container = container
        self._stream = _first_video_stream(container)
        self._stream.thread_type = "AUTO"
        self._seconds = _duration_s(container, self._stream)
        self._on_progress = on_progress
        self._percent = -1
        self._rate = _frame_rate(self._stream)
        self._graph, self._size = _filter_graph(first, self._stream, self._rate)
        self._first: int | None = None
        self._frames = 0

    def run(self, target: Path) -> int:
        with av.open(target, "w", format="mp4", options={"movflags": "+faststart"}) as out:
            self._out = out
            self._video = self._video_stream()
            sound = next(iter(self._container.streams.audio), None)
            self._audio: Any = out.add_stream("aac", rate=48_000, layout="stereo", bit_rate=128_000) if sound else None
            for packet in self._container.demux([self._stream, *([sound] if sound else [])]):
                if not self._process_packet(packet):
                    break
            self._flush_encoders()
        if self._frames == 0:
            raise VideoRefused("truncated")
        return int(self._frames * 1000 / self._rate)

    def _process_packet(self, packet: Any) -> bool:
        """Encode the frames of a packet; return False once the video is as long as it may be."""
        # A damaged packet costs its own frames only.
        with suppress(av.error.InvalidDataError):
            for frame in packet.decode():
                if isinstance(frame, VideoFrame):
                    if not self._process_frame(frame):
                        return False
                elif self._audio is not None:
                    frame.pts = None
                    self._out.mux(self._audio.encode(frame))
        return True

    def _process_frame(self, frame: VideoFrame) -> bool:
        if frame.pts is None:
            return True
        # The graph counts time from the first frame: containers may begin anywhere.
        self._first = frame.pts if self._first is None else self._first
        frame.pts -= self._first
        seconds = float(frame.pts * (frame.time_base or Fraction(1, 1000)))
        if seconds >= MAX_DURATION_S:
            return False
        self._report_progress(seconds)
        self._graph.push(frame)
        self._encode_filtered()
        return True

    def _video_stream(self) -> Any:
        keep = int(self._rate * KEYFRAME_INTERVAL_S)
        options = {
            "preset": "veryfast", "profile": "high", "level": "4.1", "crf": "20", "maxrate": str(BIT_RATE),
            "bufsize": str(2 * BIT_RATE), "threads": str(ENCODER_THREADS),
            # CAVLC instead of CABAC: a tenth more bytes, and a quarter to a half less work for every player's
            # processor, at each showing.
            "x264-params": f"keyint={keep}:open-gop=0:cabac=0:colorprim=bt709:transfer=bt709:colormatrix=bt709",
        }  # fmt: skip
        video = self._out.add_stream("libx264", rate=self._rate, options=options)
        video.width, video.height = self._size
        video.pix_fmt = "yuv420p"
        return video

    def _encode_filtered(self) -> None:
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, VideoFrame)
            # The encoder would repeat the frame types of the original, and with them its key frames.
            frame.pict_type = 0
            self._frames += 1
            self._out.mux(self._video.encode(frame))

    def _flush_encoders(self) -> None:
        self._graph.push(None)
        self._encode_filtered()
        self._out.mux(self._video.encode(None))
        if self._audio is not None:
            self._out.mux(self._audio.encode(None))

    def _report_progress(self, seconds: float) -> None:
        percent = min(99, int(100 * seconds / self._seconds)) if self._seconds else 0
        if percent > self._percent:
            self._percent = percent
            self._on_progress(percent)


def _filter_graph(frame: VideoFrame, stream: Any, rate: Fraction) -> tuple[Graph, tuple[int, int]]:
    """Return the filter graph from decoded frames to those to encode, and the size of these in pixels."""
    graph = Graph()
    aspect = stream.sample_aspect_ratio or Fraction(1)
    width, height = max(1, round(frame.width * aspect)), frame.height
    steps: list[tuple[str, str]] = [("yadif", "deint=interlaced")]
    if frame.rotation in _ROTATION_FILTERS:
        steps.append(_ROTATION_FILTERS[frame.rotation])
    if frame.rotation in (90, -90):
        width, height = height, width
    size = fit_video_size(width, height)
    scale = f"{size[0]}:{size[1]}:out_range=tv:out_color_matrix=bt709"
    if getattr(frame, "color_trc", None) in _HDR_TRANSFERS:
        scale += ":out_primaries=bt709:out_transfer=bt709"
    steps += [("scale", scale), ("setsar", "1"), ("fps", f"{rate}"), ("format", "yuv420p")]
    source = graph.add_buffer(template=stream, format=frame.format)
    nodes = [source, *(graph.add(name, options) for name, options in steps), graph.add("buffersink")]
    graph.link_nodes(*nodes).configure()
    return graph, size


def _open_container(path: Path) -> Any:
    """Return an opened container. Playlists and addresses are not accepted: they would name other files to read."""
    return av.open(path, options={"format_whitelist": CONTAINER_FORMATS, "protocol_whitelist": "file"})


def _first_video_stream(container: Any) -> Any:
    for stream in container.streams.video:
        if not _is_cover_art(stream):
            return stream
    raise VideoRefused("not-an-image")


def _is_cover_art(stream: Any) -> bool:
    """Return whether a stream is the cover image of a piece of music."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _duration_s(container: Any, stream: Any) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return float(container.duration or 0) / av.time_base


def _frame_rate(stream: Any) -> Fraction:
    """Return the frame rate to encode: 25 for originals of 12.5, 24, 25, 50 or 100 frames a second, otherwise 30."""
    rate = float(stream.average_rate or 30)
    is_european = any(abs(rate - known) < 0.2 for known in (12.5, 23.976, 24, 25, 50, 100))
    return Fraction(25 if is_european else 30)


def _frame_at(container: Any, stream: Any, seconds: float) -> VideoFrame:
    if seconds:
        with suppress(av.FFmpegError):
            container.seek(int(seconds * av.time_base))
    found = None
    # Seeking ends at a key frame before that instant; where key frames are rare, the frame may be far from it.
    for found in itertools.islice(_decoded_frames(container, stream), MAX_FRAMES_SEARCHED):
        if found.time is not None and found.time >= seconds:
            break
    if found is None:
        raise VideoRefused("truncated")
    return found


def _decoded_frames(container: Any, stream: Any) -> Iterator[VideoFrame]:
    for packet in container.demux(stream):
        with suppress(av.error.InvalidDataError):
            yield from packet.decode()


def _upright_image(frame: VideoFrame) -> Image.Image:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    turned = image.rotate(frame.rotation, expand=True) if frame.rotation else image
    return (
        turned.resize(fit_video_size(*turned.size), Image.Resampling.LANCZOS)
        if max(turned.size) > LONG_SIDE
        else turned
    )


def convert_folder(folder: Path) -> dict[str, Any]:
    """Convert the original in a folder; return ``{"duration_ms": n}``, or ``{"code": reason}``."""
    try:
        duration_ms = convert_video(folder / "original", folder / "video", lambda done: _print_line({"progress": done}))
    except VideoRefused as error:
        return {"code": str(error)}
    except MemoryError:
        return {"code": "too-complex"}
    return {"duration_ms": duration_ms}


def _print_line(values: dict[str, Any]) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    os.nice(10)
    sandbox.confine_process(MEMORY_LIMIT, PROCESSOR_S)
    _print_line(convert_folder(Path(sys.argv[1])))
