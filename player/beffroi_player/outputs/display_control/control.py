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

from beffroi_player.outputs.base import ControlError, SwitchResult, UnsupportedError
from beffroi_player.outputs.display_control import cec, ddc
from beffroi_player.outputs.display_control.cec import InterruptibleWait
from beffroi_player.outputs.display_control.ddc import VcpValue
from beffroi_player.outputs.display_control.kms import DisplayConnector, read_edid
from beffroi_player.state.directories import DisplayChanges, RuntimeDirectory, StateDirectory
from beffroi_player.state.model_file import ModelFile
from beffroi_player.wakeup import send_wakeup

log = logging.getLogger(__name__)

RETRY_DELAYS_S = (1.0, 3.0, 10.0, 30.0, 120.0, 600.0)
"""Before each new try of what failed. After the last one, only another wish or a display that is plugged in counts."""
CLOSE_TIMEOUT_S = 3.0
"""How long the end of the stage waits for a television."""
_SWITCH_RANKS = (SwitchResult.UNKNOWN, SwitchResult.SENT, SwitchResult.CONFIRMED)


@runtime_checkable
class PowerSwitch(Protocol):
    """A way of telling a display to be on or off."""

    name: str

    def switch_power(self, on: bool, wait: InterruptibleWait) -> SwitchResult:
        """Switch the display.

        Raises:
            ControlError: it is not reached.
        """


@runtime_checkable
class BrightnessControl(Protocol):
    """A way of telling a display how bright to be."""

    name: str

    def read_brightness(self) -> VcpValue:
        """Return how bright the display is, in units of its own.

        Raises:
            ControlError: it does not say.
        """

    def set_brightness(self, value: int) -> None:
        """Change how bright it is, and make sure that it is so.

        Raises:
            ControlError: it is not.
        """


DisplayInterface = PowerSwitch | BrightnessControl
FindInterface = Callable[[DisplayConnector], DisplayInterface | None]
"""Finds the way to the display at a connector; None: there is none of its kind."""


@dataclass(frozen=True, slots=True, eq=False)
class DisplayRequest:
    """What a display is to do."""

    display: DisplayConnector
    on: bool
    brightness: int
    """Percent of what it had before."""


class DisplayAnswer(NamedTuple):
    """What the display said to the newest wish."""

    switched: SwitchResult = SwitchResult.UNKNOWN
    dims_itself: bool = False
    """Whether it has the brightness that is wanted, as it says itself."""
    is_answered: bool = True
    """Whether it was asked already."""


@dataclass(slots=True)
class _RequestProgress:
    request: DisplayRequest
    tries: int = 0
    failed: bool = False
    switched_by: dict[str, SwitchResult] = field(default_factory=dict)
    """By the name of the way; who has answered is not told again."""


