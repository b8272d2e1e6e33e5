"""Showings that are on, and their way into the play log: each exactly once, whatever happens to the process.

A play is logged when its showing ends, with its length. So that nothing is lost if the stage ends before that:

- Against a crash: a file in the runtime directory (memory) holds the plays that would have to be logged if the stage
  died now. The next start logs them with the reason ``died``. It is renewed every few seconds, so the length is right
  to some seconds.
- Against a power cut, which empties that directory: the same is written to the log itself as a note when a showing
  begins, and every ten minutes. It reaches the disk together with the play that ended at that instant.

The next start must not log twice what the dying process had logged already after its last note. The note gives the
number that the next play would get; plays from that number on which describe the same showing are left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from beffroi_content.timeline import Moment
from beffroi_content.wire.plays import EndReason, Play
from beffroi_content.wire.reports import ShownPart
from beffroi_player import system_clock
from beffroi_player.stage.frame_lookup import PlacedFrame
from beffroi_player.stage.play_log.end_reasons import ScreenChange, end_reason
from beffroi_player.stage.play_log.log_file import PlayLog
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory, UnwrittenPlays
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

NOTE_INTERVAL_MS = 4_000
"""Least time between two notes in memory; the frame loop calls at least every five seconds."""
LOG_NOTE_INTERVAL_MS = 600_000
"""Time between two notes in the log while nothing changes."""
MAX_WAITING_PLAYS = 300
"""Plays that wait in memory for a disk that takes nothing."""

PartKey = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _OpenPlay:
    """A showing that is on."""

    play: Play
    shown: ShownPart
    """Its part of the report, as it was last."""
    since_uptime_ms: float

    def ended_play(self, ended: EndReason, uptime_ms: float) -> Play:
        return self.play.model_copy(update={"ended": ended, "lasted_ms": max(0, int(uptime_ms - self.since_uptime_ms))})


class ShowingTracker:
    """Tracks the showings that are on, and logs them when they end.

    Args:
        state: Holds the play log.
        runtime: Holds the note in memory.
        uptime: Returns milliseconds since boot.
    """

    def __init__(
        self, state: StateDirectory, runtime: RuntimeDirectory, uptime: Callable[[], float] = system_clock.uptime_ms
    ) -> None:
        self._log = PlayLog(state, uptime)
        self._uptime = uptime
        self._memory = runtime.unwritten
        self._open_plays: dict[PartKey, _OpenPlay] = {}
        self._waiting: list[Play] = []
        self._noted_ms = self._log_noted_ms = uptime()
        self._recover_unwritten()

    def record_change(self, placed: Iterable[PlacedFrame], change: ScreenChange, frame: str, at: Moment) -> None:
        """Log what is no longer on, and begin what is new.

        Args:
            placed: The frames that are presented.
            change: Explains what is no longer on.
            frame: The digest of what is presented.
            at: The moment since which it is.
        """
        present = {_part_key(each.shown): (each.shown, each.ticks) for each in placed if each.shown}
        for part, on in list(self._open_plays.items()):
            shown, ticks = present.get(part, (None, False))
            if shown is None or not (ticks or _is_same_showing(on.shown, shown, at.unix_ms)):
                del self._open_plays[part]
                self._waiting.append(on.ended_play(end_reason(on.shown, change), at.uptime_ms))
        begun = present.keys() - self._open_plays.keys()
        for part, (shown, _) in present.items():
            on = self._open_plays.get(part) or _OpenPlay(_new_play(shown, frame, at), shown, at.uptime_ms)
            self._open_plays[part] = replace(on, shown=shown)
        self._write_ended()
        self._note_unwritten(has_begun=bool(begun))

    def note_presence(self) -> None:
        """Note that what is on is still on, if that was not done in the last seconds."""
        if self._uptime() - self._noted_ms >= NOTE_INTERVAL_MS:
            self._write_ended()
            self._note_unwritten()

    def end_all(self) -> None:
        """Log everything that is on: the stage ends in good order."""
        now = self._uptime()
        self._waiting += [on.ended_play(EndReason.STOPPED, now) for on in self._open_plays.values()]
        self._open_plays.clear()
        self._write_ended()
        self._log.sync()
        self._note_unwritten()

    def _write_ended(self) -> None:
        """Log what has ended, in order, as far as the disk takes it."""
        while self._waiting and self._log.append_play(self._waiting[0]):
            del self._waiting[0]
        for play in self._waiting[:-MAX_WAITING_PLAYS]:
            log.warning("the play of %s is lost: the disk takes nothing", play.slide or play.alert)
        self._waiting = self._waiting[-MAX_WAITING_PLAYS:]

    def _note_unwritten(self, *, has_begun: bool = False) -> None:
        """Note what is not logged yet: in memory, and in the log if something has begun or the last note is old."""
        self._noted_ms = now = self._uptime()
        plays = (*self._waiting, *(on.ended_play(EndReason.DIED, now) for on in self._open_plays.values()))
        unwritten = UnwrittenPlays(next=self._log.next_number, plays=plays)
        _write_model(self._memory, unwritten)
        if has_begun or (self._open_plays and now - self._log_noted_ms >= LOG_NOTE_INTERVAL_MS):
            self._log_noted_ms = now
            self._log.append_note(unwritten)
        self._log.sync_in_background()

    def _recover_unwritten(self) -> None:
        """Log what the process before left, unless it had logged that itself."""
        left = self._memory.read() or self._log.newest_note
        if left is None or not left.plays:
            return
        logged = self._log.plays_since(left.next)
        if logged is None:
            log.warning("what was on when the power went may be logged already: it is not logged again")
            return
        known = {_play_key(play) for play in logged}
        self._waiting = [play for play in left.plays if _play_key(play) not in known]
        self._write_ended()
        self._log.sync()
        self._note_unwritten()


def _is_same_showing(before: ShownPart, now: ShownPart, unix_ms: int) -> bool:
    """Tell whether a part that is still on is the same showing, and not the next one of the same slide."""
    return before.since_ms == now.since_ms or before.until_ms is None or unix_ms < before.until_ms


def _new_play(shown: ShownPart, frame: str, at: Moment) -> Play:
    return Play(
        number=1, slide=shown.slide, alert=shown.alert, page=shown.page, zone=shown.zone, started_at_ms=at.unix_ms,
        lasted_ms=0, frame=frame, clock=at.clock,
    )  # fmt: skip


def _part_key(shown: ShownPart) -> PartKey:
    return shown.zone, shown.slide, shown.alert, shown.form, str(shown.page)


def _play_key(play: Play) -> tuple[object, ...]:
    """Return what identifies a showing."""
    return play.zone, play.slide, play.alert, play.page, play.started_at_ms


def _write_model(file: ModelFile[UnwrittenPlays], unwritten: UnwrittenPlays) -> None:
    try:
        file.write(unwritten)
    except OSError as error:
        log.warning("%s is not written: %s", file.path.name, error)
