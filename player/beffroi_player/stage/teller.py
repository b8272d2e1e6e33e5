"""What the stage says of the glass: to the agent at once, and to the play log when something leaves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

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

COUNT_MS = 60_000
"""How often what is counted is renewed where that is the only news."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A picture that is on the glass."""

    number: int
    size: Size
    digest: str
    uptime_ms: float


class Counts(NamedTuple):
    """What went wrong with what moves, since the start."""

    dropped_frames: int = 0
    """Of films, that came too late."""
    late_frames: int = 0
    """Steps of transitions and of messages that glide."""
    decode_errors: int = 0
    """What could not be decoded of films."""


class Teller:
    """Writes down what is on the glass, if that is news."""

    def __init__(self, runtime: Runtime, showings: Showings, started_ms: int) -> None:
        self._runtime, self._showings, self._started_ms = runtime, showings, started_ms
        self.glass: Glass | None = None
        """What was said last."""
        self._written_ms = 0

    def tell(
        self, picture: Picture, presented: Presented, moment: Moment, light: Display, programme: int | None,
        faults: tuple[Fault, ...], counts: Counts, lit: str = "", held: Sequence[HeldAlert] = (),
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
            **counts._asdict(),
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
            self._count(glass, moment)
            return
        for fault in set(glass.faults) - set(before.faults if before else ()):
            log.warning("a frame is not shown: %s", fault.detail)
        self._write(glass, moment)
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

    def _count(self, glass: Glass, moment: Moment) -> None:
        """Renew what is counted now and then: something may move for days without any other news."""
        if glass != self.glass and moment.uptime_ms - self._written_ms >= COUNT_MS:
            self._write(glass, moment)

    def _write(self, glass: Glass, moment: Moment) -> None:
        self.glass, self._written_ms = glass, moment.uptime_ms
        self._runtime.glass.write(glass)

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
    return glass.model_copy(update={"presented_at_ms": 0, **Counts()._asdict()})
