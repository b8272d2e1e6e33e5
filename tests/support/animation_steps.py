"""Steps of animations at a given instant."""

from __future__ import annotations

from beffroi_content.timeline import ClockState, Moment
from beffroi_player.stage.compositor.animation import AnimationStep


def step_at(
    unix_ms: float, size: tuple[int, int], rotation: int = 0, has_subpixels: bool = True, *,
    clock: ClockState = ClockState.TRUSTED,
) -> AnimationStep:  # fmt: skip
    """Return the step of an instant on a screen of that upright size."""
    return AnimationStep(Moment(int(unix_ms), 0, clock), unix_ms, size, rotation, has_subpixels)
