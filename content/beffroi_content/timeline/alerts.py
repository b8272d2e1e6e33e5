"""Alerts on the timeline: the one that is shown at an instant, and in which form.

Forms by level: emergencies and alerts take the whole screen over, vigilance is a banner over the programme, information
enters the loop. Below emergency a takeover gives way to the programme for a while, again and again. After its end each
alert is shown as “end of alert” for a set time, but only where it was seen before, and never in place of a genuine
vigilance. A genuine alert that takes the screen over is not hidden by an exercise or a test, whatever their levels
(docs/decisions/0045-what-the-page-says.md).

The pages of all alerts of one form make a cycle, in which the first page of an alert comes again between its others: it
says what to do, and nobody waits for it. Each page is on for as long as it takes to read. The cycle starts when the
newest of them was issued, so that a new alert is on the screen at once, and like every loop it is a function of the
time alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from beffroi_content.model import AlertForm, AlertLevel, AlertStatus, HeldAlert
from beffroi_content.reading_time import reading_ms
from beffroi_content.timeline.moment import FAR_MS, ClockState, Moment, TimeSpan

PAGE_MS = 8_000
"""How long one page of an alert is on at least; one that takes longer to read is on for as long as that takes."""
TAKEOVER_MS = 20_000
"""How long an alert below emergency holds the screen at least, before the loop resumes for a while."""
LOOP_INTERVAL_MS = 10_000
"""How long the loop resumes between two takeovers."""
SAME_END_MS = 2_000
"""The end by seconds to live and the end by the wall clock are taken for one if they are no further apart."""


@dataclass(frozen=True, slots=True)
class AlertPhase:
    """An alert with its beginning and end on the wall clock of a moment."""

    held: HeldAlert
    began_ms: int
    ends_ms: int
    clears_ms: int
    """The end of “end of alert”."""

    @property
    def level(self) -> AlertLevel:
        """The level of the alert."""
        return self.held.alert.level

    @property
    def is_genuine(self) -> bool:
        """Whether people must act on it: it is neither an exercise nor a test."""
        return self.held.alert.status is AlertStatus.ACTUAL

    @property
    def precedence(self) -> tuple[bool, int]:
        """The order among alerts that take the screen over: of two, the greater one hides the other."""
        return self.is_genuine, self.level.rank

    def is_active(self, unix_ms: int) -> bool:
        """Tell whether the alert must be shown."""
        return unix_ms < self.ends_ms

    def is_clearing(self, unix_ms: int) -> bool:
        """Tell whether “end of alert” must be shown."""
        return self.ends_ms <= unix_ms < self.clears_ms


@dataclass(frozen=True, slots=True)
class AlertSlot:
    """A page of an alert and the time in which it is shown."""

    phase: AlertPhase
    form: AlertForm
    page: int
    span: TimeSpan


def alert_phases(alerts: Iterable[HeldAlert], moment: Moment) -> list[AlertPhase]:
    """Place alerts on the wall clock, most urgent first.

    An alert ends when its time to live has run down. Where that was not measured by the server's clock, and the wall
    clock is trusted, it also ends at its end; a carried clock may be wrong by any amount, and ends nothing. One that
    several scopes carry counts once, as the one of them that ends last.
    One that another corrects counts no more, and a planned one not before it begins.
    """
    held_alerts = list(alerts)
    corrected = {name for held in held_alerts for name in held.alert.replaced}
    found: dict[str, AlertPhase] = {}
    current = [held for held in held_alerts if held.alert.id not in corrected and not _is_to_come(held, moment)]
    for phase in (_place_alert(held, moment) for held in current):
        name = phase.held.alert.id
        if name not in found or found[name].ends_ms < phase.ends_ms:
            found[name] = phase
    return sorted(found.values(), key=lambda p: (-p.level.rank, -p.held.alert.issued_at_ms, p.held.alert.id))


def next_planned_start(alerts: Iterable[HeldAlert], moment: Moment) -> int:
    """Return the next instant at which a planned alert begins, or ``FAR_MS``."""
    starts = (_planned_start(held, moment) for held in alerts if held.is_planned)
    return min((start for start in starts if start is not None and start > moment.unix_ms), default=FAR_MS)


def takeover_slot(found: Sequence[AlertPhase], unix_ms: int, *, has_programme: bool = True) -> AlertSlot | None:
    """Return the alert that takes the whole screen over at an instant, if any does.

    Args:
        found: The phases of every alert.
        unix_ms: The instant.
        has_programme: Whether there is a programme that an alert below emergency can give way to for a while.
    """
    group = takeover_group(found, unix_ms)
    if group:
        rivals = [phase for phase in _urgent_phases(found) if phase.precedence >= group[0].precedence]
        is_emergency = group[0].level is AlertLevel.EMERGENCY
        interval_ms = 0 if is_emergency or not has_programme else LOOP_INTERVAL_MS
        return _current_slot(group, AlertForm.TAKEOVER, unix_ms, _last_start_or_end(rivals, unix_ms), interval_ms)
    over = all_clear_group(found, unix_ms)
    since = last_change([*_urgent_phases(found), *_genuine_vigilance(found)], unix_ms)
    return _current_slot(over, AlertForm.ALL_CLEAR, unix_ms, since)


def takeover_group(found: Sequence[AlertPhase], unix_ms: int) -> list[AlertPhase]:
    """Return the alerts that take the whole screen over by turns at an instant: those that no other one hides."""
    # Information and vigilance never take over, whatever else is going on.
    active = [phase for phase in _urgent_phases(found) if phase.is_active(unix_ms)]
    highest = max((phase.precedence for phase in active), default=None)
    return [phase for phase in active if phase.precedence == highest]


def all_clear_group(found: Sequence[AlertPhase], unix_ms: int) -> list[AlertPhase]:
    """Return the alerts whose “end of alert” takes the whole screen over by turns at an instant."""
    if takeover_group(found, unix_ms) or genuine_vigilance(found, unix_ms):
        return []
    return [phase for phase in _urgent_phases(found) if _is_all_clear_due(phase, unix_ms)]


def genuine_vigilance(found: Iterable[AlertPhase], unix_ms: int) -> list[AlertPhase]:
    """Return the alerts of level vigilance that are active and meant: no “end of alert” takes their place."""
    return [phase for phase in _genuine_vigilance(found) if phase.is_active(unix_ms)]


def banner_slot(found: Sequence[AlertPhase], unix_ms: int) -> AlertSlot | None:
    """Return the alert that is shown as a banner over the programme at an instant, if any is."""
    vigilance = [phase for phase in found if phase.level is AlertLevel.VIGILANCE]
    present = active_phases(vigilance, AlertLevel.VIGILANCE, unix_ms)
    if present:
        return _current_slot(present, AlertForm.BANNER, unix_ms, _last_start_or_end(vigilance, unix_ms))
    over = [phase for phase in vigilance if _is_all_clear_due(phase, unix_ms)]
    return _current_slot(over, AlertForm.ALL_CLEAR, unix_ms, last_change(vigilance, unix_ms))


def information_slot(found: Sequence[AlertPhase], unix_ms: int) -> AlertSlot | None:
    """Return the information alert that is shown where there is no loop to enter, if any is."""
    return _current_slot(
        active_phases(found, AlertLevel.INFORMATION, unix_ms), AlertForm.SLIDE, unix_ms, last_change(found, unix_ms)
    )


def active_phases(found: Iterable[AlertPhase], level: AlertLevel, unix_ms: int) -> list[AlertPhase]:
    """Return the alerts of a level that must be shown at that instant."""
    return [phase for phase in found if phase.level is level and phase.is_active(unix_ms)]


def undisturbed_span(found: Sequence[AlertPhase], unix_ms: int) -> TimeSpan:
    """Return the time around an instant without takeover in which no alert changes what the zones show."""
    near = [phase for phase in found if phase.level is not AlertLevel.VIGILANCE]
    if any(_is_all_clear_due(phase, unix_ms) for phase in _urgent_phases(found)):
        # A genuine vigilance is on in its place: it matters when that began.
        near += _genuine_vigilance(found)
    span = TimeSpan(last_change(near, unix_ms), next_change(found, unix_ms))
    gap = takeover_gap(found, unix_ms)
    return span.intersect_with(gap.span) if gap else span


@dataclass(frozen=True, slots=True)
class TakeoverGap:
    """An interval between two takeovers, in which the loop resumes."""

    number: int
    """Counted from the beginning of the cycle."""
    span: TimeSpan


def takeover_gap(found: Sequence[AlertPhase], unix_ms: int) -> TakeoverGap | None:
    """Return the interval around an instant in which the loop resumes between takeovers; None where nothing does."""
    group = takeover_group(found, unix_ms)
    if not group or group[0].level is AlertLevel.EMERGENCY:
        return None
    cycle = _page_cycle(group, AlertForm.TAKEOVER, LOOP_INTERVAL_MS)
    period = cycle.busy_ms + LOOP_INTERVAL_MS
    number = (unix_ms - cycle.began_ms) // period
    start = cycle.began_ms + number * period
    return TakeoverGap(number, TimeSpan(start + cycle.busy_ms, start + period))


def last_change(found: Iterable[AlertPhase], unix_ms: int) -> int | None:
    """Return the newest instant up to this one at which an alert began, ended, or its “end of alert” ended."""
    return _latest_instant(
        (instant for phase in found for instant in (phase.began_ms, phase.ends_ms, phase.clears_ms)), unix_ms
    )


def next_change(found: Iterable[AlertPhase], unix_ms: int) -> int:
    """Return the next instant at which an alert or its “end of alert” ends, or ``FAR_MS``."""
    instants = [instant for phase in found for instant in (phase.ends_ms, phase.clears_ms)]
    return min((instant for instant in instants if instant > unix_ms), default=FAR_MS)


def _last_start_or_end(found: Iterable[AlertPhase], unix_ms: int) -> int | None:
    """Return the newest instant up to this one at which the alerts that must be shown became others.

    The end of an “end of alert” changes nothing while another alert must be shown.
    """
    return _latest_instant((instant for phase in found for instant in (phase.began_ms, phase.ends_ms)), unix_ms)


def _latest_instant(instants: Iterable[int], unix_ms: int) -> int | None:
    return max((instant for instant in instants if instant <= unix_ms), default=None)


def _planned_start(held: HeldAlert, moment: Moment) -> int | None:
    """Return when a planned alert begins; None while no clock can tell.

    A clock that was carried over may be days behind: it would show the alert of last week today.
    """
    if held.is_measured:
        return _lapse_on_wall_clock(held, moment) - (held.alert.ends_at_ms - held.alert.issued_at_ms)
    return held.alert.issued_at_ms if moment.clock is ClockState.TRUSTED else None


def _is_to_come(held: HeldAlert, moment: Moment) -> bool:
    if not held.is_planned:
        return False
    start = _planned_start(held, moment)
    return start is None or moment.unix_ms < start


def _lapse_on_wall_clock(held: HeldAlert, moment: Moment) -> int:
    """Return when an alert lapses, as the wall clock of a moment has it."""
    lapses_ms = moment.unix_ms + held.lapses_at_uptime_ms - moment.uptime_ms
    # Where all clocks agree, every screen and the server have the same instants, to the millisecond.
    return held.alert.ends_at_ms if abs(lapses_ms - held.alert.ends_at_ms) <= SAME_END_MS else lapses_ms


def _place_planned(held: HeldAlert, moment: Moment) -> AlertPhase:
    start, lapses_ms = _planned_start(held, moment), _lapse_on_wall_clock(held, moment)
    ends_ms = lapses_ms if held.is_measured else min(lapses_ms, held.alert.ends_at_ms)
    return AlertPhase(held, moment.unix_ms if start is None else start, ends_ms, ends_ms + held.alert.all_clear_ms)


def _place_alert(held: HeldAlert, moment: Moment) -> AlertPhase:
    if held.is_planned:
        return _place_planned(held, moment)
    alert = held.alert
    lapses_ms = moment.unix_ms + held.lapses_at_uptime_ms - moment.uptime_ms
    received_ms = min(lapses_ms - alert.time_to_live_ms, moment.unix_ms)
    if moment.clock is ClockState.UNKNOWN:
        return AlertPhase(held, received_ms, lapses_ms, lapses_ms + alert.all_clear_ms)
    ends_ms = _end_on_wall_clock(held, lapses_ms, moment.clock)
    # Where the clock is behind, an alert seems to come from the future: it began when it was received.
    return AlertPhase(held, min(alert.issued_at_ms, received_ms), ends_ms, ends_ms + alert.all_clear_ms)


def _end_on_wall_clock(held: HeldAlert, lapses_ms: int, clock: ClockState) -> int:
    ends_ms = held.alert.ends_at_ms
    if abs(lapses_ms - ends_ms) <= SAME_END_MS:
        # Where all clocks agree, every screen and the server have the same end, to the millisecond.
        return ends_ms
    may_end = clock is ClockState.TRUSTED and not held.is_measured
    return min(ends_ms, lapses_ms) if may_end else lapses_ms


@dataclass(frozen=True, slots=True)
class PageVisit:
    """One turn of a page in the cycle of its alert."""

    page: int
    ms: int
    """How long it is on."""


def page_visits(held: HeldAlert) -> tuple[PageVisit, ...]:
    """Return the turns of an alert's pages: the first again before each of the others."""
    order = [0] if held.pages == 1 else [page for other in range(1, held.pages) for page in (0, other)]
    known = held.page_ms if len(held.page_ms) == held.pages else (PAGE_MS,) * held.pages
    return tuple(PageVisit(page, max(PAGE_MS, known[page])) for page in order)


