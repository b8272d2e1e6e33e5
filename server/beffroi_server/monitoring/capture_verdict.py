"""The verdict on a capture: whether its pixels are those that the screen must show."""

from __future__ import annotations

from beffroi_content.wire.reports import CaptureLabel
from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring import screen_overview


def capture_verdict(screen: Screen, said: CaptureLabel) -> str:
    """Compare a picture with what had to be on the glass then.

    Returns:
        ``equal``: each pixel is as it must be. ``moves``, ``dimmed``: what was presented is as it must be, but for what
        moved on it or for its light. ``differs``: it is another picture. ``outdated``: the screen has been sent
        something else since. ``unknown``: there is nothing to compare it with.
    """
    if said.overlay or said.frame is None:
        return "unknown"
    if screen_overview.is_outdated(screen, said):
        return "outdated"
    is_right = screen_overview.is_expected_frame(screen, said)
    if is_right is None:
        return "unknown"
    if not is_right:
        return "differs"
    if said.pixels == said.frame:
        return "equal"
    return "moves" if said.moves else "dimmed" if said.brightness < 100 else "differs"
