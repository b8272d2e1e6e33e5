"""What is computed from data and from the time, on the player, without a network."""

from __future__ import annotations

from typing import Literal

from beffroi_content.model.base import Line, WireModel

MINUTE_MS = 60_000


class ClockWidget(WireModel):
    """The time of day and the date."""

    kind: Literal["clock"] = "clock"
    title: Line = ""

    @property
    def tick_ms(self) -> int:
        """How often the picture changes."""
        return MINUTE_MS


Widget = ClockWidget
WIDGET_KINDS = frozenset({"clock"})
