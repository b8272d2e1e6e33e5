"""What is on at an instant, why, since when and until when. Pure: the instant is handed in."""

from beffroi_content.timeline.moment import ClockState, Moment
from beffroi_content.timeline.resolver import changes, resolve
from beffroi_content.timeline.scene import Reason, ReasonKind, Scene, Showing

__all__ = ["ClockState", "Moment", "Reason", "ReasonKind", "Scene", "Showing", "changes", "resolve"]
