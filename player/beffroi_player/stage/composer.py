"""From a picture of the scenery to a composition: what moves in its place, dimmed, and instead of what was there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import pygame

from beffroi_content.model import PowerState, Transition
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.display import Display
from beffroi_player.outputs.composition import Area, Composition, Layer
from beffroi_player.stage.cinema import Cinema
from beffroi_player.stage.frames import BrokenFrame, Frames, panel_size, turned_area
from beffroi_player.stage.glider import layers as glided
from beffroi_player.stage.scenery import Picture, Piece
from beffroi_player.store import Size

TRANSITION_MS = 600.0
ZOOM_MS = 1_200.0
"""A zoom is slow."""


class Composer:
    """Lays over pictures what moves."""

    def __init__(self, cinema: Cinema, frames: Frames) -> None:
        self._cinema, self._frames = cinema, frames

    @staticmethod
    def glides(picture: Picture, moment: Moment) -> bool:
        """Tell whether messages glide over a picture."""
        return any(_lasting(piece, moment) for piece in picture.pieces)

    def composition(
        self,
        base: pygame.Surface,
        picture: Picture,
        moment: Moment,
        size: Size,
        rotation: int,
        light: Display,
        at_ms: float,
        *,
        fine: bool,
    ) -> Composition:
        """Return a picture with the frames of its films, and over them what lies over them, as dark as is wanted.

        Args:
            base: The picture without what moves.
            picture: What it is made of.
            moment: Now.
            size: Of the upright screen.
            rotation: By how many degrees clockwise the panel hangs turned.
            light: How light the display is.
            at_ms: Unix time of which messages are that glide: that of the step.
            fine: Whether they may lie between pixels.
        """
        layers = [Layer.whole(base)]
        moves = False
        for piece, surface in zip(picture.pieces, picture.surfaces, strict=True):
            slide = piece.shown.slide if piece.shown else None
            film = self._cinema.layer(slide, piece.rectangle, moment.unix_ms, size, rotation)
            if moves:
                layers.append(Layer(surface, turned_area(piece.rectangle, size, rotation)))
            above = [film] if film else self._messages(piece, moment, size, rotation, at_ms, fine)
            if above:
                moves = True
                # What is covered need not be drawn.
                covers = film.area == layers[0].area if film else piece.rectangle.size == size
                layers = above if covers else [*layers, *above]
        brightness = 100 if light.state is PowerState.ON else light.brightness
        return Composition(base.get_size(), tuple(layers), brightness, rotation=rotation)

    def _messages(
        self, piece: Piece, moment: Moment, size: Size, rotation: int, at_ms: float, fine: bool
    ) -> list[Layer]:
        found = []
        for name in _lasting(piece, moment):
            with suppress(BrokenFrame):
                found.append(self._frames.load(name))
        fitting = [each for each in found if panel_size(each.get_size(), rotation)[1] == piece.rectangle.height]
        return glided(fitting, piece.rectangle, at_ms, size, rotation, fine=fine) if fitting else []


@dataclass
class Blend:
    """A picture that gives way to another.

    Args:
        kind: How.
        before: What is on the glass, in place of nothing.
        begun_ms: The uptime at which it begins.
        changing: The part of the panel where it does; None: all of it.
    """

    kind: Transition
    before: Composition
    begun_ms: float
    changing: Area | None = None

    def is_over(self, uptime_ms: float) -> bool:
        """Tell whether only the new picture is left."""
        return uptime_ms - self.begun_ms >= self.lasts_ms

    def at(self, after: Composition, uptime_ms: float) -> Composition:
        """Return what is between the two."""
        linear = min(1.0, max(0.0, (uptime_ms - self.begun_ms) / self.lasts_ms))
        done = linear * linear * (3 - 2 * linear)
        return replace(after, before=self.before, kind=self.kind, done=done, changing=self.changing)

    @property
    def lasts_ms(self) -> float:
        """From the beginning to the end, in milliseconds."""
        return ZOOM_MS if self.kind is Transition.ZOOM else TRANSITION_MS


def _lasting(piece: Piece, moment: Moment) -> list[str]:
    """Return the messages that are not over; while nobody knows the time, those that never are."""
    knows = moment.clock is not ClockState.UNKNOWN
    return [each.frame for each in piece.strips
            if each.until_ms is None or (knows and moment.unix_ms < each.until_ms)]  # fmt: skip
