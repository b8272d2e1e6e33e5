"""What is on, since when, and how it gets into the play log: once, whatever happens to the stage.

While something is on, a file in memory says what would have to be logged if the stage were gone in this instant. The
next start logs that, and so nothing is lost with the process; how long it was on is known up to the last look of the
stage, some seconds before. What has begun is also a line of the log itself, in case the power goes: it reaches the disk
with the play that has ended at the same time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from beffroi_content.timeline import Moment
from beffroi_content.wire.reports import EndReason, Play, ShownPart
from beffroi_player import system_clock
from beffroi_player.stage.frame_lookup import PlacedFrame
from beffroi_player.stage.play_log.end_reasons import ScreenChange, end_reason
from beffroi_player.stage.play_log.log_file import PlayLog
from beffroi_player.state.directories import RuntimeDirectory, StateDirectory, UnwrittenPlays
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

NOTE_INTERVAL_MS = 4_000
"""How often it is noted that what is on is still on, at most; the stage looks at least every five seconds."""
LOG_NOTE_INTERVAL_MS = 600_000
"""How often the log says again what is on, where nothing has changed."""
MAX_WAITING_PLAYS = 300
"""How many plays wait in memory for a disk that takes nothing."""

PartKey = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _OpenPlay:
    """A part that is on."""

    play: Play
    shown: ShownPart
    """As it was said last."""
    since_uptime_ms: float

    def ended_play(self, ended: EndReason, uptime_ms: float) -> Play:
        return self.play.model_copy(update={"ended": ended, "lasted_ms": max(0, int(uptime_ms - self.since_uptime_ms))})


class ShowingTracker:
    """The showings that are on, and the log that they end in."""

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

    def record_change(self, pieces: Iterable[PlacedFrame], change: ScreenChange, frame: str, at: Moment) -> None:
        """Log what is on no more, and note what is new.

        Args:
            pieces: What is on the glass.
            change: What is known of it.
            frame: Its digest.
            at: Since when.
        """
        present = {_part_key(piece.shown): (piece.shown, piece.ticks) for piece in pieces if piece.shown}
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
        self._note_unwritten(is_news=bool(begun))

    def note_presence(self) -> None:
        """Note that what is on is still on, if that was not done of late."""
        if self._uptime() - self._noted_ms >= NOTE_INTERVAL_MS:
            self._write_ended()
            self._note_unwritten()

    def end_all(self) -> None:
        """Log what is on: the player is ended."""
        now = self._uptime()
        self._waiting += [on.ended_play(EndReason.STOPPED, now) for on in self._open_plays.values()]
        self._open_plays.clear()
        self._write_ended()
        self._log.sync()
        self._note_unwritten()

    def _write_ended(self) -> None:
        """Log what has ended, in that order, as far as the disk takes it."""
        while self._waiting and self._log.append_play(self._waiting[0]):
            del self._waiting[0]
        for play in self._waiting[:-MAX_WAITING_PLAYS]:
            log.warning("the play of %s is lost: the disk takes nothing", play.slide or play.alert)
        self._waiting = self._waiting[-MAX_WAITING_PLAYS:]

    def _note_unwritten(self, *, is_news: bool = False) -> None:
        """Note what is not logged yet: in memory, and in the log now and then or where something has begun."""
        self._noted_ms = now = self._uptime()
        plays = (*self._waiting, *(on.ended_play(EndReason.DIED, now) for on in self._open_plays.values()))
        unwritten = UnwrittenPlays(next=self._log.next_number, plays=plays)
        _write_model(self._memory, unwritten)
        if is_news or (self._open_plays and now - self._log_noted_ms >= LOG_NOTE_INTERVAL_MS):
            self._log_noted_ms = now
            self._log.append_note(unwritten)
        self._log.sync_in_background()

    def _recover_unwritten(self) -> None:
        """Log what a stage left that is gone, unless it had come to that itself."""
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
    """Tell whether the same slide, page or alert is in the same showing, and not in its next turn."""
    return before.since_ms == now.since_ms or before.until_ms is None or unix_ms < before.until_ms


def _new_play(shown: ShownPart, frame: str, at: Moment) -> Play:
    return Play(
        number=1, slide=shown.slide, alert=shown.alert, page=shown.page, zone=shown.zone, started_at_ms=at.unix_ms,
        lasted_ms=0, frame=frame, clock=at.clock,
    )  # fmt: skip


def _part_key(shown: ShownPart) -> PartKey:
    return shown.zone, shown.slide, shown.alert, shown.form, str(shown.page)


def _play_key(play: Play) -> tuple[object, ...]:
    """Return what no two showings have in common."""
    return play.zone, play.slide, play.alert, play.page, play.started_at_ms


def _write_model(slot: ModelFile[UnwrittenPlays], unwritten: UnwrittenPlays) -> None:
    try:
        slot.write(unwritten)
    except OSError as error:
        log.warning("%s is not written: %s", slot.path.name, error)