class DisplayControl:
    """Tells one display at a time.

    Args:
        finders: Find the ways there are.
        altered: Where it is kept what has to be undone.
        tell: Called from its own thread when an answer has changed.
        pauses_s: Before each new try.
    """

    def __init__(
        self,
        finders: Sequence[FindInterface],
        changes_file: ModelFile[DisplayChanges],
        on_answer: Callable[[], object],
        retry_delays_s: Sequence[float] = RETRY_DELAYS_S,
    ) -> None:
        self._finders, self._changes_file, self._on_answer, self._retry_delays_s = (
            tuple(finders),
            changes_file,
            on_answer,
            tuple(retry_delays_s),
        )
        self._changes = changes_file.read() or DisplayChanges()
        self._changed = threading.Condition()
        self._request: DisplayRequest | None = None
        self._answer = DisplayAnswer()
        self._failures: Counter[str] = Counter()
        """How often what failed, since the display was switched or plugged in: light may change every few seconds."""
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def last_answer(self) -> DisplayAnswer:
        """What the display said to the newest wish."""
        return self._answer

    def request_state(self, display: DisplayConnector, on: bool, brightness: int) -> None:
        """Wish something, at once; what was wished before and was not yet begun is dropped."""
        with self._changed:
            before = self._request
            if not on:
                brightness = before.brightness if before else 100
            if before and (before.display, before.on, before.brightness) == (display, on, brightness):
                return
            self._request = DisplayRequest(display, on, brightness)
            # Whoever is there may still be at work on another wish.
            if self._thread is None and on and brightness >= 100 and self._changes == DisplayChanges():
                return
            if before is None or before.display != display:
                self._answer = DisplayAnswer()
            self._start_work(anew=before is None or (before.display, before.on) != (display, on))

    def repeat_request(self) -> None:
        """Tell the display once more: it was plugged in, and may be another one."""
        with self._changed:
            if self._request is not None and self._thread is not None:
                self._request = replace(self._request)
                self._answer = self._answer._replace(dims_itself=False)
                self._start_work(anew=True)

    def close(self) -> None:
        """End the thread; a television that takes its time is not waited for."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(CLOSE_TIMEOUT_S)

    def _start_work(self, *, anew: bool) -> None:
        if anew:
            self._failures = Counter()
            self._answer = DisplayAnswer(dims_itself=self._answer.dims_itself, is_answered=False)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run_thread, name="display control", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    # --- in its thread

    def _run_thread(self) -> None:
        work: _RequestProgress | None = None
        while (work := self._next_work(work)) is not None:
            try:
                self._carry_out(work)
            except Exception:
                log.exception("the display is not told what to do")
                work.failed = True
            work.tries += 1

    def _next_work(self, work: _RequestProgress | None) -> _RequestProgress | None:
        """Wait until something is to be done. None: it is time to end."""
        with self._changed:
            last = work.request if work else None
            tries_left = work is not None and work.failed and work.tries <= len(self._retry_delays_s)
            pause = self._retry_delays_s[work.tries - 1] if work and tries_left else None
            is_newer = self._changed.wait_for(lambda: self._closing or self._request is not last, pause)
            if self._closing or self._request is None:
                return None
            return _RequestProgress(self._request) if is_newer or work is None else work

    def _carry_out(self, work: _RequestProgress) -> None:
        wish, work.failed = work.request, False
        ways = [way for find in self._finders if (way := self._find_interface(find, work)) is not None]
        for way in (way for way in ways if isinstance(way, PowerSwitch)):
            # Whoever was not switched off is not switched on: a person may show something else on it.
            if way.name not in work.switched_by and (not wish.on or way.name in self._changes.off):
                self._try_action(work, f"not switched by {way.name}", partial(self._switch_display, way, work))
        dims = wish.on and any(self._dim_if_needed(way, work) for way in ways if isinstance(way, BrightnessControl))
        self._update_answer(wish, dims=dims if wish.on else None, settled=True)

    def _find_interface(self, find: FindInterface, work: _RequestProgress) -> DisplayInterface | None:
        found: list[DisplayInterface | None] = [None]

        def look() -> bool:
            found[0] = find(work.request.display)
            return True

        self._try_action(work, "not told anything", look)
        return found[0]

    def _try_action(self, work: _RequestProgress, what: str, do: Callable[[], bool]) -> bool:
        """Do something unless it failed often, or another thing is wanted by now; return whether it succeeded."""
        enough, misses = len(self._retry_delays_s) + 1, self._failures
        if self._is_superseded(work.request) or misses[what] >= enough:
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
                log.warning("the display %s is %s: %s", work.request.display.name, what, error)
        return False

    def _switch_display(self, way: PowerSwitch, work: _RequestProgress) -> bool:
        on, others = work.request.on, tuple(name for name in self._changes.off if name != way.name)
        lit = work.switched_by[way.name] = way.switch_power(on, partial(self._wait_interruptibly, work.request))
        self._store_changes(off=others if on or lit is SwitchResult.UNKNOWN else (*others, way.name))
        self._update_answer(work.request, lit=max(work.switched_by.values(), key=_SWITCH_RANKS.index))
        return True

    def _dim_if_needed(self, dimmer: BrightnessControl, work: _RequestProgress) -> bool:
        """Dim the display if there is need; return whether it is dimmed."""
        monitor = hashlib.sha256(read_edid(work.request.display)).hexdigest()[:16]
        full = self._changes.brightness if self._changes.monitor == monitor else None
        if full is None and work.request.brightness >= 100:
            return False
        return self._try_action(
            work, f"not dimmed by {dimmer.name}", lambda: self._dim_display(dimmer, work.request, monitor, full)
        )

    def _dim_display(self, dimmer: BrightnessControl, wish: DisplayRequest, monitor: str, full: int | None) -> bool:
        if full is None:
            full = dimmer.read_brightness().value
            self._store_changes(brightness=full, monitor=monitor)
        dimmer.set_brightness(round(full * wish.brightness / 100))
        if wish.brightness >= 100:
            self._store_changes(brightness=None, monitor="")
        return True

    def _wait_interruptibly(self, wish: DisplayRequest, seconds: float) -> bool:
        with self._changed:
            return not self._changed.wait_for(lambda: self._closing or self._request is not wish, seconds)

    def _is_superseded(self, wish: DisplayRequest) -> bool:
        return self._closing or self._request is not wish

    def _update_answer(
        self,
        wish: DisplayRequest,
        lit: SwitchResult | None = None,
        dims: bool | None = None,
        settled: bool | None = None,
    ) -> None:
        with self._changed:
            if self._is_superseded(wish):
                return
            before = self._answer
            self._answer = DisplayAnswer(
                before.switched if lit is None else lit,
                before.dims_itself if dims is None else dims,
                before.is_answered if settled is None else settled,
            )
            is_news = self._answer != before
        if is_news:
            self._on_answer()

    def _store_changes(self, **changes: object) -> None:
        altered = self._changes.model_copy(update=changes)
        if altered == self._changes:
            return
        self._changes = altered
        try:
            self._changes_file.write(altered)
        except OSError as error:
            log.warning("what the display is told will not be undone after a power cut: %s", error)


def create_control(state: Path, runtime: Path) -> DisplayControl:
    """Return the control of this machine's display.

    Args:
        state: The state directory.
        runtime: The runtime directory, where the stage has its bell.
    """
    bell = RuntimeDirectory(runtime).stage_socket
    return DisplayControl(
        (cec.find_television, ddc.find_monitor), StateDirectory(state).display_changes, lambda: send_wakeup(bell)
    )
