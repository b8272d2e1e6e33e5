"""What a display is told besides its picture: to be on, to be off, how bright to be.

Televisions and monitors answer within tenths of a second, or not at all. One thread of its own does the talking, so
that no picture waits for it: it takes the newest wish, carries it out in every way there is, tries again what failed,
less and less often, and rings once an answer has changed. While nothing is to be switched or dimmed there is no thread.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from beffroi_player.nudge import ring
from beffroi_player.outputs import cec, ddc
from beffroi_player.outputs.base import ControlError, Lit, UnsupportedError
from beffroi_player.outputs.cec import Pause
from beffroi_player.outputs.ddc import Reading
from beffroi_player.outputs.kms import Connector, edid
from beffroi_player.slots import Slot
from beffroi_player.store import Altered, Runtime, State

log = logging.getLogger(__name__)

PAUSES_S = (1.0, 3.0, 10.0, 30.0, 120.0, 600.0)
"""Before each new try of what failed. After the last one, only another wish or a display that is plugged in counts."""
CLOSE_S = 3.0
"""How long the end of the stage waits for a television."""
_RANKS = (Lit.UNKNOWN, Lit.SENT, Lit.CONFIRMED)


@runtime_checkable
class Switch(Protocol):
    """A way of telling a display to be on or off."""

    name: str

    def switch(self, on: bool, pause: Pause) -> Lit:
        """Switch the display.

        Raises:
            ControlError: it is not reached.
        """


@runtime_checkable
class Dimmer(Protocol):
    """A way of telling a display how bright to be."""

    name: str

    def brightness(self) -> Reading:
        """Return how bright the display is, in units of its own.

        Raises:
            ControlError: it does not say.
        """

    def brighten(self, value: int) -> None:
        """Change how bright it is, and make sure that it is so.

        Raises:
            ControlError: it is not.
        """


Way = Switch | Dimmer
Find = Callable[[Connector], Way | None]
"""Finds the way to the display at a connector; None: there is none of its kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """What a display is to do."""

    display: Connector
    on: bool
    brightness: int
    """Percent of what it had before."""


class Said(NamedTuple):
    """What the display said to the newest wish."""

    lit: Lit = Lit.UNKNOWN
    dims: bool = False
    """Whether it has the brightness that is wanted, as it says itself."""
    settled: bool = True
    """Whether it was asked already."""


@dataclass(slots=True)
class _Work:
    wish: Wish
    tries: int = 0
    failed: bool = False
    answers: dict[str, Lit] = field(default_factory=dict)
    """By the name of the way; who has answered is not told again."""


