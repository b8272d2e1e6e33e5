"""Odd videos as cameras and programs make them: streams, shapes and instants that are not the usual ones."""

from __future__ import annotations

import math
import tempfile
from array import array
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image

RATE = 25


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (64, 48), *, is_bt709: bool = False) -> av.VideoFrame:
    """Return a frame of one colour; in the matrix of BT.709, or in that of videos that name none."""
    frame = av.VideoFrame.from_image(Image.new("RGB", size, colour))
    return frame.reformat(format="yuv420p", dst_colorspace=1 if is_bt709 else None)


def grey_ramp(count: int, size: tuple[int, int] = (64, 48)) -> list[av.VideoFrame]:
    """Return frames of which each is a little lighter than the one before."""
    return [plain((10 + 220 * number // count,) * 3, size) for number in range(count)]


def odd_video(
    pictures: Sequence[tuple[Sequence[av.VideoFrame], dict[str, Any]]],
    *,
    container: str = "mp4",
    picture_s: float = 0.0,
    beeps: Iterable[tuple[float, float]] = (),
    sound_streams: int = 1,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return a video.

    Args:
        pictures: A stream of pictures each: its frames, and attributes of the stream such as ``codec``.
        container: Format.
        picture_s: Instant of the first picture.
        beeps: Sound, as instants of its beginnings and ends: a loud tone without a pause.
        sound_streams: How many times the sound is there.
        options: Of the container.
    """
    # A file that can be read again: some options move its parts at the end.
    with tempfile.NamedTemporaryFile() as file:
        _write_video(Path(file.name), pictures, container, picture_s, list(beeps), sound_streams, options or {})
        return Path(file.name).read_bytes()


def _write_video(
    path: Path,
    pictures: Sequence[tuple[Sequence[av.VideoFrame], dict[str, Any]]],
    container: str,
    picture_s: float,
    spans: list[tuple[float, float]],
    sound_streams: int,
    options: dict[str, str],
) -> None:
    with av.open(path, "w", format=container, options=options) as out:
        videos = [_video_stream(out, frames[0], dict(values)) for frames, values in pictures]
        codec = {"mp4": "aac", "mov": "aac", "matroska": "aac", "avi": "mp2"}.get(container, "mp2")
        sounds: list[Any] = [out.add_stream(codec, rate=48_000) for _ in range(sound_streams if spans else 0)]
        for number, (frames, _values) in enumerate(pictures):
            for position, frame in enumerate(frames):
                frame.pts, frame.time_base = position + round(picture_s * RATE), Fraction(1, RATE)
                out.mux(videos[number].encode(frame))
            out.mux(videos[number].encode(None))
        for sound in sounds:
            _add_beeps(out, sound, spans)


def _video_stream(out: Any, first: av.VideoFrame, values: dict[str, Any]) -> Any:
    made = out.add_stream(values.pop("codec", "libx264"), rate=RATE, options=values.pop("options", {}))
    made.width, made.height, made.pix_fmt = first.width, first.height, "yuv420p"
    disposition = values.pop("disposition", None)
    if disposition is not None:
        made.disposition = disposition
    for name, value in values.items():
        setattr(made.codec_context, name, value)
    return made


def _add_beeps(out: Any, sound: Any, spans: Sequence[tuple[float, float]]) -> None:
    size = 1024 if sound.codec_context.name == "aac" else 1152
    for begin, end in spans:
        for at in range(round(begin * 48_000), round(end * 48_000), size):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=size)
            frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
            tone = array("f", (0.5 * math.sin(2 * math.pi * 440 * n / 48_000) for n in range(at, at + size)))
            frame.planes[0].update(tone.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            resampled = av.AudioResampler(
                sound.codec_context.format or "fltp", sound.codec_context.layout or "mono", 48_000
            )
            for part in resampled.resample(frame):
                out.mux(sound.encode(part))
    out.mux(sound.encode(None))


def loud_spans(path: Any) -> list[tuple[float, float]]:
    """Return from when to when the sound of a video is loud, in seconds, to a fiftieth."""
    spans: list[tuple[float, float]] = []
    with av.open(path) as container:
        for frame in container.decode(audio=0):
            samples = memoryview(bytes(frame.planes[0])[: 4 * frame.samples]).cast("f")
            for start in range(0, frame.samples, 256):
                at = float(frame.time) + start / 48_000
                if max(map(abs, samples[start : start + 256]), default=0) < 0.1:
                    continue
                if spans and at - spans[-1][1] < 0.05:
                    spans[-1] = (spans[-1][0], at + 256 / 48_000)
                else:
                    spans.append((at, at + 256 / 48_000))
    return [(round(begin, 2), round(end, 2)) for begin, end in spans]


def frames_of(path: Any) -> list[Image.Image]:
    """Return the pictures of a video."""
    with av.open(path) as container:
        return [frame.to_image() for frame in container.decode(video=0)]
