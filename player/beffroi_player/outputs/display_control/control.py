"""Control of a display's power and brightness, in a thread of its own.

Televisions and monitors answer within tenths of a second, or not at all, and no frame may wait for them. The thread
takes the newest request, carries it out through every interface of the display, tries again what failed after growing
delays, and calls back once an answer has changed. While nothing is to be switched or dimmed there is no thread.
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
"""Delay before each retry. After the last one, only another request or another display starts the tries anew."""
CLOSE_TIMEOUT_S = 3.0
"""Longest time that the end of the stage waits for the thread."""
_SWITCH_RANKS = (SwitchResult.UNKNOWN, SwitchResult.SENT, SwitchResult.CONFIRMED)


@runtime_checkable
class PowerSwitch(Protocol):
    """An interface that switches a display on and off."""

    name: str

    def switch_power(self, on: bool, wait: InterruptibleWait) -> SwitchResult:
        """Switch the display.

        Raises:
            ControlError: the display cannot be reached.
        """


@runtime_checkable
class BrightnessControl(Protocol):
    """An interface that reads and sets the brightness of a display."""

    name: str

    def read_brightness(self) -> VcpValue:
        """Return the brightness of the display and its highest value, in units of its own.

        Raises:
            ControlError: the display gives none.
        """

    def set_brightness(self, value: int) -> None:
        """Set the brightness, in the display's units, and verify it.

        Raises:
            ControlError: the display has not taken it.
        """


DisplayInterface = PowerSwitch | BrightnessControl
FindInterface = Callable[[DisplayConnector], DisplayInterface | None]
"""Finds the interface to the display at a connector; None where the display has none of its kind."""


@dataclass(frozen=True, slots=True, eq=False)
class DisplayRequest:
    """Power and brightness that a display is to have."""

    display: DisplayConnector
    on: bool
    brightness: int
    """Percent of the display's own brightness."""


class DisplayAnswer(NamedTuple):
    """State of the newest request."""

    switched: SwitchResult = SwitchResult.UNKNOWN
    dims_itself: bool = False
    """Whether the display has confirmed the requested brightness."""
    is_answered: bool = True
    """Whether the request was sent to the display."""


@dataclass(slots=True)
class _RequestProgress:
    request: DisplayRequest
    tries: int = 0
    failed: bool = False
    switched_by: dict[str, SwitchResult] = field(default_factory=dict)
    """Results by the name of the interface; one that has answered is not called again."""


