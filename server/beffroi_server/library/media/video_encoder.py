"""Encoder of videos for players: frames at any instants become a file with a constant frame rate.

- H.264 High profile, level 4.1 (ITU-T H.264, table A-1), BT.709, 8 bit 4:2:0, at most 10 Mbit/s;
- at most 1920 × 1080 pixels, or 1080 × 1920; 25 or 30 frames a second;
- a key frame every two seconds at least, closed groups of pictures, so that a player can start anywhere;
- sound as AAC at 48 kHz; the index at the front of the MP4 file.
"""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
from av.video.frame import VideoFrame

from beffroi_server.library.media.video_filters import SOUND_RATE

KEYFRAME_INTERVAL_S = 2
BIT_RATE = 10_000_000
ENCODER_THREADS = 2


class VideoEncoder:
    """Writer of one video file, to be used as a context.

    A frame is shown until the next one: it is repeated where there are too few, and left out where there are too many.

    Args:
        target: The file to write.
        rate: Frames a second.
        size: Pixels.
        has_sound: Whether there will be sound.
    """

    def __init__(self, target: Path, rate: Fraction, size: tuple[int, int], *, has_sound: bool) -> None:
        self._out = av.open(target, "w", format="mp4", options={"movflags": "+faststart"})
        self.rate = rate
        """Frames a second."""
        self._video: Any = self._video_stream(size)
        self._audio: Any = (
            self._out.add_stream("aac", rate=SOUND_RATE, layout="stereo", bit_rate=128_000) if has_sound else None
        )
        self._shown: VideoFrame | None = None
        self._frames = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._out.close()

    @property
    def duration_s(self) -> float:
        """Seconds of picture written."""
        return float(self._frames / self.rate)

    def show(self, frame: VideoFrame, seconds: float) -> None:
        """Show a frame from an instant on; the first is shown from the beginning."""
        if self._shown is not None:
            self._repeat_until(seconds)
        self._shown = frame

    def play(self, sound: Any) -> None:
        """Append sound."""
        self._out.mux(self._audio.encode(sound))

    def finish(self, seconds: float) -> None:
        """End the video at an instant; the last frame is shown once at least."""
        if self._shown is not None:
            self._repeat_until(max(seconds, float((self._frames + 1) / self.rate)))
        self._out.mux(self._video.encode(None))
        if self._audio is not None:
            self._out.mux(self._audio.encode(None))

    def _repeat_until(self, seconds: float) -> None:
        assert self._shown is not None
        for number in range(self._frames, math.floor(seconds * self.rate + Fraction(1, 2))):
            self._shown.pts, self._shown.time_base = number, 1 / self.rate
            self._out.mux(self._video.encode(self._shown))
            self._frames = number + 1

    def _video_stream(self, size: tuple[int, int]) -> Any:
        keep = int(self.rate * KEYFRAME_INTERVAL_S)
        options = {
            "preset": "veryfast", "profile": "high", "level": "4.1", "crf": "20", "maxrate": str(BIT_RATE),
            "bufsize": str(2 * BIT_RATE), "threads": str(ENCODER_THREADS),
            # CAVLC instead of CABAC: a tenth more bytes, and a quarter to a half less work for every player's
            # processor, at each showing.
            "x264-params": f"keyint={keep}:open-gop=0:cabac=0:colorprim=bt709:transfer=bt709:colormatrix=bt709",
        }  # fmt: skip
        video = self._out.add_stream("libx264", rate=self.rate, options=options)
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        return video
