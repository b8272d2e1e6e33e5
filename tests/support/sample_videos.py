"""Small films, made for a test: a white square walks over a coloured ground."""

from __future__ import annotations

import io
import math
import struct
from array import array
from typing import Any

import av
from PIL import Image, ImageDraw


def sample_video(
    size: tuple[int, int] = (320, 180),
    rate: int = 30,
    seconds: float = 1.0,
    *,
    codec: str = "libx264",
    container: str = "mp4",
    sound: bool | int = False,
    sound_seconds: float | None = None,
    colours: tuple[str, ...] = ("#204060",),
    **options: str,
) -> bytes:
    """Return a film; it goes through the colours of its ground, each for the same time.

    ``sound`` is silence, or a tone of so many hertz in the first half of each second; as long as the film if nothing
    else is said.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        video: Any = out.add_stream(codec, rate=rate, options=options)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio: Any = out.add_stream("aac" if container == "mp4" else "libopus", rate=48_000) if sound else None
        count = round(rate * seconds)
        for number in range(count):
            frame = av.VideoFrame.from_image(_picture(size, colours[number * len(colours) // count], number))
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None:
            _add_sound(out, audio, sound_seconds or seconds, 0 if sound is True else sound)
    return buffer.getvalue()


def with_quarter_turn(content: bytes) -> bytes:
    """Return an MP4 film as a telephone held upright makes it: lying pixels, and the word to turn them clockwise."""
    changed = bytearray(content)
    header = changed.find(b"tkhd")
    matrix = header + 4 + (40 if changed[header + 4] == 0 else 52)
    changed[matrix : matrix + 36] = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0x10000 * 180, 0, 0x40000000)
    return bytes(changed)


def _picture(size: tuple[int, int], colour: str, number: int) -> Image.Image:
    image = Image.new("RGB", size, colour)
    left = number * 4 % size[0]
    ImageDraw.Draw(image).rectangle((left, 10, left + 30, 40), fill="white")
    return image


def _add_sound(out: Any, audio: Any, seconds: float, hertz: int) -> None:
    for number in range(round(48_000 * seconds / 1024)):
        frame = av.AudioFrame(format="fltp", layout=audio.layout.name, samples=1024)
        frame.sample_rate, frame.pts = 48_000, number * 1024
        instants = range(number * 1024, (number + 1) * 1024)
        wave = [0.5 * math.sin(2 * math.pi * hertz * at / 48_000) * (at % 48_000 < 24_000) for at in instants]
        for plane in frame.planes:
            plane.update(array("f", wave).tobytes().ljust(plane.buffer_size, b"\0"))
        out.mux(audio.encode(frame))
    out.mux(audio.encode(None))
