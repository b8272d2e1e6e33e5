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
from beffroi_content.timeline.moment import Moment


class AlertVisibility(StrEnum):
    """States of an alert on a screen."""

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

    @property
    def is_lost(self) -> bool:
        """Whether it is hidden up to its end: as things are it will never be seen."""
        hidden = self.visibility in {AlertVisibility.MASKED, AlertVisibility.DARK}
        return hidden and self.then in {AlertVisibility.UNSEEN, AlertVisibility.OVER}


def alert_statements(
    alerts: Iterable[HeldAlert], moment: Moment, *, has_programme: bool = True, power: DisplayPower | None = None
) -> tuple[AlertStatement, ...]:
    """Return what a screen shows of each alert at a moment, the most urgent first.

    Args:
        alerts: Every alert that the screen holds, of all scopes.
        moment: The instant.
        has_programme: Whether the screen has a programme to which an alert can give way for a while.
        power: The state of its display by its hours (see ``display_power``); None: it is on.
    """
    found = precedence.alert_phases(alerts, moment)
    return tuple(_statement(found, phase, moment.unix_ms, has_programme, power) for phase in found)


def _statement(
    found: Sequence[AlertPhase], phase: AlertPhase, unix_ms: int, has_programme: bool, power: DisplayPower | None
) -> AlertStatement:
    def at(instant: int) -> tuple[AlertVisibility, list[AlertPhase]]:
        is_off = power is not None and power.state is PowerState.OFF
        is_dark = is_off and (power.until_ms is None or instant < power.until_ms) if power is not None else False
        return _visibility(found, phase, instant, has_programme, is_dark)

    visibility, hiding = at(unix_ms)
    changes = {instant for each in found for instant in (each.ends_ms, each.clears_ms)}
    if power is not None and power.until_ms is not None:
        changes.add(power.until_ms)
    later = ((instant, at(instant)[0]) for instant in sorted(changes) if instant > unix_ms)
    until_ms, then = next(((instant, found) for instant, found in later if found is not visibility), (None, None))
    masked_by = tuple(each.held.alert for each in hiding)
    return AlertStatement(phase.held.alert, visibility, masked_by, until_ms, then)


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
