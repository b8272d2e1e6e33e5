"""Which alert is on, and in which form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beffroi_content.model import AlertForm, AlertLevel, HeldAlert
from beffroi_content.timeline.moment import ClockState, Moment

PAGE_MS = 8_000
"""How long one page of an alert is on."""
TAKEOVER_MS = 20_000
"""How long an alert below emergency holds the screen at least, before the loop resumes for a while."""
BREATHER_MS = 10_000
"""How long the loop resumes between."""
FAR_MS = 2**62


@dataclass(frozen=True, slots=True)
class Phase:
    """Where an alert stands in its life, on the wall clock of a moment."""

    held: HeldAlert
    began_ms: int
    ends_ms: int
    clears_ms: int
    """When “end of alert” ends."""

    def is_active(self, unix_ms: int) -> bool:
        """Whether it must be shown."""
        return unix_ms < self.ends_ms

    def is_clearing(self, unix_ms: int) -> bool:
        """Whether its end must be shown."""
        return self.ends_ms <= unix_ms < self.clears_ms


@dataclass(frozen=True, slots=True)
class AlertSlot:
    """A page of an alert, with its place in time."""

    phase: Phase
    form: AlertForm
    page: int
    since_ms: int
    until_ms: int


def phases(alerts: Iterable[HeldAlert], moment: Moment) -> list[Phase]:
    """Place alerts on the wall clock; those that are over and done with are left out. Most urgent first.

    An alert ends at its end or when its time to live has run down, whichever is first; only the second counts
    while the clock is unknown.
    """
    found = [_phase(held, moment) for held in alerts]
    found = [phase for phase in found if moment.unix_ms < phase.clears_ms]
    return sorted(found, key=lambda p: (-p.held.alert.level.rank, -p.held.alert.issued_at_ms, p.held.alert.id))


def takeover(found: Sequence[Phase], unix_ms: int) -> AlertSlot | None:
    """Return what takes the whole screen over at that instant, if anything does."""
    active = [phase for phase in found if phase.is_active(unix_ms)]
    emergencies = [phase for phase in active if phase.held.alert.level is AlertLevel.EMERGENCY]
    if emergencies:
        return _pages(emergencies, AlertForm.TAKEOVER, unix_ms, breather_ms=0)
    alerts = [phase for phase in active if phase.held.alert.level is AlertLevel.ALERT]
    if alerts:
        return _pages(alerts, AlertForm.TAKEOVER, unix_ms, breather_ms=BREATHER_MS)
    over = [p for p in found if p.is_clearing(unix_ms) and p.held.alert.level.rank >= AlertLevel.ALERT.rank]
    return _pages(over, AlertForm.ALL_CLEAR, unix_ms, breather_ms=0) if over else None


def banner(found: Sequence[Phase], unix_ms: int) -> AlertSlot | None:
    """Return what lies in a band over the programme at that instant, if anything does."""
    vigilance = [phase for phase in found if phase.held.alert.level is AlertLevel.VIGILANCE]
    active = [phase for phase in vigilance if phase.is_active(unix_ms)]
    if active:
        return _pages(active, AlertForm.BANNER, unix_ms, breather_ms=0)
    over = [phase for phase in vigilance if phase.is_clearing(unix_ms)]
    return _pages(over, AlertForm.ALL_CLEAR, unix_ms, breather_ms=0) if over else None


def next_boundary(found: Iterable[Phase], unix_ms: int) -> int:
    """Return the next instant at which an alert changes phase, or ``FAR_MS``."""
    instants = [instant for phase in found for instant in (phase.ends_ms, phase.clears_ms)]
    return min((instant for instant in instants if instant > unix_ms), default=FAR_MS)


def next_takeover(found: Sequence[Phase], unix_ms: int) -> int:
    """Return when the present breather of an alert ends, or ``FAR_MS``."""
    alerts = [p for p in found if p.is_active(unix_ms) and p.held.alert.level is AlertLevel.ALERT]
    if not alerts or takeover(found, unix_ms):
        return FAR_MS
    began, period, _ = _cycle(alerts, AlertForm.TAKEOVER, BREATHER_MS)
    return began + ((unix_ms - began) // period + 1) * period


def _phase(held: HeldAlert, moment: Moment) -> Phase:
    alert = held.alert
    lapses_ms = moment.unix_ms + held.lapses_at_uptime_ms - moment.uptime_ms
    known = moment.clock is not ClockState.UNKNOWN
    ends_ms = min(alert.ends_at_ms, lapses_ms) if known else lapses_ms
    # On an unknown clock the instant of issue means nothing; that of reception does.
    began_ms = alert.issued_at_ms if known else lapses_ms - alert.time_to_live_ms
    return Phase(held, min(began_ms, moment.unix_ms), ends_ms, ends_ms + alert.all_clear_ms)


def _cycle(group: Sequence[Phase], form: AlertForm, breather_ms: int) -> tuple[int, int, int]:
    """Return when the cycle of a group began, its period, and how long each page is on."""
    pages = sum(_page_count(phase, form) for phase in group)
    page_ms = max(PAGE_MS, TAKEOVER_MS // pages) if breather_ms else PAGE_MS
    # The newest alert opens the cycle, so that it is on the glass as soon as it is issued.
    began = max(phase.ends_ms if form is AlertForm.ALL_CLEAR else phase.began_ms for phase in group)
    return began, pages * page_ms + breather_ms, page_ms


def _page_count(phase: Phase, form: AlertForm) -> int:
    return 1 if form is AlertForm.ALL_CLEAR else phase.held.pages


def _pages(group: Sequence[Phase], form: AlertForm, unix_ms: int, breather_ms: int) -> AlertSlot | None:
    began, period, page_ms = _cycle(group, form, breather_ms)
    slots = [(phase, page) for phase in group for page in range(_page_count(phase, form))]
    boundary = next_boundary(group, unix_ms)
    if len(slots) == 1 and not breather_ms:
        return AlertSlot(group[0], form, 0, began, boundary)
    start = began + (unix_ms - began) // period * period
    index = (unix_ms - start) // page_ms
    if index >= len(slots):
        return None
    phase, page = slots[index]
    since = start + index * page_ms
    return AlertSlot(phase, form, page, since, min(since + page_ms, boundary))
