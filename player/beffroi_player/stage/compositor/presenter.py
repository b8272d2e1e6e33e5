"""Presenter: draws on the display what differs from what is on it, step by step while something moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pygame

from beffroi_content.model import Rectangle, SlideTransition
from beffroi_content.timeline import Moment
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_player.outputs.base import Output
from beffroi_player.outputs.display_mounting import DisplayMounting
from beffroi_player.outputs.drawing.composition import Area, DrawingLayer, PanelComposition
from beffroi_player.outputs.drawing.cpu_painter import CompositionPainter
from beffroi_player.stage.compositor.animation import AnimationStep
from beffroi_player.stage.compositor.frame_compositor import FrameCompositor
from beffroi_player.stage.compositor.frame_pacing import FramePacer, steps_per_second
from beffroi_player.stage.compositor.marquee import is_whole_pixels
from beffroi_player.stage.compositor.transition import RunningTransition
from beffroi_player.stage.frame_cache import FrameCache
from beffroi_player.stage.frame_images import BrokenFrame, compose_frame
from beffroi_player.stage.frame_lookup import SceneFrames
from beffroi_player.stage.panel_geometry import panel_area, panel_size
from beffroi_player.stage.play_log.status_writer import PresentedFrame
from beffroi_player.state.atomic_files import file_stamp
from beffroi_player.state.directories import Size

NOTICE, STANDBY = "notice", "standby"
"""First part of the key of what is presented while there is nothing to show, and in standby."""
START_COLOUR = (29, 79, 145)
"""Shown by a fresh player until the agent has drawn the notice: not black, which looks broken."""
BLACK = (0, 0, 0)


def _plain_composition(base: pygame.Surface) -> PanelComposition:
    return PanelComposition(base.get_size(), (DrawingLayer.full_panel(base),))


class ScreenPresenter:
    """Holds what is on the display, and replaces it.

    A *base* is the frames of a scene as one image. It is numbered and digested when it is presented, and that is what
    receipts and the play log speak of; the frames of videos and the steps of animations over it are not counted.

    Args:
        output: A started one.
        painter: Draws compositions on it.
        compositor: Lays animations over the base.
        frames: Gives the rotation, and makes digests.
        uptime: Returns milliseconds since boot.
        splash: What is on the display already.
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
        """What was drawn last."""
        self._size: Size = output.desktop_size()
        self._transition: RunningTransition | None = None
        self._has_stepped_animation = False
        self._slides: dict[Rectangle, object] | None = None
        """What each zone shows."""
        self._presented_key: tuple[object, ...] = ()
        self._number, self._digest, self._presented_ms = 0, "0" * 64, uptime()
        self.pacer = FramePacer()
        """The steps of transitions and animations."""
        self.panel_pixels: Size | None = splash.get_size() if splash else None
        """Width and height of what is presented; None before anything is."""
        self.shows_anything = splash is not None
        """Whether anything was ever presented."""

    # --- what is on

    @property
    def is_in_transition(self) -> bool:
        """True if one base is giving way to another."""
        return self._transition is not None

    @property
    def has_motion(self) -> bool:
        """True if another step is due: of a transition, or of an animation such as a marquee."""
        return self.is_in_transition or self._has_stepped_animation

    @property
    def shows_notice(self) -> bool:
        """True if only the notice is presented."""
        return self._presented_key[:1] == (NOTICE,)

    @property
    def rotation(self) -> int:
        """Degrees clockwise by which what is presented is turned."""
        return self._frames.rotation

    def natural_size(self, rotation: int) -> Size:
        """Return the upright size to draw for while no document says what the screen measures."""
        return panel_size(self.panel_pixels or self._output.desktop_size(), rotation)

    def presented_frame(self, ready: Callable[[], object] | None = None) -> PresentedFrame | None:
        """Return what was presented last, with its digest, which takes longer to make than a step.

        Args:
            ready: Given where something moves: the digest is made by a thread, which calls this in the end.

        Returns:
            None while the digest is being made.
        """
        if not self._digest and self._base is not None:
            frames, base = self._frames, self._base
            self._digest = frames.digest_of(base) if ready is None else frames.digest_in_background(base, ready)
            if not self._digest:
                return None
        return PresentedFrame(self._number, self._size, self._digest, self._presented_ms)

    def capture_steps(self, scratch: pygame.Surface | None) -> Iterator[pygame.Surface | None] | None:
        """Copy what is presented in steps; see :meth:`CompositionPainter.copy_presented`. None before there is any."""
        return self._painter.copy_presented(scratch) if self._presented_key else None

    # --- what comes

    def set_mounting(self, mounting: DisplayMounting) -> None:
        """Lay the image on the display like this from now on; if that is a change, everything is drawn again."""
        if mounting != self._mounting:
            self._mounting = mounting
            self._painter.set_mounting(mounting)
            self.panel_pixels, self._presented_key = None, ()

    def show_frames(
        self, frames: SceneFrames, moment: Moment, size: Size, light: DisplayPower, transition: SlideTransition
    ) -> None:
        """Present frames in place of what is on, at once or by a transition, which :meth:`advance_motion` draws.

        Args:
            frames: They have at least one placed frame.
            moment: Now.
            size: Of the upright screen.
            light: Gives the brightness.
            transition: To be used where one is possible.
        """
        names = tuple((placed.frame, placed.rectangle) for placed in frames.placed)
        key = (names, self._frames.rotation, size, light.brightness)
        if key == self._presented_key:
            return
        self._transition = self._begin_transition(frames, size, transition)
        base = compose_frame(size, self._frames.rotation, frames.placed_surfaces)
        self._set_base(base)
        if self._transition is None:
            self._draw_at_once(self._compose_layers(base, frames, moment, size, light))
        self._note_presented(key, size)

    def advance_motion(
        self, frames: SceneFrames, moment: Moment, size: Size, light: DisplayPower, *, videos: bool, animations: bool
    ) -> None:
        """Draw the next step over the base that is on.

        Args:
            frames: Those of the base.
            moment: Now.
            size: Of the upright screen.
            light: Gives the brightness.
            videos: Whether a video has another frame.
            animations: Whether animations are allowed.
        """
        self._has_stepped_animation = animations and self._compositor.needs_steps(frames, moment)
        if not frames.placed or self._base is None or not (self.has_motion or videos):
            return
        now = self._uptime()
        at = self._step_uptime(now)
        ends = self._transition is not None and self._transition.is_over(now)
        if ends:
            self._transition = None
        after = self._compose_layers(self._base, frames, moment, size, light, at - moment.uptime_ms)
        self._last_composition = self._transition.composition_at(after, at) if self._transition else after
        self._painter.draw_composition(self._last_composition)
        if not self.has_motion:
            self.pacer.end_motion()
        if ends:
            # Only now the new base is on the display: this is the instant of which a receipt speaks.
            self._presented_ms = self._uptime()
            self._output.finish_present()

    def show_notice(self, path: Path, size: Size) -> None:
        """Present the notice, or a colour where there is none yet."""
        key = (NOTICE, file_stamp(path), self._frames.rotation)
        if key == self._presented_key:
            return
        try:
            surface = self._frames.open_image(path)
        except BrokenFrame:
            surface = self._filled_surface(START_COLOUR, size)
        self._present_plain(key, surface, panel_size(surface.get_size(), self._frames.rotation))

    def show_black(self, size: Size) -> None:
        """Present black, for standby."""
        key = (STANDBY, self._frames.rotation, size)
        if key != self._presented_key:
            self._present_plain(key, self._filled_surface(BLACK, size), size)

    # --- drawing

    def _present_plain(self, key: tuple[object, ...], surface: pygame.Surface, size: Size) -> None:
        """Present an image without animations, at once."""
        self._transition, self._has_stepped_animation = None, False
        self._set_base(surface)
        self._draw_at_once(_plain_composition(surface))
        self._note_presented(key, size)

    def _set_base(self, base: pygame.Surface) -> None:
        """Take a new base; where it has another size than the one before, the display is opened again."""
        self._base = base
        panel = base.get_size()
        if panel != self.panel_pixels:
            self._output.open(self._mounting.display_size(panel))
            self.panel_pixels = panel

    def _draw_at_once(self, composition: PanelComposition) -> None:
        self._last_composition = composition
        self._painter.draw_composition(composition)
        self._presented_ms = self._uptime()
        self._output.finish_present()

    def _note_presented(self, key: tuple[object, ...], size: Size) -> None:
        self._presented_key, self.shows_anything = key, True
        self._number += 1
        self._digest = ""
        self._size = size

    def _step_uptime(self, now: float) -> float:
        """Return the uptime that is drawn: the one of the step, or now where no steps are made (video alone)."""
        if not self.has_motion:
            return now
        if not self.pacer.is_moving:
            self.pacer.period_ms = 1000 / steps_per_second(self._output.refresh_rate())
        return self.pacer.note_step(now)

    def _compose_layers(
        self,
        base: pygame.Surface,
        frames: SceneFrames,
        moment: Moment,
        size: Size,
        light: DisplayPower,
        ahead_ms: float = 0.0,
    ) -> PanelComposition:
        has_subpixels = self._painter.has_subpixel_shift and not is_whole_pixels(self.pacer.period_ms)
        step = AnimationStep(moment, moment.unix_ms + ahead_ms, size, self._frames.rotation, has_subpixels)
        return self._compositor.compose_layers(base, frames, step, light)

    def _begin_transition(
        self, frames: SceneFrames, size: Size, transition: SlideTransition
    ) -> RunningTransition | None:
        """Return the transition by which new frames replace what is on; None: at once."""
        before, self._slides = self._slides, _slides_by_place(frames)
        if transition is SlideTransition.CUT or self._last_composition is None or self._presented_key[:1] == (STANDBY,):
            return None
        if self._slides == before:
            # The same slides with other frames, such as a clock a minute later: that is shown at once, and a
            # transition that runs in another zone goes on.
            return self._transition
        if before is None or self._last_composition.size != panel_size(size, self._frames.rotation):
            return None
        changed = [place for place, shown in self._slides.items() if before.get(place) != shown]
        areas = [panel_area(place, size, self._frames.rotation) for place in changed]
        # Only zones with another slide take part, unless zones themselves come or go.
        changing = _bounding_area(areas) if areas and self._slides.keys() == before.keys() else None
        return RunningTransition(transition, replace(self._last_composition, previous=None), self._uptime(), changing)

    def _filled_surface(self, colour: tuple[int, int, int], size: Size) -> pygame.Surface:
        surface = pygame.Surface(panel_size(size, self._frames.rotation), depth=32)
        surface.fill(colour)
        return surface


def _slides_by_place(frames: SceneFrames) -> dict[Rectangle, object]:
    """Return the slide and page that each place shows."""
    return {placed.rectangle: placed.shown and (placed.shown.slide, placed.shown.page) for placed in frames.placed}


def _bounding_area(areas: Sequence[Area]) -> Area:
    """Return the smallest area that holds all of these."""
    first, *others = map(pygame.Rect, areas)
    left, top, width, height = first.unionall(others)
    return left, top, width, height
