"""The clock of the agent: set by beats or the kernel, and passed on to the stage through ``clock.json``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from beffroi_content.timeline import ClockState, Moment
from beffroi_content.wire.reports import ClockReading
from beffroi_player import system_clock
from beffroi_player.clock import (
    BeatReading,
    ClockRecord,
    ClockSource,
    ServerClock,
    first_record,
    with_floor,
    with_fresh_beat,
    with_last_seen,
    with_ntp,
    without_ntp,
)
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
        is_disciplined: Tells whether the kernel calls its clock synchronised.
    """

    def __init__(
        self,
        runtime: RuntimeDirectory,
        newest_ms: int,
        wake_stage: Callable[[], object],
        uptime: Callable[[], float] = system_clock.uptime_ms,
        system: Callable[[], int] = system_clock.system_ms,
        is_disciplined: Callable[[], bool] = system_clock.ntp_synchronised,
    ) -> None:
        self._runtime = runtime
        self._wake_stage = wake_stage
        self._uptime = uptime
        self._system = system
        self._is_disciplined = is_disciplined
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
    def source(self) -> ClockSource:
        """Where the present time comes from."""
        return self._record.source

    @property
    def server(self) -> ServerClock | None:
        """The server's clocks; None until a fresh signed beat was heard since boot."""
        return self._record.server

    def compare_clocks(self) -> ClockReading:
        """Return how this clock stands beside that of the server, and that of the system where it is disciplined."""
        record, uptime = self._record, self._uptime()
        server_ms = record.server_ahead_ms(uptime)
        network_ms = self._system() - record.moment_at(uptime).unix_ms if self._is_disciplined() else None
        return ClockReading(
            source=record.source.value, server_ahead_s=_seconds(server_ms), network_ahead_s=_seconds(network_ms)
        )

    def apply_beat(self, reading: BeatReading) -> None:
        """Set the clock by a fresh beat."""
        self._apply_rule(lambda record: with_fresh_beat(record, reading))

    def raise_floor(self, newest_ms: int) -> None:
        """Note that something genuine was issued at that instant: it cannot be earlier now."""
        self._apply_rule(lambda record: with_last_seen(with_floor(record, newest_ms, self._uptime()), newest_ms))

    def ask_kernel(self) -> None:
        """Set the clock by the system clock, where the kernel calls that one synchronised."""
        if self._is_disciplined():
            self._apply_rule(lambda record: with_ntp(record, self._system(), self._uptime()))
        else:
            self._apply_rule(lambda record: without_ntp(record, self._uptime()))

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


def _seconds(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else round(milliseconds / 1000)
