"""Compositions of a panel as data: layers and transitions, drawn by the processor or by the GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pygame

from beffroi_content.model import SlideTransition
from beffroi_player.outputs.base import Size

Area = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""
ZOOM_IN_SHARE = 0.08
"""Share by which an image is enlarged at the start of a zoom."""
RIGHT_BY_ROTATION = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
"""Direction on the panel of the right side of an upright image, by the rotation of the panel in degrees."""


class YuvFrame(NamedTuple):
    """A decoded video frame, in 8-bit YUV 4:2:0 of BT.709: ``yuv420p`` or ``nv12``."""

    frame: Any
    """An ``av.VideoFrame``."""

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.frame.width, self.frame.height


@dataclass(frozen=True, slots=True, eq=False)
class DrawingLayer:
    """An image or video frame at a place of the panel."""

    content: pygame.Surface | YuvFrame
    area: Area
    """Area on the panel, after the rotation."""
    source: Area | None = None
    """The part of the content that is drawn, before the rotation; None: all of it."""
    rotation: int = 0
    """Degrees clockwise by which the content is rotated when it is drawn."""
    shift: tuple[float, float] = (0.0, 0.0)
    """Fraction of a pixel by which it is moved right and down; only for painters with ``has_subpixel_shift``."""
    clip: Area | None = None
    """Area on the panel outside of which nothing of it is drawn; None: no limit. Only with a shift."""

    @classmethod
    def full_panel(cls, image: pygame.Surface) -> DrawingLayer:
        """Return a layer that fills the panel with an image of its size."""
        return cls(image, (0, 0, *image.get_size()))


@dataclass(frozen=True, slots=True, eq=False)
class PanelComposition:
    """Layers of a panel, the lowest first, and the transition from the composition before."""

    size: Size
    """Size of the panel in pixels."""
    layers: tuple[DrawingLayer, ...]
    brightness: int = 100
    """Percent."""
    previous: PanelComposition | None = None
    """The composition that the transition replaces, which has none before itself; None: no transition."""
    transition: SlideTransition = SlideTransition.CUT
    progress: float = 1.0
    """Progress of the transition, from 0 to 1."""
    rotation: int = 0
    """Degrees clockwise by which the panel is mounted: a push comes from the right as passers-by see it."""
    changing_area: Area | None = None
    """Area of the transition; the rest of the panel shows the new layers at once. None: all of it."""

    @property
    def transition_area(self) -> Area:
        """Area of the panel in which the transition takes place."""
        return self.changing_area or (0, 0, *self.size)

    @property
    def right_direction(self) -> tuple[int, int]:
        """Direction on the panel of the right side of the upright image."""
        return RIGHT_BY_ROTATION[self.rotation]

    def push_offsets(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the offsets, right and down, of the previous image and of the new image in a push."""
        (_, _, width, height), (right, down) = self.transition_area, self.right_direction
        across, along = round(right * width * self.progress), round(down * height * self.progress)
        return (-across, -along), (right * width - across, down * height - along)

    def pushed_in_area(self) -> Area:
        """Return the area that the new image covers so far in a push."""
        (left, top, width, height), (right, down) = self.transition_area, self.right_direction
        wide, high = (round(side * self.progress) if way else side for side, way in ((width, right), (height, down)))
        return left if right <= 0 else left + width - wide, top if down <= 0 else top + height - high, wide, high

    def wiped_area(self) -> Area:
        """Return the area that the new image covers so far in a wipe, from the left as passers-by see it."""
        (left, top, width, height), (right, down) = self.transition_area, self.right_direction
        wide, high = (round(side * self.progress) if way else side for side, way in ((width, right), (height, down)))
        return left + width - wide if right < 0 else left, top + height - high if down < 0 else top, wide, high

    def zoom_factor(self) -> float:
        """Return the factor by which the new image is enlarged in a zoom."""
        return 1 + ZOOM_IN_SHARE * (1 - self.progress)
