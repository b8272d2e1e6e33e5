"""What the stage says of the glass: to the agent at once, and to the play log when something leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from beffroi_content.timeline import Moment
from beffroi_content.timeline.display import Display
from beffroi_content.wire.reports import Play, Shown
from beffroi_player.nudge import ring
from beffroi_player.stage.playlog import PlayLog
from beffroi_player.stage.scenery import Picture
from beffroi_player.store import Fault, Glass, Runtime, Size

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Presented:
    """A picture that is on the glass."""

    number: int
    size: Size
    digest: str
    uptime_ms: float


class Teller:
    """Writes down what is on the glass, if that is news."""

    def __init__(self, runtime: Runtime, plays: PlayLog, started_ms: int, uptime: Callable[[], float]) -> None:
        self._runtime, self._log, self._started_ms, self._uptime = runtime, plays, started_ms, uptime
        self._plays: dict[Shown, Play] = {}
        self.glass: Glass | None = None
        """What was said last."""

    def tell(
        self, picture: Picture, presented: Presented, moment: Moment, light: Display, programme: int | None,
        faults: tuple[Fault, ...], dropped_frames: int, late_frames: int, lit: str = "",
    ) -> None:  # fmt: skip
        """Say what is on the glass, and tell the agent."""
        shown = tuple(piece.shown for piece in picture.pieces if piece.shown)
        glass = Glass(
            started_at_ms=self._started_ms,
            number=presented.number,
            size=presented.size,
            programme=programme,
            showings=shown,
            frames=tuple(piece.frame for piece in picture.pieces),
            overlay=picture.overlay,
            power=light.state,
            brightness=light.brightness,
            dropped_frames=dropped_frames,
            late_frames=late_frames,
            lit=lit,
            presented_at_ms=moment.unix_ms + round(presented.uptime_ms - moment.uptime_ms),
            presented_uptime_ms=presented.uptime_ms,
            clock=moment.clock,
            frame=presented.digest,
            faults=(*picture.faults, *faults),
        )
        if self.glass is not None and _news(glass) == _news(self.glass):
            return
        for fault in set(glass.faults) - set(self.glass.faults if self.glass else ()):
            log.warning("a frame is not shown: %s", fault.detail)
        self.glass = glass
        self._runtime.glass.write(glass)
        ring(self._runtime.agent_bell)
        self._note_plays(shown, presented.digest, moment)

    @property
    def shows_alert(self) -> bool:
        """Whether any part of what was said last is an alert."""
        return self.glass is not None and self.glass.shows_alert

    def end(self) -> None:
        """Close the play log: what is on now is not on any more."""
        self._end_plays(frozenset())

    def _note_plays(self, shown: tuple[Shown, ...], digest: str, moment: Moment) -> None:
        self._end_plays(frozenset(shown))
        for part in set(shown) - set(self._plays):
            self._plays[part] = Play(
                number=1,
                slide=part.slide,
                alert=part.alert,
                page=part.page,
                zone=part.zone,
                started_at_ms=moment.unix_ms,
                lasted_ms=moment.uptime_ms,
                frame=digest,
                clock=moment.clock,
            )

    def _end_plays(self, staying: frozenset[Shown]) -> None:
        uptime = int(self._uptime())
        for part in [part for part in self._plays if part not in staying]:
            play = self._plays.pop(part)
            # Until it ends, a play holds the uptime of its start where its length will be.
            self._log.append(play.model_copy(update={"lasted_ms": max(0, uptime - play.lasted_ms)}))


def _news(glass: Glass) -> Glass:
    """Return what makes a glass worth telling of."""
    return glass.model_copy(update={"presented_at_ms": 0, "dropped_frames": 0, "late_frames": 0})
