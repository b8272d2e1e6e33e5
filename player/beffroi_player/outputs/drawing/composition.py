"""What is to be on the panel, as data. Each backend draws it in its own way: the processor, or the GPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import pygame

from beffroi_content.model import SlideTransition
from beffroi_player.outputs.base import Size

Area = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""
ZOOM_IN_SHARE = 0.08
"""By how much more than its size a picture begins that zooms in."""
RIGHT_BY_ROTATION = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
"""Where the right of an upright picture lies on a panel that hangs turned."""


class YuvFrame(NamedTuple):
    """A frame of a film as it was decoded, in 8-bit YUV 4:2:0 of BT.709: ``yuv420p`` or ``nv12``."""

    frame: Any
    """An ``av.VideoFrame``."""

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.frame.width, self.frame.height


@dataclass(frozen=True, slots=True, eq=False)
class DrawingLayer:
    """A picture at a place of the panel."""

    content: pygame.Surface | YuvFrame
    area: Area
    """On the panel, after the turn."""
    source: Area | None = None
    """The part of the picture that is seen, before the turn; None: all of it."""
    rotation: int = 0
    """Degrees clockwise by which the picture has still to be turned."""
    shift: tuple[float, float] = (0.0, 0.0)
    """By how much less than a pixel it lies further to the right and further down; only where a painter can do that."""
    clip: Area | None = None
    """Where it is seen; None: everywhere. Only with a shift."""

    @classmethod
    def full_panel(cls, picture: pygame.Surface) -> DrawingLayer:
        """Return the layer of a picture that is the panel's."""
        return cls(picture, (0, 0, *picture.get_size()))


@dataclass(frozen=True, slots=True, eq=False)
class PanelComposition:
    """Layers, the lowest first, and what they take the place of."""

    size: Size
    """Of the panel."""
    layers: tuple[DrawingLayer, ...]
    brightness: int = 100
    """Percent."""
    previous: PanelComposition | None = None
    """What gives way; it gives way to nothing itself."""
    transition: SlideTransition = SlideTransition.CUT
    progress: float = 1.0
    """How far that is, from 0 to 1."""
    rotation: int = 0
    """By how many degrees clockwise the panel hangs turned: a push comes from the right of the passer-by."""
    changing_area: Area | None = None
    """Where the one gives way to the other: the rest of the panel is as it is now; None: all of it."""

    @property
    def transition_area(self) -> Area:
        """The part of the panel where one gives way to the other."""
        return self.changing_area or (0, 0, *self.size)

    @property
    def right_direction(self) -> tuple[int, int]:
        """Where the right of the upright picture lies on the panel."""
        return RIGHT_BY_ROTATION[self.rotation]

    def push_offsets(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return how far to the right and down the picture before is moved, and how far the new one."""
        (_, _, width, height), (right, down) = self.transition_area, self.right_direction
        across, along = round(right * width * self.progress), round(down * height * self.progress)
        return (-across, -along), (right * width - across, down * height - along)

    def pushed_in_area(self) -> Area:
        """Return where the new picture is seen already, if it comes from the right of the passer-by."""
        (left, top, width, height), (right, down) = self.transition_area, self.right_direction
        wide, high = (round(side * self.progress) if way else side for side, way in ((width, right), (height, down)))
        return left if right <= 0 else left + width - wide, top if down <= 0 else top + height - high, wide, high

    def wiped_area(self) -> Area:
        """Return where the new picture is seen already, if it comes from the left of the passer-by."""
        (left, top, width, height), (right, down) = self.transition_area, self.right_direction
        wide, high = (round(side * self.progress) if way else side for side, way in ((width, right), (height, down)))
        return left + width - wide if right < 0 else left, top + height - high if down < 0 else top, wide, high

    def zoom_factor(self) -> float:
        """Return how much larger than its size the new picture is."""
        return 1 + ZOOM_IN_SHARE * (1 - self.progress)
