"""Decoder of one video, in a thread that decodes ahead: the frame loop takes the frame that is due and never waits.

The wall clock is the master. The frame loop asks for the frame of a position, which is the time since the showing
began; the decoder has to keep up. Frames that are too late are dropped. Where decoding falls behind by more than a
group of pictures, or the clock was set, it seeks to the position where it should be.

A video that is shown in a loop is decoded as one endless stream: after its last packet the first one follows, with
time stamps that go on (``run`` times the duration is added). So the decoder is never drained at the end of a run, which
would cost the pause that a decoder makes before it gives its first frame.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from beffroi_content.model import ImageFit
from beffroi_player.outputs.drawing.composition import Area, YuvFrame
from beffroi_player.stage.video.container_files import discard_other_streams, open_container
from beffroi_player.stage.video.decoders import FfmpegDecoder, PacketDecoder, UndecodablePacket
from beffroi_player.state.directories import Size

log = logging.getLogger(__name__)

QUEUE_LENGTH = 6
"""Decoded frames that wait, of 3 MB each at 1920 x 1080 pixels: they bridge the longest delay of the thread."""
LATE_SEEK_S = 3.0
"""Delay from which the decoder seeks. More than a group of pictures, which has to be decoded after a seek."""
EARLY_SEEK_S = 1.0
"""Advance from which it seeks. More than the queue holds, so the clock was set back."""
FRUITLESS_PACKETS = 120
"""Packets in a row without a frame after which a video is given up: two groups of pictures."""
DIRECT_FORMATS = ("yuv420p", "nv12")
"""Pixel formats that painters draw without conversion."""
EMPTY_QUEUE_WAIT_S = 0.02
"""Seconds until the next try while the queue is empty."""


class VideoDecoder:
    """Decodes a video for a rectangle.

    Args:
        path: Its file.
        rectangle_size: Width and height of the upright rectangle in pixels.
        fit: Show all of the video, or fill all of the rectangle.
        position_s: Position at which to begin, in seconds.
        opener: Returns the decoder for an ``av.VideoStream``; called by the thread.
    """

    def __init__(
        self, path: Path, rectangle_size: Size, fit: ImageFit, position_s: float = 0.0,
        opener: Callable[[Any], PacketDecoder] = FfmpegDecoder,
    ) -> None:  # fmt: skip
        self.fault = ""
        """The reason why it cannot be shown; empty: none."""
        self.dropped_frames = 0
        """Frames that came too late."""
        self.decode_errors = 0
        """Packets and frames that could not be decoded, or not well."""
        self.is_hardware: bool | None = None
        """Whether the hardware decodes it; None while no decoder is open."""
        self.size: Size = (0, 0)
        """Of the upright image within the rectangle."""
        self.source: Area = (0, 0, 0, 0)
        """The part of a frame that is seen: left, top, width, height."""
        self._path, self._rectangle_size, self._fit, self._opener = path, rectangle_size, fit, opener
        self._position_s = position_s
        self._ready: deque[tuple[float, Any]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._fruitless = 0
        self._reached_s = position_s
        """Position of the frame that was decoded last."""
        self._sought = time.monotonic()
        self._working_since: float | None = time.monotonic()
        """Monotonic seconds since which it works without giving a frame; None while it waits for space in the queue."""
        self._thread = threading.Thread(target=self._decode_file, name="video", daemon=True)
        self._thread.start()

    def take_frame(self, position_s: float) -> YuvFrame | None:
        """Return the frame of a position, as it was decoded; None if it is the same as before."""
        found = None
        with self._changed:
            self._position_s = position_s
            while self._ready and self._ready[0][0] <= position_s:
                self.dropped_frames += found is not None
                found = self._ready.popleft()[1]
            self._changed.notify()
        return None if found is None else self._crop_planes(found)

    def stalled_s(self) -> float:
        """Return the seconds for which it has worked without giving a frame."""
        since = self._working_since
        return 0.0 if since is None else time.monotonic() - since

    def due_s(self, position_s: float) -> float:
        """Return the seconds until the next frame is due."""
        with self._changed:
            return max(0.0, self._ready[0][0] - position_s) if self._ready else EMPTY_QUEUE_WAIT_S

    def frame_corner(self) -> tuple[int, int]:
        """Return the upper left corner of the upright image within the rectangle."""
        return (self._rectangle_size[0] - self.size[0]) // 2, (self._rectangle_size[1] - self.size[1]) // 2

    def close(self) -> None:
        """End the thread, without waiting for it."""
        with self._changed:
            self._closed = True
            self._ready.clear()
            self._changed.notify()

    def _decode_file(self) -> None:
        try:
            with open_container(self._path) as container:
                self._decode_stream(container, container.streams.video[0])
        except Exception as error:  # noqa: BLE001 - whatever a file does to a decoder, the poster stays
            self.fault = f"{type(error).__name__}: {error}"[:300]
            log.warning("the video %s is not shown: %s", self._path.name[:12], self.fault)

    def _decode_stream(self, container: Any, stream: Any) -> None:
        discard_other_streams(container, stream)
        decoder = self._opener(stream)
        self._working_since = time.monotonic()
        self.is_hardware = decoder.is_hardware
        length, duration = stream.duration, float(stream.duration * stream.time_base)
        run = self._seek_position(container, duration)
        while not self._closed:
            for packet in _media_packets(container, stream):
                if self._is_out_of_step():
                    run = self._seek_position(container, duration)
                    decoder.flush_buffers()
                    continue
                packet.pts, packet.dts = packet.pts + run * length, packet.dts + run * length
                for frame in self._decode_packet(decoder, packet):
                    self._queue_frame(float(frame.pts * stream.time_base), frame)
                if self._closed:
                    return
            run += 1
            container.seek(0)
            self._count_fruitless(0)

    def _decode_packet(self, decoder: PacketDecoder, packet: Any) -> Sequence[Any]:
        """Return the frames that are ready. Damage is counted, and the video goes on."""
        try:
            frames = [frame for frame in decoder.decode_packet(packet) if frame.pts is not None]
        except UndecodablePacket:
            self.decode_errors += 1
            if decoder.is_hardware:
                raise
            frames = []
        self.decode_errors += sum(frame.is_corrupt for frame in frames)
        self._count_fruitless(len(frames))
        return frames

    def _count_fruitless(self, frames: int) -> None:
        """Note the frames of a packet, or of the end of a run; without any for long the video is given up."""
        self._fruitless = 0 if frames else self._fruitless + 1
        if self._fruitless > FRUITLESS_PACKETS:
            raise UndecodablePacket(f"of {FRUITLESS_PACKETS} packets in a row no frame could be made")

    def _is_out_of_step(self) -> bool:
        """Tell whether the decoder is far behind or ahead of the position, and has not just sought it."""
        # After a seek it begins at the key frame before the position, and is behind for a moment: without the pause a
        # slow processor would seek again and again, and never show a frame.
        behind_s = self._position_s - self._reached_s
        return not -EARLY_SEEK_S < behind_s < LATE_SEEK_S and time.monotonic() - self._sought > LATE_SEEK_S

    def _seek_position(self, container: Any, duration: float) -> int:
        """Seek to the position; return the number of runs before it."""
        self._sought = time.monotonic()
        container.seek(int(self._position_s % duration * 1_000_000))
        return int(self._position_s // duration)

    def _queue_frame(self, at: float, frame: Any) -> None:
        """Put a frame into the queue, waiting for space. Where all frames are late, the oldest is dropped instead."""
        with self._changed:
            self._reached_s, self._working_since = at, None
            while len(self._ready) >= QUEUE_LENGTH and not self._closed:
                # Two frames are due: the first will never be shown. Otherwise the frame loop would find a queue full of
                # late frames after a pause, and the decoder would stay behind by its length.
                if self._ready[1][0] <= self._position_s:
                    self._ready.popleft()
                    self.dropped_frames += 1
                elif self._ready[0][0] - self._position_s > EARLY_SEEK_S and self._is_out_of_step():
                    self._ready.clear()
                else:
                    self._changed.wait(1.0)
            if not self._closed:
                self._ready.append((at, frame))
            self._working_since = time.monotonic()

    def _crop_planes(self, frame: Any) -> YuvFrame:
        scaled, self.size = _scaled_sizes((frame.width, frame.height), self._rectangle_size, self._fit)
        left, top = (scaled[0] - self.size[0]) // 2, round((scaled[1] - self.size[1]) * 0.4)
        across, down = frame.width / scaled[0], frame.height / scaled[1]
        seen = max(1, round(self.size[0] * across)), max(1, round(self.size[1] * down))
        self.source = (round(left * across), round(top * down), *seen)
        return YuvFrame(frame if frame.format.name in DIRECT_FORMATS else frame.reformat(format=DIRECT_FORMATS[0]))


def _media_packets(container: Any, stream: Any) -> Iterable[Any]:
    """Return the packets until the end of a video, without the empty one that marks it."""
    return (packet for packet in container.demux(stream) if packet.size and None not in (packet.pts, packet.dts))


def _scaled_sizes(frame: Size, rectangle: Size, fit: ImageFit) -> tuple[Size, Size]:
    """Return the size that a video is scaled to, and the part of that which is seen, as with its poster."""
    ratios = rectangle[0] / frame[0], rectangle[1] / frame[1]
    scale = max(ratios) if fit is ImageFit.COVER else min(ratios)
    scaled = max(1, round(frame[0] * scale)), max(1, round(frame[1] * scale))
    return scaled, (min(scaled[0], rectangle[0]), min(scaled[1], rectangle[1]))
