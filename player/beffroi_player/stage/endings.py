"""Why a showing ended, from what was on before and what is on now. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.model import AlertForm
from beffroi_content.timeline import ReasonKind
from beffroi_content.wire.reports import Ended, Shown


@dataclass(frozen=True, slots=True)
class Change:
    """What is on the glass now, as far as it says why something else is not."""

    unix_ms: int
    parts: tuple[Shown, ...]
    active: frozenset[str] = frozenset()
    """The alerts that are to be shown."""
    has_faults: bool = False
    """Whether a frame could not be shown."""
    other_programme: bool = False
    """Whether the programme is not the one of before."""
    names_screen: bool = False
    """Whether the name of the screen lies over everything."""
    rests: bool = False
    """Whether the display is in its hours of rest."""


def why(before: Shown, change: Change) -> Ended:
    """Return why a part that is on no more has ended: the first of these that holds."""
    causes = (
        (Ended.REST, change.rests),
        (Ended.NAME, change.names_screen),
        (Ended.WITHDRAWN, _is_over(before, change)),
        (Ended.ALERT, _is_taken_over(before, change)),
        (Ended.TIME, _was_due(before, change)),
        (Ended.PROGRAMME, change.other_programme and before.alert is None),
        (Ended.BROKEN, change.has_faults and _is_stood_in_for(before, change)),
    )
    return next((ended for ended, holds in causes if holds), Ended.OTHER)


def _is_over(before: Shown, change: Change) -> bool:
    if before.alert is None or before.form is AlertForm.ALL_CLEAR:
        return False
    return before.alert not in change.active


def _is_taken_over(before: Shown, change: Change) -> bool:
    """Tell whether an alert has cut in; when one page of an alert follows another, that is nobody's doing."""
    taken = any(part.form is AlertForm.TAKEOVER for part in change.parts)
    return taken and (before.form is not AlertForm.TAKEOVER or not _was_due(before, change))


def _was_due(before: Shown, change: Change) -> bool:
    return before.until_ms is not None and change.unix_ms >= before.until_ms


def _is_stood_in_for(before: Shown, change: Change) -> bool:
    instead = [part for part in change.parts if part.zone == before.zone]
    return not instead or all(part.reason is ReasonKind.IDLE for part in instead)
