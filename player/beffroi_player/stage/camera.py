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

from beffroi_content.model import Rectangle
from beffroi_player.files import write_file
from beffroi_player.nudge import ring
from beffroi_player.outputs.sdl import SdlError
from beffroi_player.pictures import ppm_header
from beffroi_player.stage.frames import panel_size, turned_area, upright_rgb
from beffroi_player.store import Runtime, Taken

log = logging.getLogger(__name__)

PATIENCE_MS = 2_000.0
"""How long it waits for what moves: a transition is over by then, a film or messages that glide may never be."""
BAND_PIXELS = 32 * 1024
"""Pixels that are turned at once: few, since nothing else of the process runs meanwhile."""
BREATH_S = 0.001
"""Between two bands."""


@dataclass(frozen=True, slots=True)
class View:
    """What there is to take a picture of."""

    steps: Iterator[pygame.Surface | None]
    """Copy what was presented; see ``Painter.photograph``."""
    rotation: int
    taken: Taken


class Camera:
    """Takes one picture at a time. Belongs to the frame loop.

    Args:
        runtime: Where the picture goes.
        view: Asked for what is on the glass, with memory that may be used for it; None while there is nothing.
    """

    def __init__(self, runtime: Runtime, view: Callable[[pygame.Surface | None], View | None]) -> None:
        self._runtime, self._look_at = runtime, view
        self._asked_ms: float | None = None
        self._memory: pygame.Surface | None = None
        self._view: View | None = None
        """What is being copied."""
        self._thread: threading.Thread | None = None
        self._writes = False

    def ask(self, uptime_ms: float) -> None:
        """Take a picture as soon as may be."""
        self._asked_ms = uptime_ms if self._asked_ms is None else self._asked_ms

    def look(self, uptime_ms: float, *, moves: bool) -> bool:
        """Take the picture that was asked for, if this is the moment, or go on with it. Return whether that was done.

        Args:
            uptime_ms: Now.
            moves: Whether something on the glass moves: then it waits a little, and takes one step at a time.
        """
        if self._view is None and not self._begins(uptime_ms, moves):
            return False
        try:
            self._view = self._view or self._look_at(self._memory)
            copy = self._next(moves) if self._view is not None else None
        except (OSError, pygame.error, SdlError) as error:
            log.warning("no picture of the glass: %s", error)
            self._view = None
            return False
        if copy is not None and self._view is not None:
            # While something moves its memory is kept for the next one: to get it anew takes longer.
            self._memory = copy if moves else None
            self._writes = True
            arguments = (copy, self._view.rotation, self._view.taken)
            self._view = None
            self._thread = threading.Thread(target=self._write, args=arguments, name="camera", daemon=True)
            self._thread.start()
        return True

    def _begins(self, uptime_ms: float, moves: bool) -> bool:
        if self._asked_ms is None or self._writes or (moves and uptime_ms - self._asked_ms < PATIENCE_MS):
            return False
        self._asked_ms = None
        return True

    def _next(self, moves: bool) -> pygame.Surface | None:
        """Take one step, or all that are left where nothing moves; return the copy once it is made."""
        assert self._view is not None
        return next((copy for copy in self._view.steps if copy is not None or moves), None)

    def close(self) -> None:
        """Let the picture that is being written be finished."""
        if self._thread is not None:
            self._thread.join(2.0)

    def _write(self, picture: pygame.Surface, rotation: int, taken: Taken) -> None:
        try:
            head = ppm_header(panel_size(picture.get_size(), rotation), taken.to_json())
            write_file(self._runtime.capture, head, *_bands(picture, rotation), durable=False)
        except (OSError, ValueError, MemoryError, pygame.error) as error:
            log.warning("no picture of the glass: %s", error)
        else:
            ring(self._runtime.agent_bell)
        finally:
            self._writes = False
        if self._asked_ms is not None:
            # It was asked for another one meanwhile, and the loop may be asleep.
            ring(self._runtime.stage_bell)


def _bands(picture: pygame.Surface, rotation: int) -> Iterator[bytes]:
    """Yield the RGB bytes of a picture of the panel, upright, some rows at a time."""
    size = panel_size(picture.get_size(), rotation)
    rows = max(1, BAND_PIXELS // size[0])
    for top in range(0, size[1], rows):
        band = Rectangle(x=0, y=top, width=size[0], height=min(rows, size[1] - top))
        yield upright_rgb(picture.subsurface(turned_area(band, size, rotation)), rotation)[1]
        time.sleep(BREATH_S)
