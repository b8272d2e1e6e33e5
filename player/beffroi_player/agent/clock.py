"""The clock of the agent: asks the kernel, listens to beats, and tells the stage through ``clock.json``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from beffroi_content.timeline import ClockState, Moment
from beffroi_player import machine
from beffroi_player.clock import ClockRecord, Source, first_record, with_beat, with_floor, with_ntp, with_word
from beffroi_player.store import Runtime

log = logging.getLogger(__name__)

NUDGE_MS = 20
"""A smaller correction need not wake the stage."""


class AgentClock:
    """What time it is. Safe for threads.

    Args:
        runtime: Where the stage reads it.
        newest_ms: The newest instant at which a genuine document was issued.
        nudge: Wakes the stage.
        uptime: Milliseconds since boot.
        system: Milliseconds since the epoch on the system clock.
    """

    def __init__(
        self,
        runtime: Runtime,
        newest_ms: int,
        nudge: Callable[[], object],
        uptime: Callable[[], float] = machine.uptime,
        system: Callable[[], int] = machine.system_ms,
    ) -> None:
        self._runtime = runtime
        self._nudge = nudge
        self._uptime = uptime
        self._system = system
        self._lock = threading.Lock()
        boot = machine.boot_id()
        stored = runtime.clock.read()
        if stored is not None and stored.boot == boot and stored.state is ClockState.TRUSTED:
            self._record = stored
        else:
            self._record = first_record(boot, uptime(), system(), newest_ms)
        self._write(self._record)

    def now(self) -> Moment:
        """Return the present moment."""
        return self._record.at(self._uptime())

    @property
    def heard_beat(self) -> bool:
        """Whether a live signed beat has set it since boot."""
        return self._record.source is Source.BEAT

    def beat(self, issued_at_ms: int, uptime_ms: float) -> bool:
        """A live beat was verified that came in at that uptime. Return whether the clock was not trusted before."""
        before = self._record.source
        self._change(lambda record: with_word(with_beat(record, issued_at_ms, uptime_ms), issued_at_ms))
        return before is not Source.BEAT

    def floor(self, newest_ms: int) -> None:
        """Something genuine was issued at that instant, so it cannot be earlier now."""
        self._change(lambda record: with_word(with_floor(record, newest_ms, self._uptime()), newest_ms))

    def ask_kernel(self) -> None:
        """Believe the system clock if the kernel does."""
        if machine.ntp_synchronised():
            self._change(lambda record: with_ntp(record, self._system(), self._uptime()))

    def _change(self, rule: Callable[[ClockRecord], ClockRecord]) -> None:
        with self._lock:
            before, after = self._record, rule(self._record)
            if after == before:
                return
            self._record = after
            self._write(after)
        uptime = self._uptime()
        step = after.at(uptime).unix_ms - before.at(uptime).unix_ms
        if after.state is not before.state:
            log.info("the clock is %s, by %s; it moves by %d ms", after.state, after.source, step)
        if after.state is not before.state or abs(step) > NUDGE_MS:
            self._nudge()

    def _write(self, record: ClockRecord) -> None:
        try:
            self._runtime.clock.write(record)
        except OSError as error:
            log.error("the stage is not told the time: %s", error)
