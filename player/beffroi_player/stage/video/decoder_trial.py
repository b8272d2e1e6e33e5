"""Trial of a hardware video decoder: ``python -m beffroi_player.stage.video.decoder_trial NAME``.

It encodes a short video, decodes it with the hardware and with the processor, twice in a row as in a loop, and compares
the frames and their order. The driver may hang: ``decoder_trial_process`` kills this process after a time.
"""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

SIZE = (1920, 1080)
"""Width and height of the video: drivers are known to hang at this size, and not below."""
FRAMES, RATE, GROUP = 30, 30, 15
PASSES = 2
MAX_WITHHELD = 20
"""Frames that a decoder may keep back at the end, in its buffers."""
COMPARED_SIZE = (480, 270)
"""Size at which frames are compared: all of them at their own would need 200 MB."""
MIN_PSNR_DB = 40.0
"""Least peak signal-to-noise ratio in decibels; below 40, people begin to see a difference."""


class DecodedFrame(NamedTuple):
    """A decoded frame."""

    instant_s: Fraction
    """Seconds from the beginning."""
    image: Any
    """A ``PIL.Image.Image``."""


def compare_frames(expected: Iterator[DecodedFrame], found: Iterator[DecodedFrame]) -> str:
    """Compare the frames of two decoders; return what is wrong with the second, or nothing."""
    missing = 0
    for number, (one, other) in enumerate(zip_longest(expected, found)):
        if one is None:
            break
        if other is None:
            missing += 1
        elif one.instant_s != other.instant_s:
            return f"frame {number} is not the one of its instant"
        elif one.image.size != other.image.size or (ratio := image_psnr(one.image, other.image)) < MIN_PSNR_DB:
            return f"frame {number} looks different ({ratio:.0f} dB)"
    return f"{missing} frames are missing" if missing > MAX_WITHHELD else ""


def image_psnr(one: Any, other: Any) -> float:
    """Return the peak signal-to-noise ratio of two images in decibels; infinite if they are equal."""
    from PIL import ImageChops, ImageStat  # noqa: PLC0415

    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / (len(squares) * one.width * one.height)
    return 10 * math.log10(255**2 / mean) if mean else math.inf


def decoded_frames(video: bytes, opener: Callable[[Any], Any]) -> Iterator[DecodedFrame]:
    """Yield the frames that a decoder makes of a video in a loop."""
    import av  # noqa: PLC0415

    with av.open(io.BytesIO(video)) as opened:
        container: Any = opened
        stream = container.streams.video[0]
        decoder = opener(stream)
        for run in range(PASSES):
            for packet in container.demux(stream):
                if packet.size and packet.pts is not None and packet.dts is not None:
                    packet.pts, packet.dts = packet.pts + run * stream.duration, packet.dts + run * stream.duration
                    for frame in decoder.decode_packet(packet):
                        small = frame.reformat(*COMPARED_SIZE, format="rgb24", src_colorspace="ITU709")
                        yield DecodedFrame(frame.pts * stream.time_base, small.to_image())
            container.seek(0)


def trial_video(size: tuple[int, int] = SIZE) -> bytes:
    """Return a short MP4 with the features of H.264 that the videos of the library use."""
    import av  # noqa: PLC0415
    from PIL import Image, ImageDraw  # noqa: PLC0415

    buffer = io.BytesIO()
    options = {"preset": "ultrafast", "profile": "high", "level": "4.1", "threads": "1"}
    options["x264-params"] = f"keyint={GROUP}:open-gop=0:bframes=2:b-adapt=0:cabac=1:8x8dct=1:deblock=0,0"
    ground = Image.merge("RGB", [Image.linear_gradient("L").resize(size).rotate(turn) for turn in (0, 90, 180)])
    with av.open(buffer, "w", format="mp4") as out:
        stream: Any = out.add_stream("libx264", rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(FRAMES):
            image = ground.copy()
            left, top = number * size[0] // FRAMES, size[1] // 10
            area = left, top, left + size[0] // 10, size[1] - top
            ImageDraw.Draw(image).rectangle(area, fill=(8 * number, 200, 40))
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def run_trial(name: str, size: tuple[int, int] = SIZE) -> str:
    """Try a decoder with a video of a size in pixels; return what is wrong with it, or nothing."""
    from beffroi_player.stage.video.decoders import FfmpegDecoder  # noqa: PLC0415

    video = trial_video(size)
    try:
        return compare_frames(
            decoded_frames(video, FfmpegDecoder), decoded_frames(video, lambda stream: FfmpegDecoder(stream, name))
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the processor decodes
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    os.nice(10)
    with suppress(OSError):
        # If memory runs out, the kernel shall end the trial and not the stage.
        Path("/proc/self/oom_score_adj").write_text("500")
    print(json.dumps({"why": run_trial(sys.argv[1])}), flush=True)
