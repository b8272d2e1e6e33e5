"""The clock of the agent: set by beats or the kernel, and passed on to the stage through ``clock.json``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from beffroi_content.timeline import ClockState, Moment
from beffroi_player import system_clock
from beffroi_player.clock import ClockRecord, ClockSource, first_record, with_beat, with_floor, with_last_seen, with_ntp
from beffroi_player.state.directories import RuntimeDirectory

log = logging.getLogger(__name__)

WAKEUP_STEP_MS = 20
"""A smaller correction need not wake the stage."""


class AgentClock:
    """A clock that knows how far it can be believed. Safe for threads.

    Args:
        runtime: Where ``clock.json`` is.
        newest_ms: The newest instant at which a genuine document was issued.
        wake_stage: Wakes the stage.
        uptime: Milliseconds since boot.
        system: Milliseconds since the epoch on the system clock.
    """

    def __init__(
        self,
        runtime: RuntimeDirectory,
        newest_ms: int,
        wake_stage: Callable[[], object],
        uptime: Callable[[], float] = system_clock.uptime_ms,
        system: Callable[[], int] = system_clock.system_ms,
    ) -> None:
        self._runtime = runtime
        self._wake_stage = wake_stage
        self._uptime = uptime
        self._system = system
        self._lock = threading.Lock()
        boot = system_clock.boot_id()
        stored = runtime.clock.read()
        if stored is not None and stored.boot == boot and stored.state is ClockState.TRUSTED:
            self._record = stored
        else:
            self._record = first_record(boot, uptime(), system(), newest_ms)
        self._write_record(self._record)

    def now(self) -> Moment:
        """Return the present moment."""
        return self._record.moment_at(self._uptime())

    @property
    def has_beat(self) -> bool:
        """Whether a live signed beat has set it since boot."""
        return self._record.source is ClockSource.BEAT

    def apply_beat(self, issued_at_ms: int, uptime_ms: float) -> bool:
        """Set the clock by a live beat that came in at that uptime. Return whether it is the first since boot."""
        before = self._record.source
        self._apply_rule(lambda record: with_last_seen(with_beat(record, issued_at_ms, uptime_ms), issued_at_ms))
        return before is not ClockSource.BEAT

    def raise_floor(self, newest_ms: int) -> None:
        """Note that something genuine was issued at that instant: it cannot be earlier now."""
        self._apply_rule(lambda record: with_last_seen(with_floor(record, newest_ms, self._uptime()), newest_ms))

    def ask_kernel(self) -> None:
        """Set the clock by the system clock, where the kernel calls that one synchronised."""
        if system_clock.ntp_synchronised():
            self._apply_rule(lambda record: with_ntp(record, self._system(), self._uptime()))

    def _apply_rule(self, rule: Callable[[ClockRecord], ClockRecord]) -> None:
        with self._lock:
            before, after = self._record, rule(self._record)
            if after == before:
                return
            self._record = after
            self._write_record(after)
        uptime = self._uptime()
        step = after.moment_at(uptime).unix_ms - before.moment_at(uptime).unix_ms
        if after.state is not before.state:
            log.info("the clock is %s, by %s; it moves by %d ms", after.state, after.source, step)
        if after.state is not before.state or abs(step) > WAKEUP_STEP_MS:
            self._wake_stage()

    def _write_record(self, record: ClockRecord) -> None:
        try:
            self._runtime.clock.write(record)
        except OSError as error:
            log.error("the stage is not told the time: %s", error)
