"""Visibility of alerts: what of each alert is on a screen at an instant, what hides it, and until when.

These are the same rules by which ``resolver`` chooses what is shown, said of each alert and not of the screen: an alert
that takes turns with others, or with the loop, is shown. Pages, receipts and previews say what is answered here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from beffroi_content.model import Alert, AlertForm, AlertLevel, HeldAlert, PowerState
from beffroi_content.timeline import alerts as precedence
from beffroi_content.timeline.alerts import AlertPhase
from beffroi_content.timeline.display_power import DisplayPower
from beffroi_content.timeline.moment import FAR_MS, Moment


class AlertVisibility(StrEnum):
    """States of an alert on a screen."""

    UPCOMING = "upcoming"
    """It is planned, and has not begun."""
    SHOWN = "shown"
    """It is on, alone or in turn with others and with the loop."""
    MASKED = "masked"
    """Other alerts hide it, or its end."""
    DARK = "dark"
    """The display is off, and the level of the alert does not switch it on."""
    ALL_CLEAR = "all-clear"
    """Its end is shown."""
    UNSEEN = "unseen"
    """It is over and was never on this screen, so its end is not shown."""
    OVER = "over"
    """Nothing of it is shown any more."""


MAIN_FORMS = {
    AlertLevel.INFORMATION: AlertForm.SLIDE,
    AlertLevel.VIGILANCE: AlertForm.BANNER,
    AlertLevel.ALERT: AlertForm.TAKEOVER,
    AlertLevel.EMERGENCY: AlertForm.TAKEOVER,
}
"""The form in which an alert of each level is shown while it is active."""


@dataclass(frozen=True, slots=True)
class AlertStatement:
    """What a screen shows of one alert, and why not more."""

    alert: Alert
    visibility: AlertVisibility
    masked_by: tuple[Alert, ...] = ()
    """The alerts that hide it, the most urgent first."""
    until_ms: int | None = None
    """When that changes, as far as is known now; None: it does not."""
    then: AlertVisibility | None = None
    """What follows at that instant."""
    in_turn_with: tuple[Alert, ...] = ()
    """Where it is shown: the alerts that have the screen at other times, the most urgent first."""

    @property
    def is_lost(self) -> bool:
        """Whether it is hidden up to its end: as things are it will never be seen."""
        hidden = self.visibility in {AlertVisibility.MASKED, AlertVisibility.DARK}
        return hidden and self.then in {AlertVisibility.UNSEEN, AlertVisibility.OVER}


def alert_statements(
    alerts: Iterable[HeldAlert], moment: Moment, *, has_programme: bool = True, power: DisplayPower | None = None
) -> tuple[AlertStatement, ...]:
    """Return what a screen shows of each alert at a moment, the most urgent first, those that are planned last.

    Args:
        alerts: Every alert that the screen holds, of all scopes.
        moment: The instant.
        has_programme: Whether the screen has a programme to which an alert can give way for a while.
        power: The state of its display by its hours (see ``display_power``); None: it is on.
    """
    screen = _Screen(tuple(alerts), moment, has_programme, power)
    now = [phase.held.alert for phase in screen.phases_at(moment.unix_ms)]
    corrected = {name for held in screen.alerts for name in held.alert.replaced}
    known = corrected | {alert.id for alert in now}
    to_come = {held.alert.id: held.alert for held in screen.alerts if held.alert.id not in known}
    return tuple(screen.statement_of(alert) for alert in (*now, *to_come.values()))


class _Screen:
    """The alerts of a screen, and what it shows of them at a moment and later."""

    def __init__(
        self, alerts: tuple[HeldAlert, ...], moment: Moment, has_programme: bool, power: DisplayPower | None
    ) -> None:
        self.alerts, self._moment, self._has_programme, self._power = alerts, moment, has_programme, power
        self._phases: dict[int, list[AlertPhase]] = {}
        phases = self.phases_at(moment.unix_ms)
        changes = {instant for each in phases for instant in (each.ends_ms, each.clears_ms)}
        if power is not None and power.until_ms is not None:
            changes.add(power.until_ms)
        start = precedence.next_planned_start(alerts, moment)
        # What follows on the next planned one is told once that has begun.
        self._changes = sorted({each for each in changes if moment.unix_ms < each < start} | {start} - {FAR_MS})

    def phases_at(self, instant: int) -> list[AlertPhase]:
        """Return the phases of the alerts that have begun by an instant."""
        if instant not in self._phases:
            self._phases[instant] = precedence.alert_phases(self.alerts, self._moment.at(instant))
        return self._phases[instant]

    def statement_of(self, alert: Alert) -> AlertStatement:
        """Return what is shown of one alert at the moment."""
        visibility, hiding = self._visibility_at(alert, self._moment.unix_ms)
        later = ((instant, self._visibility_at(alert, instant)[0]) for instant in self._changes)
        until_ms, then = next(((at, other) for at, other in later if other is not visibility), (None, None))
        others = self._others_in_turn(alert) if visibility is AlertVisibility.SHOWN else ()
        return AlertStatement(alert, visibility, tuple(each.held.alert for each in hiding), until_ms, then, others)

    def _others_in_turn(self, alert: Alert) -> tuple[Alert, ...]:
        now, found = self._moment.unix_ms, self.phases_at(self._moment.unix_ms)
        others = precedence.takeover_group(found, now)
        if alert.level.rank < AlertLevel.ALERT.rank:
            others += precedence.active_phases(found, alert.level, now)
        return tuple(each.held.alert for each in others if each.held.alert.id != alert.id)

    def _visibility_at(self, alert: Alert, instant: int) -> tuple[AlertVisibility, list[AlertPhase]]:
        found = self.phases_at(instant)
        phase = next((each for each in found if each.held.alert.id == alert.id), None)
        if phase is None:
            return AlertVisibility.UPCOMING, []
        return _visibility(found, phase, instant, self._has_programme, self._is_dark(instant))

    def _is_dark(self, instant: int) -> bool:
        if self._power is None or self._power.state is not PowerState.OFF:
            return False
        return self._power.until_ms is None or instant < self._power.until_ms


def _visibility(
    found: Sequence[AlertPhase], phase: AlertPhase, unix_ms: int, has_programme: bool, is_dark: bool
) -> tuple[AlertVisibility, list[AlertPhase]]:
    """Return the visibility of an alert at an instant, and what hides it."""
    is_active = phase.is_active(unix_ms)
    if not is_active and (not phase.is_clearing(unix_ms) or phase.level is AlertLevel.INFORMATION):
        return AlertVisibility.OVER, []
    if not is_active and phase.held.is_unseen:
        return AlertVisibility.UNSEEN, []
    if is_dark and not any(precedence.active_phases(found, AlertLevel.EMERGENCY, unix_ms)):
        return AlertVisibility.DARK, []
    hiding = _hiding(found, phase, unix_ms, has_programme)
    if hiding:
        return AlertVisibility.MASKED, hiding
    return (AlertVisibility.SHOWN if is_active else AlertVisibility.ALL_CLEAR), []


def _hiding(found: Sequence[AlertPhase], phase: AlertPhase, unix_ms: int, has_programme: bool) -> list[AlertPhase]:
    """Return the alerts that hide one which is active, or over and not forgotten yet; none where it is shown."""
    group = precedence.takeover_group(found, unix_ms)
    if phase.level.rank >= AlertLevel.ALERT.rank:
        over = precedence.all_clear_group(found, unix_ms)
        # By identity: two alerts may say the same.
        if any(each is phase for each in (*group, *over)):
            return []
        return group or precedence.genuine_vigilance(found, unix_ms)
    if group and (group[0].level is AlertLevel.EMERGENCY or not has_programme):
        return group
    if not group and (over := precedence.all_clear_group(found, unix_ms)):
        return over
    if phase.level is AlertLevel.VIGILANCE and not phase.is_active(unix_ms):
        return precedence.active_phases(found, AlertLevel.VIGILANCE, unix_ms)
    return []
