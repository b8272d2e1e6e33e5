"""Estimate of the time on a machine that may have no real-time clock. Pure: every clock is handed in.

The record is an anchor (an instant and the uptime at which it was so), shared between agent and stage through
``clock.json``; from there on only the uptime counts. It is *trusted* once a fresh signed beat was verified since boot,
or, until then, while the kernel calls its clock disciplined. Otherwise it is *carried* from the later of the system
clock and the newest signed instant, or *unknown* if there is neither.

A beat also carries the reading of the server's steady clock, which nobody can set. Of all beats of an epoch, the least
delayed one tells how that clock stands to the uptime of this machine (:class:`ServerClock`). So a beat that comes late
is known to be late, by how much, and sets nothing back; and one that comes in time with another wall time says that the
server's own clock was set, in either direction: it is believed at once.

Where the machine's own clock is disciplined and the server's is further from it than ``MAX_NTP_DIFFERENCE_MS``, the
machine's own is kept: a wrong clock in the town hall need not be wrong on every screen. Alerts do not depend on either
(docs/decisions/0027-clocks.md).
"""

from __future__ import annotations

from enum import StrEnum

from beffroi_content.model import WireModel
from beffroi_content.timeline import ClockState, Moment
from beffroi_content.wire.documents import SteadyInstant
from beffroi_player import BUILT_AT_MS

MAX_BEAT_LAG_MS = 500
"""A clock that is ahead by no more than this is not set back."""
MAX_NTP_DIFFERENCE_MS = 30_000
BACK_TO_BEAT_MS = 15_000
"""How close the two must be before the town's clock is followed again."""
DRIFT = 0.0005
"""How much faster than the server's the clock of this machine may run."""
SET_BACK_MS = 5_000
"""A steady clock that seems to be set back by less than that is not: both clocks may drift."""
MAX_STEADY_MS = 2**53 - 1
LAST_SEEN_STEP_MS = 60_000


class ClockSource(StrEnum):
    """Source of an anchor."""

    BEAT = "beat"
    NTP = "ntp"
    CARRIED = "carried"
    NOBODY = "nobody"


_STATES = {
    ClockSource.BEAT: ClockState.TRUSTED,
    ClockSource.NTP: ClockState.TRUSTED,
    ClockSource.CARRIED: ClockState.CARRIED,
}


class BeatReading(WireModel):
    """What a fresh beat says of the server's clocks, and when it came in."""

    issued_at_ms: int
    """By the server's wall clock."""
    steady: SteadyInstant | None
    uptime_ms: int
    """By this machine."""
    asked_uptime_ms: int | None = None
    """When it was asked for, where it answers a nonce of ours: it was signed after that, however long it came."""


class ServerClock(WireModel):
    """The server's clocks, as they stand to the uptime of this boot."""

    epoch: str
    ahead_ms: int
    """The steady clock minus the uptime, by the least delayed beat."""
    wall_ms: int
    """The wall clock minus the steady clock, by the newest beat."""
    beat_uptime_ms: int
    """When the newest beat came in."""

    def steady_at(self, uptime_ms: float) -> SteadyInstant:
        """Return what the steady clock reads at an uptime."""
        reading = int(uptime_ms) + self.ahead_ms
        return SteadyInstant(epoch=self.epoch or "none", ms=min(MAX_STEADY_MS, max(0, reading)))

    def unix_at(self, uptime_ms: float) -> int:
        """Return what the server's wall clock reads at an uptime."""
        return int(uptime_ms) + self.ahead_ms + self.wall_ms


class ClockRecord(WireModel):
    """An anchor: at ``uptime_ms`` of this boot it was ``unix_ms``."""

    boot: str
    source: ClockSource
    unix_ms: int
    uptime_ms: int
    server: ServerClock | None = None
    """None until a fresh beat was heard."""
    heard_ms: int = 0
    """The newest instant of a document from the town, to the minute; 0: none was received."""

    @property
    def state(self) -> ClockState:
        """Trust in the anchor, by its source."""
        return _STATES.get(self.source, ClockState.UNKNOWN)

    def moment_at(self, uptime_ms: float) -> Moment:
        """Return the moment at that uptime of the same boot."""
        uptime = int(uptime_ms)
        return Moment(self.unix_ms + uptime - self.uptime_ms, uptime, self.state)

    def server_ahead_ms(self, uptime_ms: float) -> int | None:
        """Return how far the server's wall clock is ahead of this one; None where no beat was heard."""
        return None if self.server is None else self.server.unix_at(uptime_ms) - self.moment_at(uptime_ms).unix_ms


