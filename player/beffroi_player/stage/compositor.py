"""From a picture of the scenery to a composition: what moves in its place, dimmed, and instead of what was there."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import pygame

from beffroi_content.model import PowerState, SlideTransition
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_player.outputs.drawing.composition import Area, DrawingLayer, PanelComposition
from beffroi_player.stage.frame_cache import BrokenFrame, FrameCache, panel_area, panel_size
from beffroi_player.stage.frame_lookup import PlacedFrame, SceneFrames
from beffroi_player.stage.marquee import marquee_layers as glided
from beffroi_player.stage.video.playback import VideoPlayback
from beffroi_player.state.directories import Size

TRANSITION_MS = 600.0
ZOOM_MS = 1_200.0
"""A zoom is slow."""


class FrameCompositor:
    """Lays over pictures what moves."""

    def __init__(self, videos: VideoPlayback, frames: FrameCache) -> None:
        self._videos, self._frames = videos, frames

    @staticmethod
    def has_marquee(picture: SceneFrames, moment: Moment) -> bool:
        """Tell whether messages glide over a picture."""
        return any(_current_messages(piece, moment) for piece in picture.placed)

    def compose_layers(
        self,
        base: pygame.Surface,
        picture: SceneFrames,
        moment: Moment,
        size: Size,
        rotation: int,
        light: DisplayPower,
        at_ms: float,
        *,
        fine: bool,
    ) -> PanelComposition:
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
        layers = [DrawingLayer.full_panel(base)]
        moves = False
        for piece, surface in zip(picture.placed, picture.surfaces, strict=True):
            slide = piece.shown.slide if piece.shown else None
            film = self._videos.layer_of(slide, piece.rectangle, moment.unix_ms, size, rotation)
            if moves:
                layers.append(DrawingLayer(surface, panel_area(piece.rectangle, size, rotation)))
            above = [film] if film else self._marquee_layers(piece, moment, size, rotation, at_ms, fine)
            if above:
                moves = True
                # What is covered need not be drawn.
                covers = film.area == layers[0].area if film else piece.rectangle.size == size
                layers = above if covers else [*layers, *above]
        brightness = 100 if light.state is PowerState.ON else light.brightness
        return PanelComposition(base.get_size(), tuple(layers), brightness, rotation=rotation)

    def _marquee_layers(
        self, piece: PlacedFrame, moment: Moment, size: Size, rotation: int, at_ms: float, fine: bool
    ) -> list[DrawingLayer]:
        found = []
        for name in _current_messages(piece, moment):
            with suppress(BrokenFrame):
                found.append(self._frames.load_frame(name))
        fitting = [each for each in found if panel_size(each.get_size(), rotation)[1] == piece.rectangle.height]
        return glided(fitting, piece.rectangle, at_ms, size, rotation, fine=fine) if fitting else []


@dataclass
class RunningTransition:
    """A picture that gives way to another.

    Args:
        kind: How.
        before: What is on the glass, in place of nothing.
        begun_ms: The uptime at which it begins.
        changing: The part of the panel where it does; None: all of it.
    """

    kind: SlideTransition
    before: PanelComposition
    started_ms: float
    changing_area: Area | None = None

    def is_over(self, uptime_ms: float) -> bool:
        """Tell whether only the new picture is left."""
        return uptime_ms - self.started_ms >= self.duration_ms

    def composition_at(self, after: PanelComposition, uptime_ms: float) -> PanelComposition:
        """Return what is between the two."""
        linear = min(1.0, max(0.0, (uptime_ms - self.started_ms) / self.duration_ms))
        done = linear * linear * (3 - 2 * linear)
        return replace(
            after, previous=self.before, transition=self.kind, progress=done, changing_area=self.changing_area
        )

    @property
    def duration_ms(self) -> float:
        """From the beginning to the end, in milliseconds."""
        return ZOOM_MS if self.kind is SlideTransition.ZOOM else TRANSITION_MS


def _current_messages(piece: PlacedFrame, moment: Moment) -> list[str]:
    """Return the messages that are not over; while nobody knows the time, those that never are."""
    knows = moment.clock is not ClockState.UNKNOWN
    return [each.frame for each in piece.strips
            if each.until_ms is None or (knows and moment.unix_ms < each.until_ms)]  # fmt: skip
