"""Warnings that a source says anew without naming what it said before.

Météo-France, for one, sends a warning again with other words or a later end, and no references: both would be proposed,
and both stay on the screens. The later one takes the place of the earlier one only where nothing of that is lost: the
same sender warns of the same events in the same areas, no milder, and for all of the time that is left. What is milder
or shorter may be meant beside the other; then both stay, as in decision 0051: a warning too many is noticed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from beffroi_content.model import AlertLevel
from beffroi_server.cap.forks import Subject
from beffroi_server.cap.policy import Decision
from beffroi_server.cap.succession import is_later, reaches, same_name
from beffroi_server.outside_warnings.assessments import Assessment
from beffroi_server.outside_warnings.models import CHART_KINDS, ReceivedMessage, WarningSource

_ORDER = (Decision.IGNORE, Decision.PROPOSE, Decision.BROADCAST)


def end_reissued(source: WarningSource, found: Sequence[Assessment], now: dt.datetime) -> list[Assessment]:
    """Note what was said anew as replaced, and return the assessments of the others."""
    if source.kind in CHART_KINDS:
        # Their messages are ours, and have identifiers that pass from chart to chart.
        return list(found)
    kept = []
    for earlier in found:
        newer = [later for later in found if later is not earlier and says_anew(later, earlier, now)]
        if not newer:
            kept.append(earlier)
            continue
        newest = max(newer, key=lambda each: each.message.alert.sent or now)
        keys = [each.casefold() for each in earlier.identifiers]
        ReceivedMessage.objects.filter(source=source, key__in=keys, ended_at=None).update(
            ended_at=now, ended_kind="update", ended_by=newest.identifiers[0]
        )
    return kept


def says_anew(later: Assessment, earlier: Assessment, now: dt.datetime) -> bool:
    """Return whether a warning says all that an earlier one says, which it does not name."""
    alert, said = later.message.alert, Subject(later.message.alert)
    if alert.references or len(later.warning.messages) > 1:
        return False
    for known in earlier.warning.messages:
        before = known.alert
        is_alike = alert.effective_status == before.effective_status and reaches(alert.scope, before)
        is_by_same = bool(alert.sender and before.sender) and same_name(alert.sender or "", before.sender or "")
        if not (is_alike and is_by_same and is_later(alert, before) and said.holds(Subject(before))):
            return False
    return _is_no_milder(later, earlier) and _lasts_as_long(later, earlier, now)


def _is_no_milder(later: Assessment, earlier: Assessment) -> bool:
    levels = [each.verdict.level for each in (later, earlier)]
    ranks = [level.rank if isinstance(level, AlertLevel) else -1 for level in levels]
    decisions = [_ORDER.index(each.verdict.decision) for each in (later, earlier)]
    is_as_wide = later.targets.everywhere or later.targets == earlier.targets
    return ranks[0] >= ranks[1] and decisions[0] >= decisions[1] and is_as_wide


def _lasts_as_long(later: Assessment, earlier: Assessment, now: dt.datetime) -> bool:
    begins = max(earlier.starts or now, now)
    is_early = later.starts is None or later.starts <= begins
    is_long = later.ends is None or (earlier.ends is not None and earlier.ends <= later.ends)
    return is_early and is_long