def _form_visits(phase: AlertPhase, form: AlertForm) -> tuple[PageVisit, ...]:
    if form is not AlertForm.ALL_CLEAR:
        return page_visits(phase.held)
    # One page, with the headline, who speaks, and a dozen words of its own.
    alert = phase.held.alert
    words = len(alert.title.split()) + len(alert.source.split()) + 12
    return (PageVisit(0, max(PAGE_MS, reading_ms(words))),)


@dataclass(frozen=True, slots=True)
class _PageCycle:
    """The turns of all pages of a group of alerts, one after another."""

    began_ms: int
    visits: tuple[tuple[AlertPhase, PageVisit], ...]
    busy_ms: int
    """The length of all turns together."""


def _page_cycle(group: Sequence[AlertPhase], form: AlertForm, interval_ms: int) -> _PageCycle:
    visits = [(phase, visit) for phase in group for visit in _form_visits(phase, form)]
    if interval_ms:
        least = TAKEOVER_MS // len(visits)
        visits = [(phase, PageVisit(visit.page, max(least, visit.ms))) for phase, visit in visits]
    # The newest alert opens the cycle, so that it is on the screen as soon as it is issued.
    began = max(phase.ends_ms if form is AlertForm.ALL_CLEAR else phase.began_ms for phase in group)
    return _PageCycle(began, tuple(visits), sum(visit.ms for _, visit in visits))


