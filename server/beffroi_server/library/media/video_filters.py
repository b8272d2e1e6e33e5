"""Filters between the decoded frames of a video and those to encode: one graph for the film and for its still."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
from av.filter import Graph
from av.video.frame import VideoFrame
from PIL import Image

from beffroi_server.library.media import hdr_tones

LONG_SIDE, SHORT_SIDE = 1920, 1080
"""Pixels of a converted video at most."""
TIME_BASE = Fraction(1, 90_000)
SOUND_RATE = 48_000
_SOUND_FRAME = 1024
"""Samples of a frame of AAC."""
_ROTATION_FILTERS = {
    90: ("transpose", "cclock"),
    -90: ("transpose", "clock"),
    180: ("rotate", "PI"),
    -180: ("rotate", "PI"),
}
"""Filters by the degrees counter-clockwise that a frame is to be rotated by."""
_BT2020, _UNSPECIFIED = 9, 2
_WIDE_PRIMARIES = {_BT2020: "bt2020", 11: "smpte431", 12: "smpte432"}
"""Colour primaries beyond those of BT.709 (ITU-T H.273, table 2): BT.2020 and both kinds of P3."""
_MAX_PIXEL_ASPECT = 4
"""Width of a pixel by its height at most; more, or its inverse, is an error of the file."""


def fit_video_size(width: int, height: int) -> tuple[int, int]:
    """Return the size in pixels of a converted video: same shape, never enlarged, no larger than needed, even."""
    long, short = (width, height) if width >= height else (height, width)
    scale = min(1.0, LONG_SIDE / long, SHORT_SIDE / short)
    return max(16, round(width * scale / 2) * 2), max(16, round(height * scale / 2) * 2)


class FrameFilter:
    """Filter of decoded frames: deinterlaced, upright, with square pixels, in BT.709, and all of one size.

    The first frame decides the size. Frames of another shape are shown whole in it, between bars.

    Args:
        aspect: Width of a pixel by its height in the first frames.
    """

    def __init__(self, aspect: Fraction | None = None) -> None:
        self._aspect = aspect
        self._graph: Graph | None = None
        self._shape: tuple[Any, ...] = ()
        self.size: tuple[int, int] | None = None
        """Pixels of the filtered frames; None before the first."""
        self.shapes = 0
        """How often a new shape began."""

    def push(self, frame: VideoFrame, seconds: float, aspect: Fraction | None = None) -> Iterator[VideoFrame]:
        """Yield the frames that are ready once a frame was put in.

        Args:
            frame: A decoded frame; it is changed.
            seconds: Its instant; filtered frames have it as ``time``.
            aspect: Width of its pixels by their height as the decoder found it; None if it does not say.
        """
        yield from self._adapt_to_shape(frame, aspect)
        assert self._graph is not None
        frame.pts, frame.time_base = round(seconds / TIME_BASE), TIME_BASE
        self._graph.push(frame)
        yield from self._filtered()

    def flush(self) -> Iterator[VideoFrame]:
        """Yield the frames that are left in the filter."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._filtered()
            self._graph = None

    def adapt_size(self, frame: VideoFrame) -> None:
        """Let the filtered frames be as large as those of a film that begins with this frame."""
        self.size = fit_video_size(*_upright_size(frame, self._aspect))

    def _adapt_to_shape(self, frame: VideoFrame, aspect: Fraction | None) -> Iterator[VideoFrame]:
        _complete_hdr_colours(frame)
        shape = (frame.width, frame.height, frame.format.name, frame.rotation, frame.color_primaries, frame.color_trc)
        if self._graph is not None and shape == self._shape:
            return
        yield from self.flush()
        is_new_size = shape[:2] != self._shape[:2] or shape[3] != self._shape[3]
        if self._shape and is_new_size:
            self._aspect = aspect
        self._shape = shape
        self.shapes += is_new_size
        width, height = _upright_size(frame, self._aspect)
        if self.size is None:
            self.size = fit_video_size(width, height)
        self._graph = _filter_graph(frame, _inner_size(width, height, self.size), self.size)

    def _filtered(self) -> Iterator[VideoFrame]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(frame, VideoFrame)
            # The encoder would repeat the frame types of the original, and with them its key frames.
            frame.pict_type = 0
            yield frame


def still_image(frame: VideoFrame, filters: FrameFilter) -> Image.Image:
    """Return a decoded frame as the film shows it, in sRGB.

    Args:
        frame: A decoded frame; it is changed.
        filters: That of the film.
    """
    filtered = [*filters.push(frame, 0), *filters.flush()]
    return filtered[0].to_image()  # type: ignore[no-any-return,no-untyped-call]


def still_of_image(image: Image.Image) -> Image.Image:
    """Return a picture of an animation in RGB as the film shows it."""
    return still_image(VideoFrame.from_image(image), FrameFilter())  # type: ignore[no-untyped-call]


