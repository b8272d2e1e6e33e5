"""Pictures of the glass, for people who are far away. No step of what moves is late because of them.

On the frame loop a picture is only copied, between two steps, or piece by piece between several. A thread turns it
upright and writes it down, in bands that are small enough not to keep the loop waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pygame

from beffroi_player.outputs.base import Size, scratch_surface
from beffroi_player.outputs.drawing.sdl import SdlError
from beffroi_player.stage.frame_cache import BAND_PAUSE_S, panel_size, upright_bands
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import CaptureInfo, RuntimeDirectory
from beffroi_player.state.ppm_images import ppm_header
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

LONGEST_WAIT_MS = 2_000.0
"""How long it waits for what moves: a transition is over by then, a film or messages that glide may never be."""

STRIP_PIXELS = 256 * 1024
"""Pixels, four bytes each, for which memory is asked for at once."""


@dataclass(frozen=True, slots=True)
class CaptureSource:
    """What there is to take a picture of."""

    copy_steps: Iterator[pygame.Surface | None]
    """Copy what was presented; see ``Painter.photograph``."""
    rotation: int
    taken: CaptureInfo


class ScreenCapture:
    """Takes one picture at a time. Belongs to the frame loop.

    Args:
        runtime: Where the picture goes.
        size: Says what the panel measures; None while there is nothing on it.
        view: Asked for what is on the glass, with memory to copy it to; None while there is nothing.
    """

    def __init__(
        self,
        runtime: RuntimeDirectory,
        size: Callable[[], Size | None],
        view: Callable[[pygame.Surface], CaptureSource | None],
    ) -> None:
        self._runtime, self._panel_size, self._source = runtime, size, view
        self._requested_ms: float | None = None
        self._spare_surface: pygame.Surface | None = None
        self._copying: Iterator[tuple[pygame.Surface, CaptureSource] | None] | None = None
        """What is being done, in steps."""
        self._thread: threading.Thread | None = None
        self._is_writing = False

    def request_capture(self, uptime_ms: float) -> None:
        """Take a picture as soon as may be."""
        self._requested_ms = uptime_ms if self._requested_ms is None else self._requested_ms

    def continue_capture(self, uptime_ms: float, *, moves: bool) -> bool:
        """Take the picture that was asked for, if this is the moment, or go on with it. Return whether that was done.

        Args:
            uptime_ms: Now.
            moves: Whether something on the glass moves: then it waits a little, and takes one step at a time.
        """
        if self._copying is None and not self._may_begin(uptime_ms, moves):
            return False
        work = self._copying = self._copying or self._copy_steps()
        copied: tuple[pygame.Surface, CaptureSource] | None = None
        try:
            for copied in work:
                if copied is not None or moves:
                    break
            else:
                self._copying = None
        except (OSError, pygame.error, SdlError) as error:
            log.warning("no picture of the glass: %s", error)
            copied = self._copying = None
        if copied is not None:
            copy, view = copied
            # While something moves its memory is kept for the next one: to get it anew takes longer.
            self._spare_surface = copy if moves else None
            self._is_writing, self._copying = True, None
            arguments = (copy, view.rotation, view.taken)
            self._thread = threading.Thread(target=self._write_capture, args=arguments, name="camera", daemon=True)
            self._thread.start()
        return True

    def _may_begin(self, uptime_ms: float, moves: bool) -> bool:
        if (
            self._requested_ms is None
            or self._is_writing
            or (moves and uptime_ms - self._requested_ms < LONGEST_WAIT_MS)
        ):
            return False
        self._requested_ms = None
        return self._panel_size() is not None

    def _copy_steps(self) -> Iterator[tuple[pygame.Surface, CaptureSource] | None]:
        """Yield None for each step, and in the end the copy."""
        size = self._panel_size() or (1, 1)
        room, rows = scratch_surface(size, self._spare_surface), max(1, STRIP_PIXELS // size[0])
        for top in range(0, size[1] if room is not self._spare_surface else 0, rows):
            # The system gives memory when it is first written to, which takes longer than to copy.
            room.fill(0, (0, top, size[0], rows))
            yield None
        view = self._source(room)
        for copy in view.copy_steps if view is not None else ():
            yield (copy, view) if copy is not None and view is not None else None

    def close(self) -> None:
        """Let the picture that is being written be finished."""
        if self._thread is not None:
            self._thread.join(2.0)

    def _write_capture(self, picture: pygame.Surface, rotation: int, taken: CaptureInfo) -> None:
        try:
            head = ppm_header(panel_size(picture.get_size(), rotation), taken.to_json())
            rows = upright_bands(picture, rotation, lambda: time.sleep(BAND_PAUSE_S))
            write_file(self._runtime.capture_image, head, *rows, durable=False)
        except (OSError, ValueError, MemoryError, pygame.error) as error:
            log.warning("no picture of the glass: %s", error)
        else:
            send_wakeup(self._runtime.agent_socket)
        finally:
            self._is_writing = False
        if self._requested_ms is not None:
            # It was asked for another one meanwhile, and the loop may be asleep.
            send_wakeup(self._runtime.stage_socket)
