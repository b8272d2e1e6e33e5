"""Compositor: a composed frame, the animations over it, and the brightness, as layers for a painter."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from beffroi_content.model import PowerState
from beffroi_content.timeline import Moment
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_player.outputs.drawing.composition import DrawingLayer, PanelComposition
from beffroi_player.stage.compositor.animation import AnimatedLayers, Animation, AnimationStep
from beffroi_player.stage.frame_lookup import PlacedFrame, SceneFrames
from beffroi_player.stage.panel_geometry import panel_area


class FrameCompositor:
    """Lays animations over frames.

    Args:
        animations: In the order in which they are asked: over one frame lies the first that has something to draw.
    """

    def __init__(self, animations: Sequence[Animation]) -> None:
        self._animations = tuple(animations)

    def needs_steps(self, frames: SceneFrames, moment: Moment) -> bool:
        """Tell whether anything over these frames moves at the display's refresh rate."""
        return any(each.needs_steps(placed, moment) for placed in frames.placed for each in self._animations)

    def compose_layers(
        self, base: pygame.Surface, frames: SceneFrames, step: AnimationStep, light: DisplayPower
    ) -> PanelComposition:
        """Return the composition of an instant.

        Args:
            base: The frames as one image of the panel.
            frames: What it was composed of.
            step: The instant.
            light: Gives the brightness.
        """
        layers = [DrawingLayer.full_panel(base)]
        is_animated = False
        for placed, surface in zip(frames.placed, frames.surfaces, strict=True):
            if is_animated:
                # The base has this frame already, but an animation of a frame below may lie over it by now.
                layers.append(DrawingLayer(surface, panel_area(placed.rectangle, step.size, step.rotation)))
            above = self._animated(placed, step)
            if above is not None:
                is_animated = True
                layers = above.layers if above.covers_panel else [*layers, *above.layers]
        brightness = 100 if light.state is PowerState.ON else light.brightness
        return PanelComposition(base.get_size(), tuple(layers), brightness, rotation=step.rotation)

    def _animated(self, placed: PlacedFrame, step: AnimationStep) -> AnimatedLayers | None:
        for each in self._animations:
            if (found := each.layers_over(placed, step)) is not None:
                return found
        return None