class DisplayControl:
    """Controller of the display that is plugged in.

    Args:
        finders: Find the interfaces of a display.
        changes_file: Stores the changes that have to be undone.
        on_answer: Called from the controller's thread when the answer has changed.
        retry_delays_s: Delay before each retry, in seconds.
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
        """Failures of each action since the display was switched or plugged in: with a light sensor, the brightness
        changes every few seconds, and must not start the retries anew."""
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def last_answer(self) -> DisplayAnswer:
        """Answer of the display to the newest request."""
        return self._answer

    def request_state(self, display: DisplayConnector, on: bool, brightness: int) -> None:
        """Request power and brightness and return at once; an earlier request that has not begun is dropped."""
        with self._changed:
            before = self._request
            if not on:
                brightness = before.brightness if before else 100
            if before and (before.display, before.on, before.brightness) == (display, on, brightness):
                return
            self._request = DisplayRequest(display, on, brightness)
            # Without a thread there is no work in progress that this request would have to override.
            if self._thread is None and on and brightness >= 100 and self._changes == DisplayChanges():
                return
            if before is None or before.display != display:
                self._answer = DisplayAnswer()
            self._start_work(anew=before is None or (before.display, before.on) != (display, on))

    def repeat_request(self) -> None:
        """Send the newest request again, to a display that was plugged in and may be another one."""
        with self._changed:
            if self._request is not None and self._thread is not None:
                self._request = replace(self._request)
                self._answer = self._answer._replace(dims_itself=False)
                self._start_work(anew=True)

    def close(self) -> None:
        """End the thread; a display that answers later than ``CLOSE_TIMEOUT_S`` is not waited for."""
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

    # --- run in the thread

    def _run_thread(self) -> None:
        work: _RequestProgress | None = None
        while (work := self._next_work(work)) is not None:
            try:
                self._carry_out(work)
            except Exception:
                log.exception("the display cannot be controlled")
                work.failed = True
            work.tries += 1

    def _next_work(self, work: _RequestProgress | None) -> _RequestProgress | None:
        """Wait for the next request or retry; None when the thread is to end."""
        # A wait without a time limit ends with a newer request only; with one, also for a retry of the same request.
        # Requests are compared by identity: repeat_request makes an equal one that counts as new.
        with self._changed:
            last = work.request if work else None
            tries_left = work is not None and work.failed and work.tries <= len(self._retry_delays_s)
            pause = self._retry_delays_s[work.tries - 1] if work and tries_left else None
            is_newer = self._changed.wait_for(lambda: self._closing or self._request is not last, pause)
            if self._closing or self._request is None:
                return None
            return _RequestProgress(self._request) if is_newer or work is None else work

    def _carry_out(self, work: _RequestProgress) -> None:
        request, work.failed = work.request, False
        ways = [way for find in self._finders if (way := self._find_interface(find, work)) is not None]
        for way in (way for way in ways if isinstance(way, PowerSwitch)):
            # A display that was not switched off here is not switched on: a person may watch something else on it.
            if way.name not in work.switched_by and (not request.on or way.name in self._changes.off):
                self._try_action(work, f"not switched by {way.name}", partial(self._switch_display, way, work))
        dims = request.on and any(self._dim_if_needed(way, work) for way in ways if isinstance(way, BrightnessControl))
        self._update_answer(request, dims=dims if request.on else None, settled=True)

    def _find_interface(self, find: FindInterface, work: _RequestProgress) -> DisplayInterface | None:
        found: list[DisplayInterface | None] = [None]

        def look() -> bool:
            found[0] = find(work.request.display)
            return True

        self._try_action(work, "not reached", look)
        return found[0]

    def _try_action(self, work: _RequestProgress, what: str, do: Callable[[], bool]) -> bool:
        """Run an action unless it failed too often or the request is superseded; return whether it succeeded."""
        # Failures are counted by action and over all requests: a monitor that has never answered is not queried again
        # for each new brightness, while switching still has its own tries.
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
        # Only an interface that has switched the display off is remembered, to switch it on again by the same one.
        on, others = work.request.on, tuple(name for name in self._changes.off if name != way.name)
        lit = work.switched_by[way.name] = way.switch_power(on, partial(self._wait_interruptibly, work.request))
        self._store_changes(off=others if on or lit is SwitchResult.UNKNOWN else (*others, way.name))
        self._update_answer(work.request, lit=max(work.switched_by.values(), key=_SWITCH_RANKS.index))
        return True

    def _dim_if_needed(self, dimmer: BrightnessControl, work: _RequestProgress) -> bool:
        """Dim the display if needed; return whether it has the requested brightness."""
        monitor = hashlib.sha256(read_edid(work.request.display)).hexdigest()[:16]
        full = self._changes.brightness if self._changes.monitor == monitor else None
        if full is None and work.request.brightness >= 100:
            return False
        return self._try_action(
            work, f"not dimmed by {dimmer.name}", lambda: self._dim_display(dimmer, work.request, monitor, full)
        )

    def _dim_display(self, dimmer: BrightnessControl, request: DisplayRequest, monitor: str, full: int | None) -> bool:
        # The full brightness is stored before the first change: after a power cut it could not be read any more.
        if full is None:
            full = dimmer.read_brightness().value
            self._store_changes(brightness=full, monitor=monitor)
        dimmer.set_brightness(round(full * request.brightness / 100))
        if request.brightness >= 100:
            self._store_changes(brightness=None, monitor="")
        return True

    def _wait_interruptibly(self, request: DisplayRequest, seconds: float) -> bool:
        with self._changed:
            return not self._changed.wait_for(lambda: self._closing or self._request is not request, seconds)

    def _is_superseded(self, request: DisplayRequest) -> bool:
        return self._closing or self._request is not request

    def _update_answer(
        self,
        request: DisplayRequest,
        lit: SwitchResult | None = None,
        dims: bool | None = None,
        settled: bool | None = None,
    ) -> None:
        with self._changed:
            if self._is_superseded(request):
                return
            before = self._answer
            self._answer = DisplayAnswer(
                before.switched if lit is None else lit,
                before.dims_itself if dims is None else dims,
                before.is_answered if settled is None else settled,
            )
            is_news = self._answer != before
        # Called without the lock: the callback may ask for the answer.
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
            log.warning("changes to the display will not be undone after a power cut: %s", error)


def create_control(state: Path, runtime: Path) -> DisplayControl:
    """Return the controller of this machine's display.

    Args:
        state: The state directory.
        runtime: The runtime directory, with the wake-up socket of the stage.
    """
    stage_socket = RuntimeDirectory(runtime).stage_socket
    return DisplayControl(
        (cec.find_television, ddc.find_monitor),
        StateDirectory(state).display_changes,
        lambda: send_wakeup(stage_socket),
    )
