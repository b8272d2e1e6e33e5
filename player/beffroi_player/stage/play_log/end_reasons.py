"""Why a showing ended, from what was on before and what is on now. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.model import AlertForm
from beffroi_content.timeline import ReasonKind
from beffroi_content.wire.reports import EndReason, ShownPart


@dataclass(frozen=True, slots=True)
class ScreenChange:
    """What is on the glass now, as far as it says why something else is not."""

    unix_ms: int
    parts: tuple[ShownPart, ...]
    active: frozenset[str] = frozenset()
    """The alerts that are to be shown."""
    has_faults: bool = False
    """Whether a frame could not be shown."""
    other_programme: bool = False
    """Whether the programme is not the one of before."""
    is_identifying: bool = False
    """Whether the name of the screen lies over everything."""
    is_standby: bool = False
    """Whether the display is in its hours of rest."""


def end_reason(before: ShownPart, change: ScreenChange) -> EndReason:
    """Return why a part that is on no more has ended: the first of these that holds."""
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
    """Tell whether an alert has cut in; when one page of an alert follows another, that is nobody's doing."""
    taken = any(part.form is AlertForm.TAKEOVER for part in change.parts)
    return taken and (before.form is not AlertForm.TAKEOVER or not _was_due(before, change))


def _was_due(before: ShownPart, change: ScreenChange) -> bool:
    return before.until_ms is not None and change.unix_ms >= before.until_ms


def _is_replaced_by_idle(before: ShownPart, change: ScreenChange) -> bool:
    instead = [part for part in change.parts if part.zone == before.zone]
    return not instead or all(part.reason is ReasonKind.IDLE for part in instead)
