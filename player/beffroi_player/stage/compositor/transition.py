"""Transitions: one composition gives way to another over a fixed time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from beffroi_content.model import SlideTransition
from beffroi_player.outputs.drawing.composition import Area, PanelComposition

TRANSITION_MS = 600.0
ZOOM_MS = 1_200.0
"""A zoom is slow."""


@dataclass
class RunningTransition:
    """A transition that has begun.

    Args:
        kind: Any but ``CUT``.
        before: The composition that gives way.
        started_ms: The uptime at which it began.
        changing_area: The part of the panel that changes; None: all of it.
    """

    kind: SlideTransition
    before: PanelComposition
    started_ms: float
    changing_area: Area | None = None

    @property
    def duration_ms(self) -> float:
        """Its length in milliseconds."""
        return ZOOM_MS if self.kind is SlideTransition.ZOOM else TRANSITION_MS

    def is_over(self, uptime_ms: float) -> bool:
        """Tell whether only the new composition is left."""
        return uptime_ms - self.started_ms >= self.duration_ms

    def composition_at(self, after: PanelComposition, uptime_ms: float) -> PanelComposition:
        """Return the mixture at an instant.

        The progress follows the smoothstep polynomial 3t² - 2t³, which begins and ends at rest: a linear one looks
        as if it were cut off at both ends.
        """
        linear = min(1.0, max(0.0, (uptime_ms - self.started_ms) / self.duration_ms))
        progress = linear * linear * (3 - 2 * linear)
        return replace(
            after, previous=self.before, transition=self.kind, progress=progress, changing_area=self.changing_area
        )
