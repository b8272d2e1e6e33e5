"""Pictures of the glass, for people who are far away. No step of what moves is late because of them.

On the frame loop a picture is only copied, between two steps. A thread turns it upright and writes it down, in bands
that are small enough not to keep the loop waiting.
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

    picture: pygame.Surface
    """Of the panel, as it was presented; it may change with the next one."""
    rotation: int
    taken: Taken


class Camera:
    """Takes one picture at a time. Belongs to the frame loop.

    Args:
        runtime: Where the picture goes.
        view: Asked for what is on the glass; None while there is nothing.
    """

    def __init__(self, runtime: Runtime, view: Callable[[], View | None]) -> None:
        self._runtime, self._view = runtime, view
        self._asked_ms: float | None = None
        self._memory: pygame.Surface | None = None
        self._thread: threading.Thread | None = None
        self._writes = False

    def ask(self, uptime_ms: float) -> None:
        """Take a picture as soon as may be."""
        self._asked_ms = uptime_ms if self._asked_ms is None else self._asked_ms

    def look(self, uptime_ms: float, *, moves: bool) -> bool:
        """Take the picture that was asked for, if this is the moment. Return whether that was done.

        Args:
            uptime_ms: Now.
            moves: Whether something on the glass moves: then it waits a little.
        """
        if self._asked_ms is None or self._writes:
            return False
        if moves and uptime_ms - self._asked_ms < PATIENCE_MS:
            return False
        self._asked_ms = None
        try:
            view = self._view()
            if view is None:
                return False
            copy = self._copy(view.picture, keep=moves)
        except (OSError, pygame.error) as error:
            log.warning("no picture of the glass: %s", error)
            return False
        self._writes = True
        arguments = (copy, view.rotation, view.taken)
        self._thread = threading.Thread(target=self._write, args=arguments, name="camera", daemon=True)
        self._thread.start()
        return True

    def close(self) -> None:
        """Let the picture that is being written be finished."""
        if self._thread is not None:
            self._thread.join(2.0)

    def _copy(self, picture: pygame.Surface, *, keep: bool) -> pygame.Surface:
        """Return a copy. While something moves its memory is kept for the next: to get it anew takes longer."""
        room = self._memory
        if room is None or room.get_size() != picture.get_size():
            room = pygame.Surface(picture.get_size(), depth=32)
        self._memory = room if keep else None
        room.blit(picture, (0, 0))
        return room

    def _write(self, picture: pygame.Surface, rotation: int, taken: Taken) -> None:
        try:
            head = ppm_header(panel_size(picture.get_size(), rotation), taken.to_json())
            write_file(self._runtime.capture, head, *_bands(picture, rotation), durable=False)
        except (OSError, ValueError, pygame.error) as error:
            log.warning("no picture of the glass: %s", error)
        else:
            ring(self._runtime.agent_bell)
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