class Control:
    """Tells one display at a time.

    Args:
        finders: Find the ways there are.
        altered: Where it is kept what has to be undone.
        tell: Called from its own thread when an answer has changed.
        pauses_s: Before each new try.
    """

    def __init__(
        self, finders: Sequence[Find], altered: Slot[Altered], tell: Callable[[], object],
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:  # fmt: skip
        self._finders, self._slot, self._tell, self._pauses_s = tuple(finders), altered, tell, tuple(pauses_s)
        self._altered = altered.read() or Altered()
        self._changed = threading.Condition()
        self._wish: Wish | None = None
        self._said = Said()
        self._misses: Counter[str] = Counter()
        """How often what failed, since the display was switched or plugged in: light may change every few seconds."""
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def said(self) -> Said:
        """What the display said to the newest wish."""
        return self._said

    def want(self, display: Connector, on: bool, brightness: int) -> None:
        """Wish something, at once; what was wished before and was not yet begun is dropped."""
        with self._changed:
            before = self._wish
            if not on:
                brightness = before.brightness if before else 100
            if before and (before.display, before.on, before.brightness) == (display, on, brightness):
                return
            self._wish = Wish(display, on, brightness)
            # Whoever is there may still be at work on another wish.
            if self._thread is None and on and brightness >= 100 and self._altered == Altered():
                return
            if before is None or before.display != display:
                self._said = Said()
            self._start(anew=before is None or (before.display, before.on) != (display, on))

    def again(self) -> None:
        """Tell the display once more: it was plugged in, and may be another one."""
        with self._changed:
            if self._wish is not None and self._thread is not None:
                self._wish = replace(self._wish)
                self._said = self._said._replace(dims=False)
                self._start(anew=True)

    def close(self) -> None:
        """End the thread; a television that takes its time is not waited for."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _start(self, *, anew: bool) -> None:
        if anew:
            self._misses = Counter()
            self._said = Said(dims=self._said.dims, settled=False)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="display control", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    # --- in its thread

    def _run(self) -> None:
        work: _Work | None = None
        while (work := self._next(work)) is not None:
            try:
                self._carry_out(work)
            except Exception:
                log.exception("the display is not told what to do")
                work.failed = True
            work.tries += 1

    def _next(self, work: _Work | None) -> _Work | None:
        """Wait until something is to be done. None: it is time to end."""
        with self._changed:
            last = work.wish if work else None
            tries_left = work is not None and work.failed and work.tries <= len(self._pauses_s)
            pause = self._pauses_s[work.tries - 1] if work and tries_left else None
            is_newer = self._changed.wait_for(lambda: self._closing or self._wish is not last, pause)
            if self._closing or self._wish is None:
                return None
            return _Work(self._wish) if is_newer or work is None else work

    def _carry_out(self, work: _Work) -> None:
        wish, work.failed = work.wish, False
        ways = [way for find in self._finders if (way := self._found(find, work)) is not None]
        for way in (way for way in ways if isinstance(way, Switch)):
            # Whoever was not switched off is not switched on: a person may show something else on it.
            if way.name not in work.answers and (not wish.on or way.name in self._altered.off):
                self._attempt(work, f"not switched by {way.name}", partial(self._switch, way, work))
        dims = wish.on and any(self._is_dimmed(way, work) for way in ways if isinstance(way, Dimmer))
        self._say(wish, dims=dims if wish.on else None, settled=True)

    def _found(self, find: Find, work: _Work) -> Way | None:
        found: list[Way | None] = [None]

        def look() -> bool:
            found[0] = find(work.wish.display)
            return True

        self._attempt(work, "not told anything", look)
        return found[0]

    def _attempt(self, work: _Work, what: str, do: Callable[[], bool]) -> bool:
        """Do something unless it failed often, or another thing is wanted by now; return whether it succeeded."""
        enough, misses = len(self._pauses_s) + 1, self._misses
        if self._is_old(work.wish) or misses[what] >= enough:
            return False
        try:
            done = do()
            misses[what] = 0
            return done
        except UnsupportedError:
            misses[what] = enough
        except ControlError as error:
            work.failed = True
            misses[what] += 1
            if misses[what] in (1, enough):
                log.warning("the display %s is %s: %s", work.wish.display.name, what, error)
        return False

    def _switch(self, way: Switch, work: _Work) -> bool:
        on, others = work.wish.on, tuple(name for name in self._altered.off if name != way.name)
        lit = work.answers[way.name] = way.switch(on, partial(self._pause, work.wish))
        self._remember(off=others if on or lit is Lit.UNKNOWN else (*others, way.name))
        self._say(work.wish, lit=max(work.answers.values(), key=_RANKS.index))
        return True

    def _is_dimmed(self, dimmer: Dimmer, work: _Work) -> bool:
        """Dim the display if there is need; return whether it is dimmed."""
        monitor = hashlib.sha256(edid(work.wish.display)).hexdigest()[:16]
        full = self._altered.brightness if self._altered.monitor == monitor else None
        if full is None and work.wish.brightness >= 100:
            return False
        return self._attempt(work, f"not dimmed by {dimmer.name}", lambda: self._dim(dimmer, work.wish, monitor, full))

    def _dim(self, dimmer: Dimmer, wish: Wish, monitor: str, full: int | None) -> bool:
        if full is None:
            full = dimmer.brightness().value
            self._remember(brightness=full, monitor=monitor)
        dimmer.brighten(round(full * wish.brightness / 100))
        if wish.brightness >= 100:
            self._remember(brightness=None, monitor="")
        return True

    def _pause(self, wish: Wish, seconds: float) -> bool:
        with self._changed:
            return not self._changed.wait_for(lambda: self._closing or self._wish is not wish, seconds)

    def _is_old(self, wish: Wish) -> bool:
        return self._closing or self._wish is not wish

    def _say(self, wish: Wish, lit: Lit | None = None, dims: bool | None = None, settled: bool | None = None) -> None:
        with self._changed:
            if self._is_old(wish):
                return
            before = self._said
            self._said = Said(
                before.lit if lit is None else lit,
                before.dims if dims is None else dims,
                before.settled if settled is None else settled,
            )
            is_news = self._said != before
        if is_news:
            self._tell()

    def _remember(self, **changes: object) -> None:
        altered = self._altered.model_copy(update=changes)
        if altered == self._altered:
            return
        self._altered = altered
        try:
            self._slot.write(altered)
        except OSError as error:
            log.warning("what the display is told will not be undone after a power cut: %s", error)


def control(state: Path, runtime: Path) -> Control:
    """Return the control of this machine's display.

    Args:
        state: The state directory.
        runtime: The runtime directory, where the stage has its bell.
    """
    bell = Runtime(runtime).stage_bell
    return Control((cec.television, ddc.monitor), State(state).altered, lambda: ring(bell))
