"""Confirmation of plays: whether the frame of a play is the one that the programme of its screen draws.

A digest that was found equal once is equal on every screen. Others are compared while time is left, with the programme
that the screen has now: of a play that comes late, or is of a former programme, nothing is known, which is not said to
be wrong.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from beffroi_server.fleet.models import Screen

logger = logging.getLogger(__name__)
MAX_KNOWN_FRAMES = 50_000
ROUND_S = 2.0
"""Seconds of drawing in one round of counting."""


@dataclass(frozen=True, slots=True)
class PlayedFrame:
    """What is compared of a play."""

    screen_id: int
    slide: str
    alert: str
    page: int
    frame: str
    started_at: dt.datetime
    lasted_ms: int


class FrameConfirmation:
    """Confirms the frames of plays; safe for one thread.

    Args:
        draw: Tells whether a screen must show a frame at an instant of a play; may take its time.
        monotonic: Seconds on a clock that cannot be set.
    """

    def __init__(
        self,
        draw: Callable[[PlayedFrame], bool] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._draw, self._monotonic = draw or draws_frame, monotonic
        self._known: dict[tuple[str, str, int, str], None] = {}
        self._refused: set[tuple[int, str, str, int, str]] = set()
        self._ends_s = 0.0

    def begin_round(self, seconds: float = ROUND_S) -> None:
        """Allow so many seconds of drawing from now on."""
        self._ends_s = self._monotonic() + seconds
        self._refused.clear()

    def is_confirmed(self, play: PlayedFrame) -> bool | None:
        """Tell whether the frame of a play is known to be the right one; None: there is no time to compare it now."""
        key = play.slide, play.alert, play.page, play.frame
        if not play.frame:
            return False
        if key in self._known:
            return True
        if (play.screen_id, *key) in self._refused:
            return False
        if self._monotonic() >= self._ends_s:
            return None
        if not self._draw(play):
            self._refused.add((play.screen_id, *key))
            return False
        self._known[key] = None
        while len(self._known) > MAX_KNOWN_FRAMES:
            self._known.pop(next(iter(self._known)))
        return True


def draws_frame(play: PlayedFrame) -> bool:
    """Tell whether the programme and the alerts of a screen draw the frame of a play at its time."""
    from beffroi_server.monitoring import expected_frames  # noqa: PLC0415 - Pillow loads only where something is drawn

    screen = Screen.objects.select_related("screen_class").filter(pk=play.screen_id).first()
    if screen is None:
        return False
    later = play.started_at + dt.timedelta(milliseconds=min(play.lasted_ms, 86_400_000) / 2)
    try:
        contents = expected_frames.ExpectedContents([screen])
        return play.frame in contents.digests_at(screen, (play.started_at, later))
    except Exception as error:  # noqa: BLE001 - a slide that cannot be drawn is not confirmed, and counting goes on
        logger.info("a frame of %s cannot be compared: %s", screen.slug, error)
        return False
