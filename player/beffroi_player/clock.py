"""Estimate of the time on a machine that may have no real-time clock. Pure: both clocks are handed in.

The record is an anchor (an instant and the uptime at which it was so), shared between agent and stage through
``clock.json``; from there on only the uptime counts. It is *trusted* once a live signed beat was verified since
boot, or, until then, while the kernel calls its clock disciplined. Otherwise it is *carried* from the later of the
system clock and the newest signed instant, or *unknown* if there is neither.

A beat is late by the time it travelled, so an anchor that came from one only moves forward; but where ``MAX_DOUBTS``
beats in a row are behind it by more than ``MAX_BEAT_LAG_MS`` it was wrong, and goes back. One late beat proves nothing:
a network that stalls delivers it long after it was sent.
"""

from __future__ import annotations

from enum import StrEnum

from beffroi_content.model import WireModel
from beffroi_content.timeline import ClockState, Moment
from beffroi_player import BUILT_AT_MS

MAX_BEAT_LAG_MS = 500
MAX_DOUBTS = 3
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


class ClockRecord(WireModel):
    """An anchor: at ``uptime_ms`` of this boot it was ``unix_ms``."""

    boot: str
    source: ClockSource
    unix_ms: int
    uptime_ms: int
    doubts: int = 0
    """Number of beats in a row that were behind it."""
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


def with_beat(record: ClockRecord, issued_at_ms: int, uptime_ms: float) -> ClockRecord:
    """Return the anchor after a verified beat that came in as it was sent."""
    # Three cases: within the tolerance nothing changes; behind it, the anchor is doubted and only goes back after
    # MAX_DOUBTS beats in a row; ahead of it, or from a weaker source, the beat becomes the anchor.
    ahead = issued_at_ms - record.moment_at(uptime_ms).unix_ms
    if record.source is ClockSource.BEAT and -MAX_BEAT_LAG_MS <= ahead <= 0:
        return record.model_copy(update={"doubts": 0}) if record.doubts else record
    if record.source is ClockSource.BEAT and ahead < 0 and record.doubts + 1 < MAX_DOUBTS:
        return record.model_copy(update={"doubts": record.doubts + 1})
    return _new_anchor(record, ClockSource.BEAT, issued_at_ms, uptime_ms)


def with_ntp(record: ClockRecord, system_ms: int, uptime_ms: float) -> ClockRecord:
    """Return the anchor while the kernel calls its clock disciplined; a beat of the town outranks it."""
    ahead = system_ms - record.moment_at(uptime_ms).unix_ms
    if record.source is ClockSource.BEAT or (record.source is ClockSource.NTP and abs(ahead) <= MAX_BEAT_LAG_MS):
        return record
    return _new_anchor(record, ClockSource.NTP, system_ms, uptime_ms)


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


def _new_anchor(record: ClockRecord, source: ClockSource, unix_ms: int, uptime_ms: float) -> ClockRecord:
    return ClockRecord(
        boot=record.boot, source=source, unix_ms=unix_ms, uptime_ms=int(uptime_ms), heard_ms=record.heard_ms
    )