class SoundFilter:
    """Filter of decoded sound: stereo at 48 kHz, by its time stamps, with silence where nothing is heard."""

    def __init__(self) -> None:
        self._graph: Graph | None = None
        self._shape: tuple[Any, ...] = ()
        self.samples = 0
        """Samples given out."""

    def push(self, frame: Any, seconds: float) -> Iterator[Any]:
        """Yield the sound that is ready once a frame was put in; what is before the instant 0 is left out."""
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._graph is None or shape != self._shape:
            yield from self.flush()
            self._graph, self._shape = self._sound_graph(frame), shape
        frame.pts, frame.time_base = round(seconds / TIME_BASE), TIME_BASE
        self._graph.push(frame)
        yield from self._filtered()

    def flush(self) -> Iterator[Any]:
        """Yield the sound that is left in the filter."""
        if self._graph is not None:
            self._graph.push(None)
            yield from self._filtered()
            self._graph = None

    def _sound_graph(self, frame: Any) -> Graph:
        graph = Graph()
        graph.link_nodes(
            graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=TIME_BASE,
            ),
            graph.add("aresample", f"{SOUND_RATE}:async=1:first_pts={self.samples}"),
            graph.add("aformat", f"sample_fmts=fltp:sample_rates={SOUND_RATE}:channel_layouts=stereo"),
            graph.add("asetnsamples", f"n={_SOUND_FRAME}:p=0"),
            graph.add("abuffersink"),
        ).configure()
        return graph

    def _filtered(self) -> Iterator[Any]:
        assert self._graph is not None
        while True:
            try:
                frame = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            frame.pts, frame.time_base = self.samples, Fraction(1, SOUND_RATE)
            self.samples += frame.samples  # type: ignore[union-attr]
            yield frame


def _complete_hdr_colours(frame: VideoFrame) -> None:
    """Say which primaries a frame of high dynamic range has, where it does not: there is one usual kind."""
    if frame.color_trc in hdr_tones.TRANSFERS and frame.color_primaries == _UNSPECIFIED:
        frame.color_primaries = _BT2020


def _upright_size(frame: VideoFrame, aspect: Fraction | None) -> tuple[int, int]:
    """Return the size of a frame in square pixels, upright."""
    usable = aspect if aspect and Fraction(1, _MAX_PIXEL_ASPECT) <= aspect <= _MAX_PIXEL_ASPECT else Fraction(1)
    width, height = max(1, round(frame.width * usable)), frame.height
    return (height, width) if frame.rotation in (90, -90) else (width, height)


def _inner_size(width: int, height: int, box: tuple[int, int]) -> tuple[int, int]:
    """Return the size at which a picture is whole within a box, as large as it can be, even."""
    if fit_video_size(width, height) == box:
        return box
    scale = min(box[0] / width, box[1] / height)
    return tuple(min(side, max(2, round(old * scale / 2) * 2)) for old, side in zip((width, height), box, strict=True))  # type: ignore[return-value]


def _filter_graph(frame: VideoFrame, inner: tuple[int, int], size: tuple[int, int]) -> Graph:
    graph = Graph()
    steps: list[tuple[str, str]] = [("yadif", "deint=interlaced")]
    if frame.rotation in _ROTATION_FILTERS:
        steps.append(_ROTATION_FILTERS[frame.rotation])
    scale = f"{inner[0]}:{inner[1]}:out_range=tv:out_color_matrix=bt709"
    if frame.color_trc in hdr_tones.TRANSFERS:
        steps += _hdr_steps(frame, inner)
    else:
        steps.append(("scale", scale))
        if frame.color_primaries in _WIDE_PRIMARIES:
            steps += _gamut_steps(_WIDE_PRIMARIES[frame.color_primaries])
    if inner != size:
        steps.append(("pad", f"{size[0]}:{size[1]}:(ow-iw)/2:(oh-ih)/2"))
    steps += [("setsar", "1"), ("format", "yuv420p")]
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=TIME_BASE)
    nodes = [source, *(graph.add(name, options) for name, options in steps), graph.add("buffersink")]
    graph.link_nodes(*nodes).configure()
    return graph


def _hdr_steps(frame: VideoFrame, size: tuple[int, int]) -> list[tuple[str, str]]:
    """Return the filters that bring a high dynamic range to that of screens."""
    return [
        ("scale", f"{size[0]}:{size[1]}"),
        ("format", "gbrp10le"),
        ("lut3d", hdr_tones.lut_options(frame.color_primaries, frame.color_trc)),
        ("scale", "out_range=tv:out_color_matrix=bt709"),
        ("format", "yuv420p"),
        # Frames still say what they were.
        ("setparams", "color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"),
    ]


def _gamut_steps(primaries: str) -> list[tuple[str, str]]:
    """Return the filters that bring other primaries to those of BT.709. The curve stays: screens know one only."""
    return [
        ("format", "yuv420p10le"),
        (
            "colorspace",
            f"all=bt709:iprimaries={primaries}:itrc=bt709:ispace=bt709:irange=tv:range=tv:format=yuv420p10",
        ),
    ]
