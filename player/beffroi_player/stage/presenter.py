"""From pictures to the output: one takes the place of another, and what moves on them is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pygame

from beffroi_content.model import Rectangle, Transition
from beffroi_content.timeline import Moment
from beffroi_content.timeline.display import Display
from beffroi_player.files import stamp
from beffroi_player.outputs.base import Output
from beffroi_player.outputs.canvas import Painter
from beffroi_player.outputs.composition import Area, Composition, Layer
from beffroi_player.outputs.mounting import Mounting
from beffroi_player.stage.composer import Blend, Composer
from beffroi_player.stage.frames import BrokenFrame, Frames, compose, panel_size, turned_area
from beffroi_player.stage.glider import is_whole
from beffroi_player.stage.pace import Pace, steps_per_second
from beffroi_player.stage.scenery import Picture
from beffroi_player.stage.teller import Presented
from beffroi_player.store import Size

NOTICE, REST = "notice", "rest"
"""What is on the glass while there is nothing to show, and in its hours of rest."""
COLOUR = (29, 79, 145)
"""What a fresh player shows until the agent has drawn the notice: not black, which looks broken."""
BLACK = (0, 0, 0)


def _plain(base: pygame.Surface) -> Composition:
    return Composition(base.get_size(), (Layer.whole(base),))


class Presenter:
    """The glass. Presents only what differs from what is on it.

    Args:
        output: A started one.
        painter: Brings compositions to it.
        composer: Lays over pictures what moves.
        frames: Knows how the panel hangs.
        uptime: Milliseconds since boot.
        splash: What is on the glass already.
    """

    def __init__(
        self, output: Output, painter: Painter, composer: Composer, frames: Frames, uptime: Callable[[], float],
        splash: pygame.Surface | None = None,
    ) -> None:  # fmt: skip
        self._output, self._painter, self._composer = output, painter, composer
        self._frames, self._uptime = frames, uptime
        self._mounting = Mounting()
        self._base: pygame.Surface | None = None
        self._top = _plain(splash) if splash else None
        """What was presented last."""
        self._panel: Size | None = splash.get_size() if splash else None
        self._size: Size = output.desktop()
        self._blend: Blend | None = None
        self._glides = False
        """Whether messages glide over the picture."""
        self._pace = Pace()
        self._slides: dict[Rectangle, object] | None = None
        """What each zone shows."""
        self._on_glass: tuple[object, ...] = ()
        self._number, self._digest, self._presented_ms = 0, "0" * 64, uptime()
        self.shows_anything = splash is not None
        """Whether anything was ever presented."""

    # --- what is on

    @property
    def late(self) -> int:
        """Steps of transitions, and of messages that glide, that came late since the start."""
        return self._pace.late

    @property
    def blends(self) -> bool:
        """Whether a picture is giving way to another."""
        return self._blend is not None

    @property
    def moves(self) -> bool:
        """Whether another step is due: of a transition, or of messages that glide."""
        return self.blends or self._glides

    @property
    def shows_notice(self) -> bool:
        """Whether what is on the glass is only the notice."""
        return self._on_glass[:1] == (NOTICE,)

    @property
    def panel(self) -> Size | None:
        """What is on the glass measures that many pixels; None before there is anything."""
        return self._panel

    def left_ms(self, uptime_ms: float) -> float:
        """Return the milliseconds until the next step is due."""
        return self._pace.left_ms(uptime_ms)

    def natural_size(self, rotation: int) -> Size:
        """Return the upright size to draw for while nothing says what the screen measures."""
        return panel_size(self._panel or self._output.desktop(), rotation)

    def presented(self, ready: Callable[[], object] | None = None) -> Presented | None:
        """Return what was presented last, with its digest: to make one takes longer than a step of what moves.

        Args:
            ready: Where something moves: what is to be called once the digest is made beside it.

        Returns:
            None while it is being made.
        """
        if not self._digest and self._base is not None:
            frames, base = self._frames, self._base
            self._digest = frames.digest(base) if ready is None else frames.digest_soon(base, ready)
            if not self._digest:
                return None
        return Presented(self._number, self._size, self._digest, self._presented_ms)

    def photograph(self, room: pygame.Surface | None) -> Iterator[pygame.Surface | None] | None:
        """Make a copy of what is on the panel; see :meth:`Painter.photograph`. None before there is anything."""
        return self._painter.photograph(room) if self._on_glass else None

    # --- what comes

    def mount(self, mounting: Mounting) -> None:
        """Lay the picture on the display like this from now on; in another way than before, all is drawn anew."""
        if mounting != self._mounting:
            self._mounting = mounting
            self._painter.mount(mounting)
            self._panel, self._on_glass = None, ()

    def show(self, picture: Picture, moment: Moment, size: Size, light: Display, transition: Transition) -> None:
        """Present a picture in place of what is on the glass, at once or by a transition."""
        frames = tuple((piece.frame, piece.rectangle) for piece in picture.pieces)
        key = (frames, self._frames.rotation, size, light.brightness)
        if key == self._on_glass:
            return
        self._blend = self._blend_to(picture, size, transition)
        dress = partial(self._dressed, picture=picture, moment=moment, size=size, light=light)
        self._put(key, lambda: compose(size, self._frames.rotation, picture.parts), size, dress)

    def move(self, picture: Picture, moment: Moment, size: Size, light: Display, *, films: bool, glides: bool) -> None:
        """Present what has moved on the picture that is on.

        Args:
            films: Whether a film has another frame.
            glides: Whether messages may glide.
        """
        self._glides = glides and self._composer.glides(picture, moment)
        if not picture.pieces or self._base is None or not (self.moves or films):
            return
        now = self._uptime()
        at = self._step(now)
        ends = self._blend is not None and self._blend.is_over(now)
        if ends:
            self._blend = None
        dressed = self._dressed(self._base, picture, moment, size, light, at - moment.uptime_ms)
        self._top = self._blend.at(dressed, at) if self._blend else dressed
        self._painter.draw(self._top)
        if not self.moves:
            self._pace.rest()
        if ends:
            self._presented_ms = self._uptime()
            self._output.settle()

    def show_notice(self, path: Path, size: Size) -> None:
        """Present the notice, or a colour where there is none yet."""
        key = (NOTICE, stamp(path), self._frames.rotation)
        try:
            surface = self._frames.open(path)
        except BrokenFrame:
            surface = self._filled(COLOUR, size)
        self._put(key, lambda: surface, panel_size(surface.get_size(), self._frames.rotation))

    def darken(self, size: Size) -> None:
        """Present darkness, for the hours of rest."""
        self._blend, self._glides = None, False
        self._put((REST, self._frames.rotation, size), lambda: self._filled(BLACK, size), size)

    # --- how

    def _step(self, now: float) -> float:
        """Return the uptime of which the next picture is; what is not on the grid of steps is as it is now."""
        if not self.moves:
            return now
        if not self._pace.is_moving:
            self._pace.period_ms = 1000 / steps_per_second(self._output.rate())
        return self._pace.step(now)

    def _dressed(
        self, base: pygame.Surface, picture: Picture, moment: Moment, size: Size, light: Display, ahead_ms: float = 0.0
    ) -> Composition:
        rotation = self._frames.rotation
        fine = self._painter.between_pixels and not is_whole(self._pace.period_ms)
        now_ms = moment.unix_ms + ahead_ms
        return self._composer.composition(base, picture, moment, size, rotation, light, now_ms, fine=fine)

    def _blend_to(self, picture: Picture, size: Size, transition: Transition) -> Blend | None:
        """Return how a new picture takes the place of the one on the glass; None: at once."""
        before, self._slides = self._slides, _slides(picture)
        if transition is Transition.CUT or self._top is None or self._on_glass[:1] == (REST,):
            return None
        if self._slides == before:
            # What changes by itself, such as a clock, does so at once; what gives way beside it goes on.
            return self._blend
        if before is None or self._top.size != panel_size(size, self._frames.rotation):
            return None
        changed = [place for place, shown in self._slides.items() if before.get(place) != shown]
        areas = [turned_area(place, size, self._frames.rotation) for place in changed]
        # Zones beside it go on as they are; where zones themselves come or go, all gives way.
        changing = _around(areas) if areas and self._slides.keys() == before.keys() else None
        return Blend(transition, replace(self._top, before=None), self._uptime(), changing)

    def _put(
        self,
        key: tuple[object, ...],
        build: Callable[[], pygame.Surface],
        size: Size,
        dress: Callable[[pygame.Surface], Composition] = _plain,
    ) -> None:
        """Present a picture with what moves on top of it, unless it is on the glass already.

        What is said of it is said of the picture: films are not counted frame by frame. A picture that takes the
        place of another by and by is presented by ``move``.
        """
        if key == self._on_glass:
            return
        self._base = surface = build()
        panel = surface.get_size()
        if panel != self._panel:
            self._output.open(self._mounting.size(panel))
            self._panel = panel
        if self._blend is None:
            self._top = dress(surface)
            self._painter.draw(self._top)
            self._presented_ms = self._uptime()
            self._output.settle()
        self._on_glass, self.shows_anything = key, True
        self._number += 1
        self._digest = ""
        self._size = size

    def _filled(self, colour: tuple[int, int, int], size: Size) -> pygame.Surface:
        surface = pygame.Surface(panel_size(size, self._frames.rotation), depth=32)
        surface.fill(colour)
        return surface


def _slides(picture: Picture) -> dict[Rectangle, object]:
    """Return which page of which slide each place of a picture shows."""
    return {piece.rectangle: (piece.shown.slide, piece.shown.page) if piece.shown else None for piece in picture.pieces}


def _around(areas: Sequence[Area]) -> Area:
    """Return the smallest area that holds all of these."""
    first, *others = map(pygame.Rect, areas)
    left, top, width, height = first.unionall(others)
    return left, top, width, height
