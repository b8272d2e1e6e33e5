"""Interface of animations: content that changes on top of a prepared frame without a new prepared frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from beffroi_content.timeline import Moment
from beffroi_player.outputs.drawing.composition import DrawingLayer
from beffroi_player.stage.frame_lookup import PlacedFrame
from beffroi_player.state.directories import Size


@dataclass(frozen=True, slots=True)
class AnimationStep:
    """The instant that is drawn, and the panel that it is drawn for."""

    moment: Moment
    """Now, as far as the player knows the time."""
    at_ms: float
    """Unix time in milliseconds of the step on the grid of the display's refreshes; may lie a little before now."""
    size: Size
    """Of the upright screen, in pixels."""
    rotation: int
    """Degrees clockwise by which the panel hangs turned."""
    has_subpixels: bool
    """Whether layers may be shifted by less than a pixel."""


class AnimatedLayers(NamedTuple):
    """Layers that an animation draws over a frame."""

    layers: list[DrawingLayer]
    covers_panel: bool
    """Whether nothing of what lies below is seen, so that it need not be drawn."""


class Animation(Protocol):
    """Something that changes over a frame."""

    def needs_steps(self, placed: PlacedFrame, moment: Moment) -> bool:
        """Tell whether the frame loop has to draw this at the display's refresh rate.

        False for a video: its own frames say when there is something new.
        """

    def layers_over(self, placed: PlacedFrame, step: AnimationStep) -> AnimatedLayers | None:
        """Return what lies over a frame at an instant; None: nothing."""
