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
from beffroi_content.wire.reports import Ended, Play, Shown
from beffroi_player import machine
from beffroi_player.slots import Slot
from beffroi_player.stage.endings import Change, why
from beffroi_player.stage.playlog import PlayLog
from beffroi_player.stage.scenery import Piece
from beffroi_player.store import Runtime, State, Unwritten

log = logging.getLogger(__name__)

SEEN_MS = 4_000
"""How often it is noted that what is on is still on, at most; the stage looks at least every five seconds."""
LONG_MS = 600_000
"""How often the log says again what is on, where nothing has changed."""
WAITING = 300
"""How many plays wait in memory for a disk that takes nothing."""

Part = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _On:
    """A part that is on."""

    play: Play
    shown: Shown
    """As it was said last."""
    since_uptime_ms: float

    def ended(self, ended: Ended, uptime_ms: float) -> Play:
        return self.play.model_copy(update={"ended": ended, "lasted_ms": max(0, int(uptime_ms - self.since_uptime_ms))})


class Showings:
    """The showings that are on, and the log that they end in."""

    def __init__(self, state: State, runtime: Runtime, uptime: Callable[[], float] = machine.uptime) -> None:
        self._log = PlayLog(state, uptime)
        self._uptime = uptime
        self._memory = runtime.showings
        self._on: dict[Part, _On] = {}
        self._waiting: list[Play] = []
        self._noted_ms = self._kept_ms = uptime()
        self._log_those_of_before()

    def change(self, pieces: Iterable[Piece], change: Change, frame: str, at: Moment) -> None:
        """Log what is on no more, and note what is new.

        Args:
            pieces: What is on the glass.
            change: What is known of it.
            frame: Its digest.
            at: Since when.
        """
        present = {_part(piece.shown): (piece.shown, piece.ticks) for piece in pieces if piece.shown}
        for part, on in list(self._on.items()):
            shown, ticks = present.get(part, (None, False))
            if shown is None or not (ticks or _goes_on(on.shown, shown, at.unix_ms)):
                del self._on[part]
                self._waiting.append(on.ended(why(on.shown, change), at.uptime_ms))
        begun = present.keys() - self._on.keys()
        for part, (shown, _) in present.items():
            on = self._on.get(part) or _On(_begun(shown, frame, at), shown, at.uptime_ms)
            self._on[part] = replace(on, shown=shown)
        self._write()
        self._note(is_news=bool(begun))

    def stay(self) -> None:
        """Note that what is on is still on, if that was not done of late."""
        if self._uptime() - self._noted_ms >= SEEN_MS:
            self._write()
            self._note()

    def end(self) -> None:
        """Log what is on: the player is ended."""
        now = self._uptime()
        self._waiting += [on.ended(Ended.STOPPED, now) for on in self._on.values()]
        self._on.clear()
        self._write()
        self._log.sync()
        self._note()

    def _write(self) -> None:
        """Log what has ended, in that order, as far as the disk takes it."""
        while self._waiting and self._log.append(self._waiting[0]):
            del self._waiting[0]
        for play in self._waiting[:-WAITING]:
            log.warning("the play of %s is lost: the disk takes nothing", play.slide or play.alert)
        self._waiting = self._waiting[-WAITING:]

    def _note(self, *, is_news: bool = False) -> None:
        """Note what is not logged yet: in memory, and in the log now and then or where something has begun."""
        self._noted_ms = now = self._uptime()
        plays = (*self._waiting, *(on.ended(Ended.DIED, now) for on in self._on.values()))
        unwritten = Unwritten(next=self._log.next, plays=plays)
        _put(self._memory, unwritten)
        if is_news or (self._on and now - self._kept_ms >= LONG_MS):
            self._kept_ms = now
            self._log.note(unwritten)
        self._log.keep()

    def _log_those_of_before(self) -> None:
        """Log what a stage left that is gone, unless it had come to that itself."""
        left = self._memory.read() or self._log.left
        if left is None or not left.plays:
            return
        logged = self._log.since(left.next)
        if logged is None:
            log.warning("what was on when the power went may be logged already: it is not logged again")
            return
        known = {_showing(play) for play in logged}
        self._waiting = [play for play in left.plays if _showing(play) not in known]
        self._write()
        self._log.sync()
        self._note()


def _goes_on(before: Shown, now: Shown, unix_ms: int) -> bool:
    """Tell whether the same slide, page or alert is in the same showing, and not in its next turn."""
    return before.since_ms == now.since_ms or before.until_ms is None or unix_ms < before.until_ms


def _begun(shown: Shown, frame: str, at: Moment) -> Play:
    return Play(
        number=1, slide=shown.slide, alert=shown.alert, page=shown.page, zone=shown.zone, started_at_ms=at.unix_ms,
        lasted_ms=0, frame=frame, clock=at.clock,
    )  # fmt: skip


def _part(shown: Shown) -> Part:
    return shown.zone, shown.slide, shown.alert, shown.form, str(shown.page)


def _showing(play: Play) -> tuple[object, ...]:
    """Return what no two showings have in common."""
    return play.zone, play.slide, play.alert, play.page, play.started_at_ms


def _put(slot: Slot[Unwritten], unwritten: Unwritten) -> None:
    try:
        slot.write(unwritten)
    except OSError as error:
        log.warning("%s is not written: %s", slot.path.name, error)
