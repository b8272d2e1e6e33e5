"""What the stage says of the glass: to the agent at once, and to the play log when something leaves."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from beffroi_content.model import HeldAlert, PowerState
from beffroi_content.timeline import Moment
from beffroi_content.timeline.alerts import alert_phases
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_player.stage.frame_lookup import SceneFrames
from beffroi_player.stage.play_log.end_reasons import ScreenChange
from beffroi_player.stage.play_log.showings import ShowingTracker
from beffroi_player.state.directories import FrameFault, PresentedStatus, RuntimeDirectory, Size
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

COUNT_INTERVAL_MS = 60_000
"""How often what is counted is renewed where that is the only news."""


@dataclass(frozen=True, slots=True)
class PresentedFrame:
    """A picture that is on the glass."""

    number: int
    size: Size
    digest: str
    uptime_ms: float


class PlaybackCounts(NamedTuple):
    """What went wrong with what moves, since the start."""

    dropped_frames: int = 0
    """Of films, that came too late."""
    late_frames: int = 0
    """Steps of transitions and of messages that glide."""
    decode_errors: int = 0
    """What could not be decoded of films."""


class StatusWriter:
    """Writes down what is on the glass, if that is news."""

    def __init__(self, runtime: RuntimeDirectory, showings: ShowingTracker, started_ms: int) -> None:
        self._runtime, self._showings, self._started_ms = runtime, showings, started_ms
        self.last_status: PresentedStatus | None = None
        """What was said last."""
        self._written_ms = 0

    def write_status(
        self,
        picture: SceneFrames,
        presented: PresentedFrame,
        moment: Moment,
        light: DisplayPower,
        programme: int | None,
        faults: tuple[FrameFault, ...],
        counts: PlaybackCounts,
        lit: str = "",
        held: Sequence[HeldAlert] = (),
    ) -> None:
        """Say what is on the glass, and tell the agent."""
        shown = tuple(piece.shown for piece in picture.placed if piece.shown)
        glass = PresentedStatus(
            started_at_ms=self._started_ms,
            number=presented.number,
            size=presented.size,
            programme=programme,
            showings=shown,
            frames=tuple(piece.frame for piece in picture.placed),
            overlay=picture.is_overlay,
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
        before = self.last_status
        if before is not None and _without_counts(glass) == _without_counts(before):
            self._showings.note_presence()
            self._renew_counts(glass, moment)
            return
        for fault in set(glass.faults) - set(before.faults if before else ()):
            log.warning("a frame is not shown: %s", fault.detail)
        self._write_file(glass, moment)
        send_wakeup(self._runtime.agent_socket)
        at = _presented_moment(presented, moment)
        change = ScreenChange(
            unix_ms=at.unix_ms,
            parts=shown,
            active=frozenset(phase.held.alert.id for phase in alert_phases(held, at) if phase.is_active(at.unix_ms)),
            has_faults=bool(picture.faults),
            other_programme=before is not None and before.programme != programme,
            is_identifying=picture.is_overlay,
            is_standby=light.state is PowerState.OFF and not shown,
        )
        self._showings.record_change(picture.placed, change, presented.digest, at)

    def _renew_counts(self, glass: PresentedStatus, moment: Moment) -> None:
        """Renew what is counted now and then: something may move for days without any other news."""
        if glass != self.last_status and moment.uptime_ms - self._written_ms >= COUNT_INTERVAL_MS:
            self._write_file(glass, moment)

    def _write_file(self, glass: PresentedStatus, moment: Moment) -> None:
        self.last_status, self._written_ms = glass, moment.uptime_ms
        self._runtime.presented.write(glass)

    @property
    def shows_alert(self) -> bool:
        """Whether any part of what was said last is an alert."""
        return self.last_status is not None and self.last_status.shows_alert

    def end_plays(self) -> None:
        """Close the play log: what is on now is not on any more."""
        self._showings.end_all()


def _presented_moment(presented: PresentedFrame, moment: Moment) -> Moment:
    """Return since when what is on is on: it was presented after the stage had looked, or was there already."""
    uptime_ms = max(moment.uptime_ms, int(presented.uptime_ms))
    return Moment(moment.unix_ms + uptime_ms - moment.uptime_ms, uptime_ms, moment.clock)


def _without_counts(glass: PresentedStatus) -> PresentedStatus:
    """Return what makes a glass worth telling of."""
    return glass.model_copy(update={"presented_at_ms": 0, **PlaybackCounts()._asdict()})
