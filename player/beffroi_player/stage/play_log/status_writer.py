"""Status writer: reports what is presented, to the agent and to the play log, when that changes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from beffroi_content.model import AlertForm, HeldAlert, PowerState
from beffroi_content.timeline import Moment
from beffroi_content.timeline.alerts import alert_phases
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_player.stage.frame_lookup import SceneFrames
from beffroi_player.stage.play_log.end_reasons import ScreenChange
from beffroi_player.stage.play_log.showings import ShowingTracker
from beffroi_player.state.directories import FirstShowing, FrameFault, PresentedStatus, RuntimeDirectory, Size
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

COUNT_INTERVAL_MS = 60_000
"""Least time between two writes where only counts have changed."""
MAX_FIRST_SHOWINGS = 256
"""Alerts, in one form each, whose first showing the status states: more than can be held at once."""
MAX_FORMER_SHOWINGS = 32
"""Of those that are not held any more."""


@dataclass(frozen=True, slots=True)
class PresentedFrame:
    """Number, size, digest and instant of the frame that is presented."""

    number: int
    """Counts from the start of the stage."""
    size: Size
    """Of the upright screen."""
    digest: str
    """See :func:`beffroi_content.frame_digest.frame_digest`."""
    uptime_ms: float
    """Instant at which it was on the display."""


class PlaybackCounts(NamedTuple):
    """Faults of videos and animations since the start."""

    dropped_frames: int = 0
    """Of videos, that came too late."""
    late_frames: int = 0
    """Steps of transitions and animations that came late."""
    decode_errors: int = 0
    """Packets and frames of videos that could not be decoded."""


class StatusWriter:
    """Writes the status file, and notifies the agent and the play log.

    Args:
        runtime: Holds the file.
        showings: Log what is no longer on.
        started_ms: Unix time of the start of the stage.
    """

    def __init__(self, runtime: RuntimeDirectory, showings: ShowingTracker, started_ms: int) -> None:
        self._runtime, self._showings, self._started_ms = runtime, showings, started_ms
        self.last_status: PresentedStatus | None = None
        """The status that was written last."""
        self._written_ms = 0
        # A stage that is started again does not show an alert for the first time.
        before = runtime.presented.read()
        self._first_showings = {(each.alert, each.form): each for each in (before.first_showings if before else ())}

    @property
    def seen_alerts(self) -> frozenset[str]:
        """The alerts that were on the screen, in another form than “end of alert”."""
        return frozenset(alert for alert, form in self._first_showings if form is not AlertForm.ALL_CLEAR)

    def write_status(
        self,
        frames: SceneFrames,
        presented: PresentedFrame,
        moment: Moment,
        light: DisplayPower,
        programme: int | None,
        faults: tuple[FrameFault, ...],
        counts: PlaybackCounts,
        lit: str = "",
        held: Sequence[HeldAlert] = (),
    ) -> None:
        """Write the status if it differs from the last one in more than its counts.

        Args:
            frames: What is presented; without placed frames in standby.
            presented: Its number, digest and instant.
            moment: Now.
            light: Power and brightness of the display.
            programme: The sequence of the active programme.
            faults: Those that no frame is the cause of.
            counts: Since the start.
            lit: The answer of the display to being switched: ``sent``, ``confirmed`` or nothing.
            held: The alerts that are held.
        """
        status = PresentedStatus(
            started_at_ms=self._started_ms,
            number=presented.number,
            size=presented.size,
            programme=programme,
            showings=tuple(placed.shown for placed in frames.placed if placed.shown),
            frames=tuple(placed.frame for placed in frames.placed),
            overlay=frames.is_overlay,
            power=light.state,
            brightness=light.brightness,
            **counts._asdict(),
            lit=lit,
            presented_at_ms=moment.unix_ms + round(presented.uptime_ms - moment.uptime_ms),
            presented_uptime_ms=presented.uptime_ms,
            clock=moment.clock,
            frame=presented.digest,
            faults=(*frames.faults, *faults),
        )
        before = self.last_status
        if before is not None and _without_counts(status) == _without_counts(before):
            self._showings.note_presence()
            self._renew_counts(status, moment)
            return
        for fault in set(status.faults) - set(before.faults if before else ()):
            log.warning("a frame is not shown: %s", fault.detail)
        self._drop_former({each.alert.id for each in held})
        self._write_file(self._with_first_showings(status), moment)
        send_wakeup(self._runtime.agent_socket)
        self._record_change(frames, status, before, held, _presented_moment(presented, moment))

    def _record_change(
        self, frames: SceneFrames, status: PresentedStatus, before: PresentedStatus | None, held: Sequence[HeldAlert],
        at: Moment,
    ) -> None:  # fmt: skip
        change = ScreenChange(
            unix_ms=at.unix_ms,
            parts=status.showings,
            active=frozenset(phase.held.alert.id for phase in alert_phases(held, at) if phase.is_active(at.unix_ms)),
            has_faults=bool(frames.faults),
            other_programme=before is not None and before.programme != status.programme,
            is_identifying=frames.is_overlay,
            is_standby=status.power is PowerState.OFF and not status.showings,
        )
        self._showings.record_change(frames.placed, change, status.frame, at)

    def _with_first_showings(self, status: PresentedStatus) -> PresentedStatus:
        """Return a status with the first showing of each alert. An overlay hides what lies beneath it."""
        first = self._first_showings
        # Later than now: of another boot, where the runtime directory outlived it.
        for key in [key for key, each in first.items() if each.uptime_ms > status.presented_uptime_ms]:
            del first[key]
        for shown in () if status.overlay else status.showings:
            key = (shown.alert or "", shown.form)
            if shown.alert is not None and key not in first:
                first[key] = FirstShowing(
                    alert=shown.alert, form=shown.form, at_ms=status.presented_at_ms,
                    uptime_ms=status.presented_uptime_ms, frame=status.frame, clock=status.clock,
                )  # fmt: skip
        for key in list(first)[:-MAX_FIRST_SHOWINGS]:
            del first[key]
        return status.model_copy(update={"first_showings": tuple(first.values())})

    def _drop_former(self, held: AbstractSet[str]) -> None:
        """Forget the oldest of the alerts that are not held any more."""
        former = [key for key in self._first_showings if key[0] not in held]
        for key in former[:-MAX_FORMER_SHOWINGS]:
            del self._first_showings[key]

    def _renew_counts(self, status: PresentedStatus, moment: Moment) -> None:
        """Write changed counts now and then: something may move for days while nothing else changes."""
        status = self._with_first_showings(status)
        if status != self.last_status and moment.uptime_ms - self._written_ms >= COUNT_INTERVAL_MS:
            self._write_file(status, moment)

    def _write_file(self, status: PresentedStatus, moment: Moment) -> None:
        self.last_status, self._written_ms = status, moment.uptime_ms
        self._runtime.presented.write(status)

    @property
    def shows_alert(self) -> bool:
        """True if any part of the last status is an alert."""
        return self.last_status is not None and self.last_status.shows_alert


def _presented_moment(presented: PresentedFrame, moment: Moment) -> Moment:
    """Return the moment since which something is presented.

    That is after ``moment``, which was taken when the iteration began, unless it was on already.
    """
    uptime_ms = max(moment.uptime_ms, int(presented.uptime_ms))
    return Moment(moment.unix_ms + uptime_ms - moment.uptime_ms, uptime_ms, moment.clock)


def _without_counts(status: PresentedStatus) -> PresentedStatus:
    """Return a status without what changes all the time."""
    changes = {"presented_at_ms": 0, "first_showings": (), **PlaybackCounts()._asdict()}
    return status.model_copy(update=changes)
