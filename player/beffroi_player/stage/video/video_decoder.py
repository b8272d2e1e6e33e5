"""A film, decoded ahead in a thread of its own: the frame loop takes what is due and never waits.

The wall clock is the master. What comes too late is left out, and where decoding falls far behind it goes on at the
place where the film should be. To be shown again, a film is decoded as if it went on: the decoder never runs dry.
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
"""Frames that wait, 3 MB each of 1920 by 1080 pixels: more than the longest pause of the processor."""
LATE_SEEK_S = 3.0
"""More than a group of pictures, which is what a search leaves to be caught up."""
EARLY_SEEK_S = 1.0
"""More than the frames that wait last: the clock was set back."""
FRUITLESS_PACKETS = 120
"""Packets in a row of which nothing comes before a film is given up: two groups of pictures, twice what one spoils."""
DIRECT_FORMATS = ("yuv420p", "nv12")
"""Kinds of frames that are shown as they are."""
EMPTY_QUEUE_WAIT_S = 0.02
"""How soon to look again while nobody knows when the next frame is due."""


class VideoDecoder:
    """A film in a rectangle of a size.

    Args:
        path: Its file.
        room: Width and height of the upright rectangle in pixels.
        fit: Whether all of the film is shown, or all of the rectangle is filled.
        position_s: Where it is to begin, in seconds.
        opener: Gives the decoder for an ``av.VideoStream``.
    """

    def __init__(
        self, path: Path, rectangle_size: Size, fit: ImageFit, position_s: float = 0.0,
        opener: Callable[[Any], PacketDecoder] = FfmpegDecoder,
    ) -> None:  # fmt: skip
        self.fault = ""
        """Why it is not shown."""
        self.dropped_frames = 0
        """Frames that came too late."""
        self.decode_errors = 0
        """Packets and frames that could not be decoded, or not well."""
        self.is_hardware: bool | None = None
        """Whether its decoder is that of the hardware; None while it has none."""
        self.size: Size = (0, 0)
        """Of the upright picture within the rectangle."""
        self.source: Area = (0, 0, 0, 0)
        """The part of a frame that is seen."""
        self._path, self._rectangle_size, self._fit, self._opener = path, rectangle_size, fit, opener
        self._position_s = position_s
        self._ready: deque[tuple[float, Any]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._fruitless = 0
        self._reached_s = position_s
        """Where the decoder is."""
        self._sought = time.monotonic()
        self._working_since: float | None = time.monotonic()
        """Since when it has been at work without a frame, if it is."""
        self._thread = threading.Thread(target=self._decode_file, name="film", daemon=True)
        self._thread.start()

    def take_frame(self, position_s: float) -> YuvFrame | None:
        """Return the frame of an instant of the film, as it was decoded; None if it is the same as before."""
        found = None
        with self._changed:
            self._position_s = position_s
            while self._ready and self._ready[0][0] <= position_s:
                self.dropped_frames += found is not None
                found = self._ready.popleft()[1]
            self._changed.notify()
        return None if found is None else self._crop_planes(found)

    def stalled_s(self) -> float:
        """Return for how many seconds it has been at work without a frame."""
        since = self._working_since
        return 0.0 if since is None else time.monotonic() - since

    def due_s(self, position_s: float) -> float:
        """Return in how many seconds the next frame is due."""
        with self._changed:
            return max(0.0, self._ready[0][0] - position_s) if self._ready else EMPTY_QUEUE_WAIT_S

    def frame_corner(self) -> tuple[int, int]:
        """Return where the upright picture begins within the rectangle."""
        return (self._rectangle_size[0] - self.size[0]) // 2, (self._rectangle_size[1] - self.size[1]) // 2

    def close(self) -> None:
        """End the thread; it is not waited for."""
        with self._changed:
            self._closed = True
            self._ready.clear()
            self._changed.notify()

    def _decode_file(self) -> None:
        try:
            with open_container(self._path) as container:
                self._decode_stream(container, container.streams.video[0])
        except Exception as error:  # noqa: BLE001 - whatever a file does to a decoder, the picture stays
            self.fault = f"{type(error).__name__}: {error}"[:300]
            log.warning("the film %s is not shown: %s", self._path.name[:12], self.fault)

    def _decode_stream(self, container: Any, stream: Any) -> None:
        discard_other_streams(container, stream)
        decoder = self._opener(stream)
        self._working_since = time.monotonic()
        self.is_hardware = decoder.is_hardware
        length, duration = stream.duration, float(stream.duration * stream.time_base)
        lap = self._seek_position(container, duration)
        while not self._closed:
            for packet in _media_packets(container, stream):
                if self._is_out_of_step():
                    lap = self._seek_position(container, duration)
                    decoder.flush_buffers()
                    continue
                packet.pts, packet.dts = packet.pts + lap * length, packet.dts + lap * length
                for frame in self._decode_packet(decoder, packet):
                    self._queue_frame(float(frame.pts * stream.time_base), frame)
                if self._closed:
                    return
            lap += 1
            container.seek(0)
            self._count_fruitless(0)

    def _decode_packet(self, decoder: PacketDecoder, packet: Any) -> Sequence[Any]:
        """Return the frames that are ready. What is damaged is counted, and the film goes on."""
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
        """Note how many frames came of a packet, or of the end of the film: none for long, and it is given up."""
        self._fruitless = 0 if frames else self._fruitless + 1
        if self._fruitless > FRUITLESS_PACKETS:
            raise UndecodablePacket(f"of {FRUITLESS_PACKETS} packets in a row no frame could be made")

    def _is_out_of_step(self) -> bool:
        """Tell whether the film should be much further, or not nearly as far, and was not sought a moment ago."""
        behind_s = self._position_s - self._reached_s
        return not -EARLY_SEEK_S < behind_s < LATE_SEEK_S and time.monotonic() - self._sought > LATE_SEEK_S

    def _seek_position(self, container: Any, duration: float) -> int:
        """Go to where the film should be; return how often it has run before."""
        self._sought = time.monotonic()
        container.seek(int(self._position_s % duration * 1_000_000))
        return int(self._position_s // duration)

    def _queue_frame(self, at: float, frame: Any) -> None:
        """Put a frame into the queue when there is room; where all are late, the oldest makes room."""
        with self._changed:
            self._reached_s, self._working_since = at, None
            while len(self._ready) >= QUEUE_LENGTH and not self._closed:
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
    """Return the packets until the end of a film, without the empty one that says so."""
    return (packet for packet in container.demux(stream) if packet.size and None not in (packet.pts, packet.dts))


def _scaled_sizes(film: Size, room: Size, fit: ImageFit) -> tuple[Size, Size]:
    """Return the size to scale a film to, and what of it is seen, as the raster does with its poster."""
    ratios = room[0] / film[0], room[1] / film[1]
    scale = max(ratios) if fit is ImageFit.COVER else min(ratios)
    scaled = max(1, round(film[0] * scale)), max(1, round(film[1] * scale))
    return scaled, (min(scaled[0], room[0]), min(scaled[1], room[1]))
