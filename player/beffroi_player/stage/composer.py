"""From a picture of the scenery to a composition: films in their places, dimmed, and in place of what was there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pygame

from beffroi_content.model import PowerState, Transition
from beffroi_content.timeline import Moment
from beffroi_content.timeline.display import Display
from beffroi_player.outputs.composition import Composition, Layer
from beffroi_player.stage.cinema import Cinema
from beffroi_player.stage.frames import turned_area
from beffroi_player.stage.scenery import Picture
from beffroi_player.store import Size

TRANSITION_MS = 600.0
ZOOM_MS = 1_200.0
"""A zoom is slow."""
FRAME_MS = 1000 / 60
"""How often a transition moves."""


class Composer:
    """Lays films over pictures."""

    def __init__(self, cinema: Cinema) -> None:
        self._cinema = cinema

    def composition(
        self, base: pygame.Surface, picture: Picture, moment: Moment, size: Size, rotation: int, light: Display
    ) -> Composition:
        """Return a picture with the frames of its films, and over them what lies over them, as dark as is wanted."""
        layers = [Layer.whole(base)]
        films = False
        for piece, surface in zip(picture.pieces, picture.surfaces, strict=True):
            slide = piece.shown.slide if piece.shown else None
            film = self._cinema.layer(slide, piece.rectangle, moment.unix_ms, size, rotation)
            if films:
                layers.append(Layer(surface, turned_area(piece.rectangle, size, rotation)))
            if film is not None:
                films = True
                # What it covers need not be drawn.
                layers = [*layers, film] if film.area != layers[0].area else [film]
        brightness = 100 if light.state is PowerState.ON else light.brightness
        return Composition(base.get_size(), tuple(layers), brightness, rotation=rotation)


@dataclass
class Blend:
    """A picture that gives way to another.

    Args:
        kind: How.
        before: What is on the glass, in place of nothing.
        begun_ms: The uptime at which it begins.
    """

    kind: Transition
    before: Composition
    begun_ms: float

    def is_over(self, uptime_ms: float) -> bool:
        """Tell whether only the new picture is left."""
        return uptime_ms - self.begun_ms >= self.lasts_ms

    def at(self, after: Composition, uptime_ms: float) -> Composition:
        """Return what is between the two."""
        linear = min(1.0, max(0.0, (uptime_ms - self.begun_ms) / self.lasts_ms))
        done = linear * linear * (3 - 2 * linear)
        return replace(after, before=self.before, kind=self.kind, done=done)

    @property
    def lasts_ms(self) -> float:
        """From the beginning to the end, in milliseconds."""
        return ZOOM_MS if self.kind is Transition.ZOOM else TRANSITION_MS
