"""The reason why a showing ended, derived from what is on instead. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.model import AlertForm
from beffroi_content.timeline import ReasonKind
from beffroi_content.wire.plays import EndReason
from beffroi_content.wire.reports import ShownPart


@dataclass(frozen=True, slots=True)
class ScreenChange:
    """The facts about what is presented now that explain why something else no longer is."""

    unix_ms: int
    parts: tuple[ShownPart, ...]
    active: frozenset[str] = frozenset()
    """Identifiers of the alerts that are active."""
    has_faults: bool = False
    """Whether a frame could not be shown."""
    other_programme: bool = False
    """Whether another programme is active than before."""
    is_identifying: bool = False
    """Whether the name of the screen covers everything."""
    is_standby: bool = False
    """Whether the display is in standby by its screen hours."""


def end_reason(before: ShownPart, change: ScreenChange) -> EndReason:
    """Return why a part ended that is no longer on.

    Several reasons may hold at once, since a slide may be due in the very instant in which an alert cuts in. The first
    one counts: a person's or an alert's doing before the end that was planned, and that before a fault.
    """
    causes = (
        (EndReason.STANDBY, change.is_standby),
        (EndReason.NAME, change.is_identifying),
        (EndReason.WITHDRAWN, _is_withdrawn(before, change)),
        (EndReason.ALERT, _is_taken_over(before, change)),
        (EndReason.TIME, _was_due(before, change)),
        (EndReason.PROGRAMME, change.other_programme and before.alert is None),
        (EndReason.BROKEN, change.has_faults and _is_replaced_by_idle(before, change)),
    )
    return next((ended for ended, holds in causes if holds), EndReason.OTHER)


def _is_withdrawn(before: ShownPart, change: ScreenChange) -> bool:
    if before.alert is None or before.form is AlertForm.ALL_CLEAR:
        return False
    return before.alert not in change.active


def _is_taken_over(before: ShownPart, change: ScreenChange) -> bool:
    """Tell whether an alert has cut in. The next page of the same alert in its turn is no cut."""
    taken = any(part.form is AlertForm.TAKEOVER for part in change.parts)
    return taken and (before.form is not AlertForm.TAKEOVER or not _was_due(before, change))


def _was_due(before: ShownPart, change: ScreenChange) -> bool:
    return before.until_ms is not None and change.unix_ms >= before.until_ms


def _is_replaced_by_idle(before: ShownPart, change: ScreenChange) -> bool:
    instead = [part for part in change.parts if part.zone == before.zone]
    return not instead or all(part.reason is ReasonKind.IDLE for part in instead)
