"""A film, decoded ahead in a thread of its own: the frame loop takes what is due and never waits.

The wall clock is the master. What comes too late is left out, and where decoding falls far behind it goes on at the
place where the film should be.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pygame

from beffroi_content.memory import keep_freed_memory
from beffroi_content.model import ImageFit
from beffroi_player.outputs.composition import Area, Planes
from beffroi_player.store import Size

log = logging.getLogger(__name__)

AHEAD = 6
"""Frames that wait, 3 MB each of 1920 by 1080 pixels: enough for a decoder to begin again at the end of the film."""
BEHIND_S = 3.0
"""More than a group of pictures, which is what a search leaves to be caught up."""
THREADS = 2
YUV = "yuv420p"
UNKNOWN_S = 0.02
"""How soon to look again while nobody knows when the next frame is due."""


class Film:
    """A film in a rectangle of a size.

    Args:
        path: Its file.
        room: Width and height of the upright rectangle in pixels.
        fit: Whether all of the film is shown, or all of the rectangle is filled.
        rotation: By how many degrees clockwise the panel hangs turned.
        position_s: Where it is to begin, in seconds.
        planes: Whether frames are wanted as they are decoded, neither scaled nor turned.
    """

    def __init__(
        self, path: Path, room: Size, fit: ImageFit, rotation: int, position_s: float = 0.0, planes: bool = False
    ) -> None:
        self.fault = ""
        """Why it is not shown."""
        self.dropped = 0
        """Frames that came too late."""
        self.size: Size = (0, 0)
        """Of the upright picture within the rectangle."""
        self.source: Area = (0, 0, 0, 0)
        """The part of a frame that is seen."""
        self._planes = planes
        self._path, self._room, self._fit, self._rotation = path, room, fit, rotation
        self._position_s = position_s
        self._ready: deque[tuple[float, Any]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._sought = time.monotonic()
        keep_freed_memory()
        self._thread = threading.Thread(target=self._run, name="film", daemon=True)
        self._thread.start()

    def frame(self, position_s: float) -> pygame.Surface | Planes | None:
        """Return the frame of an instant of the film; None if it is the same as before.

        A surface is turned as the panel hangs and has its size; planes are as they were decoded.
        """
        found = None
        with self._changed:
            self._position_s = position_s
            while self._ready and self._ready[0][0] <= position_s:
                self.dropped += found is not None
                found = self._ready.popleft()[1]
            self._changed.notify()
        return None if found is None else self._picture(found)

    def due_s(self, position_s: float) -> float:
        """Return in how many seconds the next frame is due."""
        with self._changed:
            return max(0.0, self._ready[0][0] - position_s) if self._ready else UNKNOWN_S

    def corner(self) -> tuple[int, int]:
        """Return where the upright picture begins within the rectangle."""
        return (self._room[0] - self.size[0]) // 2, (self._room[1] - self.size[1]) // 2

    def close(self) -> None:
        """End the thread; it is not waited for."""
        with self._changed:
            self._closed = True
            self._ready.clear()
            self._changed.notify()

    def _run(self) -> None:
        import av  # noqa: PLC0415 - a player that shows no film does without 60 MB

        try:
            with av.open(str(self._path), options={"format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2"}) as container:
                self._decode(container, container.streams.video[0])
        except Exception as error:  # noqa: BLE001 - whatever a file does to a decoder, the picture stays
            self.fault = f"{type(error).__name__}: {error}"[:300]
            log.warning("the film %s is not shown: %s", self._path.name[:12], self.fault)

    def _decode(self, container: Any, stream: Any) -> None:
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = THREADS
        duration = float(stream.duration * stream.time_base)
        lap = self._seek(container, duration)
        while not self._closed:
            for seconds, frame in _frames(container, stream):
                at = lap * duration + seconds
                behind_s = self._position_s - at
                if behind_s > BEHIND_S and time.monotonic() - self._sought > BEHIND_S:
                    lap = self._seek(container, duration)
                else:
                    self._offer(at, frame)
                if self._closed:
                    return
            lap += 1
            container.seek(0)

    def _seek(self, container: Any, duration: float) -> int:
        """Go to where the film should be; return how often it has run before."""
        self._sought = time.monotonic()
        container.seek(int(self._position_s % duration * 1_000_000))
        return int(self._position_s // duration)

    def _offer(self, at: float, frame: Any) -> None:
        """Put a frame into the queue when there is room; where all are late, the oldest makes room."""
        with self._changed:
            while len(self._ready) >= AHEAD and not self._closed:
                if self._ready[1][0] <= self._position_s:
                    self._ready.popleft()
                    self.dropped += 1
                else:
                    self._changed.wait(1.0)
            if not self._closed:
                self._ready.append((at, frame))

    def _picture(self, frame: Any) -> pygame.Surface | Planes:
        scaled, self.size = _sizes((frame.width, frame.height), self._room, self._fit)
        left, top = (scaled[0] - self.size[0]) // 2, round((scaled[1] - self.size[1]) * 0.4)
        if self._planes:
            across, down = frame.width / scaled[0], frame.height / scaled[1]
            self.source = (
                round(left * across), round(top * down), round(self.size[0] * across), round(self.size[1] * down),
            )  # fmt: skip
            return Planes(frame if frame.format.name == YUV else frame.reformat(format=YUV))
        return self._surface(frame, scaled, (left, top))

    def _surface(self, frame: Any, scaled: Size, corner: tuple[int, int]) -> pygame.Surface:
        # As the library makes every film, and as the GPU takes it.
        made = frame.reformat(width=scaled[0], height=scaled[1], format="bgra", src_colorspace="ITU709")
        plane = made.planes[0]
        # Nothing is copied: the surface is a view of the frame.
        padded = pygame.image.frombuffer(plane, (plane.line_size // 4, scaled[1]), "BGRA")
        picture = padded.subsurface((*corner, *self.size))
        if self._rotation:
            picture = pygame.transform.rotate(picture, -self._rotation)
        # Opaque: else each pixel would be mixed with what is below it.
        picture.set_alpha(None)
        return picture


def _frames(container: Any, stream: Any) -> Iterator[tuple[float, Any]]:
    for packet in container.demux(stream):
        for frame in packet.decode():
            yield frame.time or 0.0, frame


def _sizes(film: Size, room: Size, fit: ImageFit) -> tuple[Size, Size]:
    """Return the size to scale a film to, and what of it is seen, as the raster does with its poster."""
    ratios = room[0] / film[0], room[1] / film[1]
    scale = max(ratios) if fit is ImageFit.COVER else min(ratios)
    scaled = max(1, round(film[0] * scale)), max(1, round(film[1] * scale))
    return scaled, (min(scaled[0], room[0]), min(scaled[1], room[1]))
