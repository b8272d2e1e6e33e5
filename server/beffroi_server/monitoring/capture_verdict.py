"""Verdict on a screen capture: the comparison of its pixels with the expected frame."""

from __future__ import annotations

from beffroi_content.wire.reports import CaptureLabel
from beffroi_server.fleet.models import Screen
from beffroi_server.monitoring import screen_overview


def capture_verdict(screen: Screen, label: CaptureLabel) -> str:
    """Return the code of the verdict on a capture.

    Args:
        screen: The screen.
        label: The description that its player put into the file.

    Returns:
        ``equal``: every pixel is that of the expected frame. ``moves``, ``dimmed``: the presented frame is the expected
        one; the pixels differ by what moved on it, or by the brightness. ``differs``: it is another frame.
        ``outdated``: the screen was sent something else since. ``unknown``: there is nothing to compare with.
    """
    if label.overlay or label.frame is None:
        return "unknown"
    if screen_overview.is_outdated(screen, label):
        return "outdated"
    # The player reports the digest of the frame that it composed, and that of the pixels it read back: the first tells
    # whether it showed the right thing, the second whether anything was laid over it.
    is_right = screen_overview.is_expected_frame(screen, label)
    if is_right is None:
        return "unknown"
    if not is_right:
        return "differs"
    if label.pixels == label.frame:
        return "equal"
    return "moves" if label.moves else "dimmed" if label.brightness < 100 else "differs"
