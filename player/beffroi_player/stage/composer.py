"""From a composed picture to what is handed to the display: films in their places, dimmed, and blended."""

from __future__ import annotations

from dataclasses import dataclass

import pygame

from beffroi_content.model import PowerState, Transition
from beffroi_content.timeline import Moment
from beffroi_content.timeline.display import Display
from beffroi_player.stage.cinema import Cinema
from beffroi_player.stage.frames import turned_corner
from beffroi_player.stage.scenery import Picture
from beffroi_player.store import Size

TRANSITION_MS = 600.0
FRAME_MS = 1000 / 60
"""How often a transition moves."""
_RIGHTWARDS = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
"""Where the right of the upright picture lies on a panel that is turned."""


class Composer:
    """Lays films over pictures. The same memory is used for each frame."""

    def __init__(self, cinema: Cinema) -> None:
        self._cinema = cinema
        self._canvas: pygame.Surface | None = None
        self._dark: pygame.Surface | None = None

    def dressed(
        self, base: pygame.Surface, picture: Picture, moment: Moment, size: Size, rotation: int, light: Display
    ) -> pygame.Surface:
        """Return a picture with the frames of its films, and over them what lies over them, as dark as is wanted."""
        found = None
        for piece, surface in zip(picture.pieces, picture.surfaces, strict=True):
            film = self._cinema.picture(piece.shown.slide if piece.shown else None, piece.rectangle, moment.unix_ms)
            if found is not None:
                found.blit(surface, turned_corner(piece.rectangle, size, rotation))
            if film is not None and film[0].get_size() == base.get_size():
                found = film[0]
            elif film is not None:
                found = found or self._copy(base)
                found.blit(film[0], turned_corner(film[1], size, rotation))
        return self._dimmed(found or base, light)

    def _copy(self, base: pygame.Surface) -> pygame.Surface:
        self._canvas = _onto(self._canvas, base)
        return self._canvas

    def _dimmed(self, picture: pygame.Surface, light: Display) -> pygame.Surface:
        if light.brightness >= 100 or light.state is PowerState.ON:
            return picture
        self._dark = _onto(self._dark, picture)
        level = round(255 * light.brightness / 100)
        self._dark.fill((level, level, level), special_flags=pygame.BLEND_RGB_MULT)
        return self._dark


@dataclass
class Blend:
    """A picture that gives way to another.

    Args:
        kind: How.
        before: What is on the glass; a copy that nobody else draws on.
        begun_ms: The uptime at which it begins.
        rotation: By how many degrees clockwise the panel hangs turned.
    """

    kind: Transition
    before: pygame.Surface
    begun_ms: float
    rotation: int
    _canvas: pygame.Surface | None = None

    def is_over(self, uptime_ms: float) -> bool:
        """Tell whether only the new picture is left."""
        return uptime_ms - self.begun_ms >= TRANSITION_MS

    def at(self, after: pygame.Surface, uptime_ms: float) -> pygame.Surface:
        """Return what is between the two."""
        linear = min(1.0, max(0.0, (uptime_ms - self.begun_ms) / TRANSITION_MS))
        done = linear * linear * (3 - 2 * linear)
        self._canvas = canvas = _onto(self._canvas, self.before)
        width, height = canvas.get_size()
        right, down = _RIGHTWARDS[self.rotation]
        if self.kind is Transition.CROSSFADE:
            after.set_alpha(round(255 * done))
            canvas.blit(after, (0, 0))
            after.set_alpha(None)
        elif self.kind is Transition.PUSH:
            across, along = round(right * width * done), round(down * height * done)
            canvas.blit(self.before, (-across, -along))
            canvas.blit(after, (right * width - across, down * height - along))
        else:
            shown = pygame.Rect(0, 0, *(round(side * done) if way else side
                                        for side, way in ((width, right), (height, down))))  # fmt: skip
            shown.topleft = (width - shown.width if right < 0 else 0, height - shown.height if down < 0 else 0)
            canvas.blit(after, shown.topleft, shown)
        return canvas


def _onto(canvas: pygame.Surface | None, picture: pygame.Surface) -> pygame.Surface:
    """Return a copy of a picture, in the memory of the canvas if it has the right size."""
    if canvas is None or canvas.get_size() != picture.get_size():
        return picture.convert()
    canvas.blit(picture, (0, 0))
    return canvas
