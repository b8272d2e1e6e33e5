"""Screen capture: a copy of what is presented, written to a file for a screenshot, without a late step.

On the frame loop the image is only copied: at once while nothing moves, otherwise piece by piece between steps. A
thread turns the copy upright and writes it, in bands that are small enough not to keep the frame loop waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import pygame

from beffroi_player.outputs.base import Size, scratch_surface
from beffroi_player.outputs.drawing.sdl import SdlError
from beffroi_player.stage.frame_images import BAND_PAUSE_S, upright_bands
from beffroi_player.stage.panel_geometry import panel_size
from beffroi_player.state.atomic_files import write_file
from beffroi_player.state.directories import CaptureInfo, RuntimeDirectory
from beffroi_player.state.ppm_images import ppm_header
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

LONGEST_WAIT_MS = 2_000.0
"""Time for which a capture waits until nothing moves. A transition is over by then; a video or marquee may never be."""

STRIP_PIXELS = 256 * 1024
"""Pixels, of four bytes each, for which memory is requested at once."""


class CaptureSubject(Protocol):
    """Source of captures; :class:`~beffroi_player.stage.compositor.presenter.ScreenPresenter` is one."""

    @property
    def panel_pixels(self) -> Size | None:
        """Size of what is presented; None before anything is."""

    @property
    def rotation(self) -> int:
        """Degrees clockwise by which it is turned."""

    def capture_steps(self, scratch: pygame.Surface | None) -> Iterator[pygame.Surface | None] | None:
        """Copy it to a surface, yielding None for each step and the copy in the end. None: there is nothing."""


class ScreenCapture:
    """Makes one capture at a time. Belongs to the frame loop.

    Args:
        runtime: The capture is written there, and the agent is notified.
        subject: Is copied.
        describe: Returns what is known of the subject, when copying begins.
    """

    def __init__(self, runtime: RuntimeDirectory, subject: CaptureSubject, describe: Callable[[], CaptureInfo]) -> None:
        self._runtime, self._subject, self._describe = runtime, subject, describe
        self._requested_ms: float | None = None
        self._spare_surface: pygame.Surface | None = None
        self._copying: Iterator[tuple[pygame.Surface, int, CaptureInfo] | None] | None = None
        """The capture in progress, in steps."""
        self._thread: threading.Thread | None = None
        self._is_writing = False

    def request_capture(self, uptime_ms: float) -> None:
        """Make a capture as soon as possible."""
        self._requested_ms = uptime_ms if self._requested_ms is None else self._requested_ms

    def continue_capture(self, uptime_ms: float, *, in_motion: bool) -> bool:
        """Begin the capture that was requested, or go on with it; return whether anything was done.

        Args:
            uptime_ms: Now.
            in_motion: Whether something moves: then it waits a little, and makes one step at a time.
        """
        if self._copying is None and not self._may_begin(uptime_ms, in_motion):
            return False
        steps = self._copying = self._copying or self._copy_steps()
        copied: tuple[pygame.Surface, int, CaptureInfo] | None = None
        try:
            for copied in steps:
                if copied is not None or in_motion:
                    break
            else:
                self._copying = None
        except (OSError, pygame.error, SdlError) as error:
            log.warning("no screen capture: %s", error)
            copied = self._copying = None
        if copied is not None:
            # In motion the memory is kept for the next capture: new memory takes longer than a step.
            self._spare_surface = copied[0] if in_motion else None
            self._is_writing, self._copying = True, None
            self._thread = threading.Thread(target=self._write_capture, args=copied, name="capture", daemon=True)
            self._thread.start()
        return True

    def close(self) -> None:
        """Wait until the capture that is being written is finished, for two seconds at most."""
        if self._thread is not None:
            self._thread.join(2.0)

    def _may_begin(self, uptime_ms: float, in_motion: bool) -> bool:
        if self._requested_ms is None or self._is_writing:
            return False
        if in_motion and uptime_ms - self._requested_ms < LONGEST_WAIT_MS:
            return False
        self._requested_ms = None
        return self._subject.panel_pixels is not None

    def _copy_steps(self) -> Iterator[tuple[pygame.Surface, int, CaptureInfo] | None]:
        """Yield None for each step, and in the end the copy, its rotation and its description."""
        size = self._subject.panel_pixels or (1, 1)
        scratch, rows = scratch_surface(size, self._spare_surface), max(1, STRIP_PIXELS // size[0])
        for top in range(0, size[1] if scratch is not self._spare_surface else 0, rows):
            # The system hands out memory when it is first written to, page by page, which takes longer than to copy.
            scratch.fill(0, (0, top, size[0], rows))
            yield None
        steps, rotation, info = self._subject.capture_steps(scratch), self._subject.rotation, self._describe()
        for copy in steps or ():
            yield (copy, rotation, info) if copy is not None else None

    def _write_capture(self, image: pygame.Surface, rotation: int, info: CaptureInfo) -> None:
        """Write a copy as an upright PPM image, in the thread."""
        try:
            head = ppm_header(panel_size(image.get_size(), rotation), info.to_json())
            rows = upright_bands(image, rotation, lambda: time.sleep(BAND_PAUSE_S))
            write_file(self._runtime.capture_image, head, *rows, durable=False)
        except (OSError, ValueError, MemoryError, pygame.error) as error:
            log.warning("no screen capture: %s", error)
        else:
            send_wakeup(self._runtime.agent_socket)
        finally:
            self._is_writing = False
        if self._requested_ms is not None:
            # Another one was requested meanwhile, and the loop may be asleep.
            send_wakeup(self._runtime.stage_socket)
