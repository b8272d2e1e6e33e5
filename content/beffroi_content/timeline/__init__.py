"""What is on at an instant, why, since when and until when. Pure: the instant is handed in."""

from beffroi_content.timeline.answers import Standing, Stretch, grid, idle_stretches, next_showing, shown_ms, standings
from beffroi_content.timeline.display import Display, display
from beffroi_content.timeline.moment import ClockState, Moment
from beffroi_content.timeline.resolver import changes, resolve
from beffroi_content.timeline.scene import Reason, ReasonKind, Scene, Showing

__all__ = [
    "ClockState",
    "Display",
    "Moment",
    "Reason",
    "ReasonKind",
    "Scene",
    "Showing",
    "Standing",
    "Stretch",
    "changes",
    "display",
    "grid",
    "idle_stretches",
    "next_showing",
    "resolve",
    "shown_ms",
    "standings",
]
