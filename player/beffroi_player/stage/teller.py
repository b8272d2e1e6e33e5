"""What the stage says of the glass: to the agent at once, and to the play log when something leaves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from beffroi_content.model import HeldAlert, PowerState
from beffroi_content.timeline import Moment
from beffroi_content.timeline.alerts import phases
from beffroi_content.timeline.display import Display
from beffroi_player.nudge import ring
from beffroi_player.stage.endings import Change
from beffroi_player.stage.scenery import Picture
from beffroi_player.stage.showings import Showings
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

    def __init__(self, runtime: Runtime, showings: Showings, started_ms: int) -> None:
        self._runtime, self._showings, self._started_ms = runtime, showings, started_ms
        self.glass: Glass | None = None
        """What was said last."""

    def tell(
        self, picture: Picture, presented: Presented, moment: Moment, light: Display, programme: int | None,
        faults: tuple[Fault, ...], dropped_frames: int, late_frames: int, lit: str = "",
        held: Sequence[HeldAlert] = (),
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
        before = self.glass
        if before is not None and _news(glass) == _news(before):
            self._showings.stay()
            return
        for fault in set(glass.faults) - set(before.faults if before else ()):
            log.warning("a frame is not shown: %s", fault.detail)
        self.glass = glass
        self._runtime.glass.write(glass)
        ring(self._runtime.agent_bell)
        at = _since(presented, moment)
        change = Change(
            unix_ms=at.unix_ms,
            parts=shown,
            active=frozenset(phase.held.alert.id for phase in phases(held, at) if phase.is_active(at.unix_ms)),
            has_faults=bool(picture.faults),
            other_programme=before is not None and before.programme != programme,
            names_screen=picture.overlay,
            rests=light.state is PowerState.OFF and not shown,
        )
        self._showings.change(picture.pieces, change, presented.digest, at)

    @property
    def shows_alert(self) -> bool:
        """Whether any part of what was said last is an alert."""
        return self.glass is not None and self.glass.shows_alert

    def end(self) -> None:
        """Close the play log: what is on now is not on any more."""
        self._showings.end()


def _since(presented: Presented, moment: Moment) -> Moment:
    """Return since when what is on is on: it was presented after the stage had looked, or was there already."""
    uptime_ms = max(moment.uptime_ms, int(presented.uptime_ms))
    return Moment(moment.unix_ms + uptime_ms - moment.uptime_ms, uptime_ms, moment.clock)


def _news(glass: Glass) -> Glass:
    """Return what makes a glass worth telling of."""
    return glass.model_copy(update={"presented_at_ms": 0, "dropped_frames": 0, "late_frames": 0})
