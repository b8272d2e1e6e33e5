"""From pictures to the output: one takes the place of another, and what moves on them is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pygame

from beffroi_content.model import Rectangle, SlideTransition
from beffroi_content.timeline import Moment
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_player.outputs.base import Output
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.outputs.drawing.composition import Area, DrawingLayer, PanelComposition
from beffroi_player.outputs.drawing.cpu_painter import CompositionPainter
from beffroi_player.stage.compositor import FrameCompositor, RunningTransition
from beffroi_player.stage.frame_cache import BrokenFrame, FrameCache, compose_frame, panel_area, panel_size
from beffroi_player.stage.frame_lookup import SceneFrames
from beffroi_player.stage.frame_pacing import FramePacer, steps_per_second
from beffroi_player.stage.marquee import is_whole_pixels
from beffroi_player.stage.play_log.status_writer import PresentedFrame
from beffroi_player.state.atomic_files import file_stamp
from beffroi_player.state.directories import Size

NOTICE, STANDBY = "notice", "rest"
"""What is on the glass while there is nothing to show, and in its hours of rest."""
START_COLOUR = (29, 79, 145)
"""What a fresh player shows until the agent has drawn the notice: not black, which looks broken."""
BLACK = (0, 0, 0)


def _plain_composition(base: pygame.Surface) -> PanelComposition:
    return PanelComposition(base.get_size(), (DrawingLayer.full_panel(base),))


class ScreenPresenter:
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
        self,
        output: Output,
        painter: CompositionPainter,
        compositor: FrameCompositor,
        frames: FrameCache,
        uptime: Callable[[], float],
        splash: pygame.Surface | None = None,
    ) -> None:
        self._output, self._painter, self._compositor = output, painter, compositor
        self._frames, self._uptime = frames, uptime
        self._mounting = DisplayMounting()
        self._base: pygame.Surface | None = None
        self._last_composition = _plain_composition(splash) if splash else None
        """What was presented last."""
        self._panel: Size | None = splash.get_size() if splash else None
        self._size: Size = output.desktop_size()
        self._transition: RunningTransition | None = None
        self._has_marquee = False
        """Whether messages glide over the picture."""
        self._pacer = FramePacer()
        self._slides: dict[Rectangle, object] | None = None
        """What each zone shows."""
        self._presented_key: tuple[object, ...] = ()
        self._number, self._digest, self._presented_ms = 0, "0" * 64, uptime()
        self.shows_anything = splash is not None
        """Whether anything was ever presented."""

    # --- what is on

    @property
    def late_steps(self) -> int:
        """Steps of transitions, and of messages that glide, that came late since the start."""
        return self._pacer.late_steps

    @property
    def is_in_transition(self) -> bool:
        """Whether a picture is giving way to another."""
        return self._transition is not None

    @property
    def has_motion(self) -> bool:
        """Whether another step is due: of a transition, or of messages that glide."""
        return self.is_in_transition or self._has_marquee

    @property
    def shows_notice(self) -> bool:
        """Whether what is on the glass is only the notice."""
        return self._presented_key[:1] == (NOTICE,)

    @property
    def panel_pixels(self) -> Size | None:
        """What is on the glass measures that many pixels; None before there is anything."""
        return self._panel

    def left_ms(self, uptime_ms: float) -> float:
        """Return the milliseconds until the next step is due."""
        return self._pacer.left_ms(uptime_ms)

    def natural_size(self, rotation: int) -> Size:
        """Return the upright size to draw for while nothing says what the screen measures."""
        return panel_size(self._panel or self._output.desktop_size(), rotation)

    def presented_frame(self, ready: Callable[[], object] | None = None) -> PresentedFrame | None:
        """Return what was presented last, with its digest: to make one takes longer than a step of what moves.

        Args:
            ready: Where something moves: what is to be called once the digest is made beside it.

        Returns:
            None while it is being made.
        """
        if not self._digest and self._base is not None:
            frames, base = self._frames, self._base
            self._digest = frames.digest_of(base) if ready is None else frames.digest_in_background(base, ready)
            if not self._digest:
                return None
        return PresentedFrame(self._number, self._size, self._digest, self._presented_ms)

    def capture_steps(self, room: pygame.Surface | None) -> Iterator[pygame.Surface | None] | None:
        """Make a copy of what is on the panel; see :meth:`Painter.photograph`. None before there is anything."""
        return self._painter.copy_presented(room) if self._presented_key else None

    # --- what comes

    def set_mounting(self, mounting: DisplayMounting) -> None:
        """Lay the picture on the display like this from now on; in another way than before, all is drawn anew."""
        if mounting != self._mounting:
            self._mounting = mounting
            self._painter.set_mounting(mounting)
            self._panel, self._presented_key = None, ()

    def show_frames(
        self, picture: SceneFrames, moment: Moment, size: Size, light: DisplayPower, transition: SlideTransition
    ) -> None:
        """Present a picture in place of what is on the glass, at once or by a transition."""
        frames = tuple((piece.frame, piece.rectangle) for piece in picture.placed)
        key = (frames, self._frames.rotation, size, light.brightness)
        if key == self._presented_key:
            return
        self._transition = self._begin_transition(picture, size, transition)
        dress = partial(self._compose_layers, picture=picture, moment=moment, size=size, light=light)
        self._present_base(
            key, lambda: compose_frame(size, self._frames.rotation, picture.placed_surfaces), size, dress
        )

    def advance_motion(
        self, picture: SceneFrames, moment: Moment, size: Size, light: DisplayPower, *, films: bool, glides: bool
    ) -> None:
        """Present what has moved on the picture that is on.

        Args:
            films: Whether a film has another frame.
            glides: Whether messages may glide.
        """
        self._has_marquee = glides and self._compositor.has_marquee(picture, moment)
        if not picture.placed or self._base is None or not (self.has_motion or films):
            return
        now = self._uptime()
        at = self._step_uptime(now)
        ends = self._transition is not None and self._transition.is_over(now)
        if ends:
            self._transition = None
        dressed = self._compose_layers(self._base, picture, moment, size, light, at - moment.uptime_ms)
        self._last_composition = self._transition.composition_at(dressed, at) if self._transition else dressed
        self._painter.draw_composition(self._last_composition)
        if not self.has_motion:
            self._pacer.end_motion()
        if ends:
            self._presented_ms = self._uptime()
            self._output.finish_present()

    def show_notice(self, path: Path, size: Size) -> None:
        """Present the notice, or a colour where there is none yet."""
        key = (NOTICE, file_stamp(path), self._frames.rotation)
        try:
            surface = self._frames.open_image(path)
        except BrokenFrame:
            surface = self._filled_surface(START_COLOUR, size)
        self._present_base(key, lambda: surface, panel_size(surface.get_size(), self._frames.rotation))

    def show_black(self, size: Size) -> None:
        """Present darkness, for the hours of rest."""
        self._transition, self._has_marquee = None, False
        self._present_base((STANDBY, self._frames.rotation, size), lambda: self._filled_surface(BLACK, size), size)

    # --- how

    def _step_uptime(self, now: float) -> float:
        """Return the uptime of which the next picture is; what is not on the grid of steps is as it is now."""
        if not self.has_motion:
            return now
        if not self._pacer.is_moving:
            self._pacer.period_ms = 1000 / steps_per_second(self._output.refresh_rate())
        return self._pacer.note_step(now)

    def _compose_layers(
        self,
        base: pygame.Surface,
        picture: SceneFrames,
        moment: Moment,
        size: Size,
        light: DisplayPower,
        ahead_ms: float = 0.0,
    ) -> PanelComposition:
        rotation = self._frames.rotation
        fine = self._painter.has_subpixel_shift and not is_whole_pixels(self._pacer.period_ms)
        now_ms = moment.unix_ms + ahead_ms
        return self._compositor.compose_layers(base, picture, moment, size, rotation, light, now_ms, fine=fine)

    def _begin_transition(
        self, picture: SceneFrames, size: Size, transition: SlideTransition
    ) -> RunningTransition | None:
        """Return how a new picture takes the place of the one on the glass; None: at once."""
        before, self._slides = self._slides, _slides_by_place(picture)
        if transition is SlideTransition.CUT or self._last_composition is None or self._presented_key[:1] == (STANDBY,):
            return None
        if self._slides == before:
            # What changes by itself, such as a clock, does so at once; what gives way beside it goes on.
            return self._transition
        if before is None or self._last_composition.size != panel_size(size, self._frames.rotation):
            return None
        changed = [place for place, shown in self._slides.items() if before.get(place) != shown]
        areas = [panel_area(place, size, self._frames.rotation) for place in changed]
        # Zones beside it go on as they are; where zones themselves come or go, all gives way.
        changing = _bounding_area(areas) if areas and self._slides.keys() == before.keys() else None
        return RunningTransition(transition, replace(self._last_composition, previous=None), self._uptime(), changing)

    def _present_base(
        self,
        key: tuple[object, ...],
        build: Callable[[], pygame.Surface],
        size: Size,
        dress: Callable[[pygame.Surface], PanelComposition] = _plain_composition,
    ) -> None:
        """Present a picture with what moves on top of it, unless it is on the glass already.

        What is said of it is said of the picture: films are not counted frame by frame. A picture that takes the
        place of another by and by is presented by ``move``.
        """
        if key == self._presented_key:
            return
        self._base = surface = build()
        panel = surface.get_size()
        if panel != self._panel:
            self._output.open(self._mounting.display_size(panel))
            self._panel = panel
        if self._transition is None:
            self._last_composition = dress(surface)
            self._painter.draw_composition(self._last_composition)
            self._presented_ms = self._uptime()
            self._output.finish_present()
        self._presented_key, self.shows_anything = key, True
        self._number += 1
        self._digest = ""
        self._size = size

    def _filled_surface(self, colour: tuple[int, int, int], size: Size) -> pygame.Surface:
        surface = pygame.Surface(panel_size(size, self._frames.rotation), depth=32)
        surface.fill(colour)
        return surface


def _slides_by_place(picture: SceneFrames) -> dict[Rectangle, object]:
    """Return which page of which slide each place of a picture shows."""
    return {piece.rectangle: (piece.shown.slide, piece.shown.page) if piece.shown else None for piece in picture.placed}


def _bounding_area(areas: Sequence[Area]) -> Area:
    """Return the smallest area that holds all of these."""
    first, *others = map(pygame.Rect, areas)
    left, top, width, height = first.unionall(others)
    return left, top, width, height