def _urgent_phases(found: Iterable[AlertPhase]) -> list[AlertPhase]:
    return [phase for phase in found if phase.level.rank >= AlertLevel.ALERT.rank]


def _genuine_vigilance(found: Iterable[AlertPhase]) -> list[AlertPhase]:
    return [phase for phase in found if phase.level is AlertLevel.VIGILANCE and phase.is_genuine]


def _is_all_clear_due(phase: AlertPhase, unix_ms: int) -> bool:
    """Tell whether “end of alert” is to be shown: nobody learns of an alert by its end."""
    return phase.is_clearing(unix_ms) and not phase.held.is_unseen


def _current_slot(
    group: Sequence[AlertPhase], form: AlertForm, unix_ms: int, since_ms: int | None, interval_ms: int = 0
) -> AlertSlot | None:
    """Return the page of a group of alerts at an instant; None while the loop resumes, or where the group is empty."""
    if not group:
        return None
    cycle = _page_cycle(group, form, interval_ms)
    around = TimeSpan(since_ms, next_change(group, unix_ms))
    if len(cycle.visits) == 1 and not interval_ms:
        return AlertSlot(group[0], form, 0, around)
    period = cycle.busy_ms + interval_ms
    since = cycle.began_ms + (unix_ms - cycle.began_ms) // period * period
    for phase, visit in cycle.visits:
        if unix_ms < since + visit.ms:
            return AlertSlot(phase, form, visit.page, TimeSpan(since, since + visit.ms).intersect_with(around))
        since += visit.ms
    return None