def first_record(boot: str, uptime_ms: float, system_ms: int, newest_ms: int) -> ClockRecord:
    """Return the anchor of a player that has just started.

    Args:
        boot: Identifies the boot.
        uptime_ms: Milliseconds since boot.
        system_ms: The system clock.
        newest_ms: The newest instant at which a genuine document was issued; 0 if there is none.
    """
    known = newest_ms > 0 or system_ms >= BUILT_AT_MS
    source = ClockSource.CARRIED if known else ClockSource.NOBODY
    return ClockRecord(
        boot=boot, source=source, unix_ms=max(system_ms, newest_ms), uptime_ms=int(uptime_ms), heard_ms=newest_ms
    )


def next_server_clock(before: ServerClock | None, reading: BeatReading) -> ServerClock:
    """Return how the server's clocks stand after one more fresh beat."""
    steady = reading.steady or SteadyInstant(epoch="none", ms=reading.issued_at_ms)
    ahead, wall = steady.ms - reading.uptime_ms, reading.issued_at_ms - steady.ms
    if before is not None and before.epoch == steady.epoch and reading.steady is not None:
        # A beat that was longer on its way seems to come from a clock that is further behind.
        least = before.ahead_ms - int(DRIFT * max(0, reading.uptime_ms - before.beat_uptime_ms))
        asked = reading.asked_uptime_ms
        is_set_back = asked is not None and steady.ms - asked < least - SET_BACK_MS
        ahead = ahead if is_set_back else max(ahead, least)
    return ServerClock(epoch=steady.epoch, ahead_ms=ahead, wall_ms=wall, beat_uptime_ms=reading.uptime_ms)


def with_beat(record: ClockRecord, reading: BeatReading) -> ClockRecord:
    """Return the anchor after a verified beat that was fresh when it came in."""
    server = next_server_clock(record.server, reading)
    unix = server.unix_at(reading.uptime_ms)
    ahead = unix - record.moment_at(reading.uptime_ms).unix_ms
    record = record.model_copy(update={"server": server})
    if record.source is ClockSource.NTP and abs(ahead) > BACK_TO_BEAT_MS:
        return record
    if record.source is ClockSource.BEAT and -MAX_BEAT_LAG_MS <= ahead <= 0:
        return record
    return _new_anchor(record, ClockSource.BEAT, unix, reading.uptime_ms)


def with_ntp(record: ClockRecord, system_ms: int, uptime_ms: float) -> ClockRecord:
    """Return the anchor while the kernel calls its clock disciplined; the town outranks it as far as they agree."""
    ahead = system_ms - record.moment_at(uptime_ms).unix_ms
    tolerated = MAX_NTP_DIFFERENCE_MS if record.source is ClockSource.BEAT else MAX_BEAT_LAG_MS
    if record.state is ClockState.TRUSTED and abs(ahead) <= tolerated:
        return record
    return _new_anchor(record, ClockSource.NTP, system_ms, uptime_ms)


def without_ntp(record: ClockRecord, uptime_ms: float) -> ClockRecord:
    """Return the anchor once the kernel does not vouch for its clock any more: the town's counts, if it was heard."""
    if record.source is not ClockSource.NTP or record.server is None:
        return record
    return _new_anchor(record, ClockSource.BEAT, record.server.unix_at(uptime_ms), uptime_ms)


def with_floor(record: ClockRecord, newest_ms: int, uptime_ms: float) -> ClockRecord:
    """Return the anchor after a genuine document that was issued at ``newest_ms``, however late it was received."""
    if record.state is ClockState.TRUSTED or newest_ms == 0:
        return record
    if newest_ms > record.moment_at(uptime_ms).unix_ms or record.source is ClockSource.NOBODY:
        return _new_anchor(record, ClockSource.CARRIED, max(newest_ms, record.moment_at(uptime_ms).unix_ms), uptime_ms)
    return record


def with_last_seen(record: ClockRecord, issued_at_ms: int) -> ClockRecord:
    """Return the anchor after a document that was issued at an instant, recorded to the minute."""
    if issued_at_ms - record.heard_ms < LAST_SEEN_STEP_MS:
        return record
    return record.model_copy(update={"heard_ms": issued_at_ms})


def with_fresh_beat(record: ClockRecord, reading: BeatReading) -> ClockRecord:
    """Return the anchor after a fresh beat, with the instant at which the town was heard last, by this very clock."""
    record = with_beat(record, reading)
    now = record.moment_at(reading.uptime_ms).unix_ms
    return record if abs(now - record.heard_ms) < LAST_SEEN_STEP_MS else record.model_copy(update={"heard_ms": now})


def _new_anchor(record: ClockRecord, source: ClockSource, unix_ms: int, uptime_ms: float) -> ClockRecord:
    return record.model_copy(update={"source": source, "unix_ms": unix_ms, "uptime_ms": int(uptime_ms)})
