"""What is done with one warning: the alert or proposal that it makes, its corrections, its end.

Whatever a person has done to its alert stays: an alert that somebody corrected, extended or rewrote is not changed or
ended by its source any more, and one that somebody ended or declined comes back only where the source raises its level.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import uuid
from dataclasses import dataclass
from typing import Any

from beffroi_content.model import AlertLevel
from beffroi_server.alerts import second_officer, services
from beffroi_server.alerts.models import Alert, ProposalDecision, ProposalOrigin
from beffroi_server.cap.policy import Decision
from beffroi_server.fleet.targets import Targets
from beffroi_server.outside_warnings.models import OutsideWarning, WarningState

_NAMESPACE = uuid.UUID("0c9a8f52-4d0e-4a36-9a71-2f3f0a1d7b55")
LATE_EXTENSION = dt.timedelta(minutes=30)
"""A later end is given to an alert no sooner than this before its end: feeds renew some at each reading."""
_TEXT_FIELDS = ("level", "status", "hazard", "title", "description", "instruction", "source", "translations")
_ABSENT: dict[str, Any] = {"translations": []}
"""What stands for a value that a source does not give."""
_ENDS_ALERT = ("cancel", "all-clear", "update", "version", "absence")
_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Step:
    """What a warning asks for now."""

    values: dict[str, Any]
    """Of its alert."""
    ends: dt.datetime
    targets: Targets
    decision: Decision
    is_other_event: bool
    """Whether an update has taken the place of what it was."""
    starts: dt.datetime | None = None
    """When it is in force, and no longer announced."""
    issued: dt.datetime | None = None
    """When its source said so: what is said again later is another act."""


def note_decisions(warning: OutsideWarning, now: dt.datetime) -> None:
    """Take over what people have decided on a warning."""
    proposal = warning.proposal
    if warning.state in (WarningState.WAITING, WarningState.MISSED) and proposal is not None:
        if proposal.decision in (ProposalDecision.CONFIRMED, ProposalDecision.ALONE):
            warning.state, warning.alert = WarningState.BROADCAST, second_officer.alert_of(proposal)
            warning.alert_ends_at = warning.alert.ends_at if warning.alert is not None else None
            warning.shown_values = warning.values
        elif proposal.decision == ProposalDecision.DECLINED:
            warning.state = WarningState.DISMISSED
        elif proposal.deadline_at <= now:
            warning.state = WarningState.MISSED
    alert = warning.alert
    if warning.state == WarningState.BROADCAST and alert is not None and _is_ended_by_person(alert):
        warning.state = WarningState.DISMISSED


def act(warning: OutsideWarning, step: Step, now: dt.datetime) -> None:
    """Propose, broadcast or correct, where something is new.

    Raises:
        AlertRefused: it cannot be broadcast as it is.
        KeysMissing: this server cannot sign.
    """
    is_raised = _rank(step.values["level"]) > _rank(warning.level)
    is_same = warning.values == step.values
    # Who was asked once is not asked again and again: only for what is graver, or for an update nobody has seen.
    is_news = warning.state == WarningState.MISSED and (
        (step.is_other_event and not is_same) or _has_begun_since(warning, step, now)
    )
    if warning.state in (WarningState.DISMISSED, WarningState.MISSED) and not is_raised and not is_news:
        warning.ends_at = step.ends
        return
    running = running_alert(warning, now)
    if running is not None and is_same and warning.state != WarningState.WAITING:
        _follow_end(warning, running, step, now)
    elif step.decision is Decision.BROADCAST and not (running is not None and is_changed_by_hand(warning, running)):
        if not (is_same and warning.state == WarningState.BROADCAST):
            _broadcast(warning, step, running, now)
    elif not (is_same and warning.state == WarningState.WAITING):
        propose(warning, step, now)
    warning.ends_at = step.ends


def _has_begun_since(warning: OutsideWarning, step: Step, now: dt.datetime) -> bool:
    """Return whether what was announced when nobody decided is in force now."""
    asked = warning.proposal.proposed_at if warning.proposal is not None else None
    return asked is not None and step.starts is not None and asked < step.starts and _is_begun(step, now)


def _is_begun(step: Step, now: dt.datetime) -> bool:
    return step.starts is None or step.starts <= now


def propose(warning: OutsideWarning, step: Step, now: dt.datetime) -> None:
    """Ask an officer; what was proposed before is withdrawn."""
    _close_proposal(warning)
    waits = dt.timedelta(minutes=warning.source.waits_min)
    token = _token(warning, step, f"propose {_is_begun(step, now)}")
    warning.proposal = second_officer.propose_alert(
        {**step.values, "ends_at": step.ends}, step.targets, user=None, token=token,
        corrects=running_alert(warning, now), origin=ProposalOrigin.WARNING, waits=min(waits, step.ends - now),
    )  # fmt: skip
    _note(warning, step, WarningState.WAITING, now)


def close_warning(warning: OutsideWarning, reason: str, now: dt.datetime) -> None:
    """Note that a warning is over, and end what was broadcast from it, unless somebody has changed that by hand."""
    _close_proposal(warning)
    running = running_alert(warning, now)
    if running is not None and reason in _ENDS_ALERT:
        if is_changed_by_hand(warning, running):
            warning.is_left_on = True
        else:
            services.end_alert(running, user=None)
    warning.closed_at, warning.close_reason = now, reason
    warning.save()


def is_changed_by_hand(warning: OutsideWarning, alert: Alert) -> bool:
    """Return whether an alert is not any more as its source has made it."""
    is_rewritten = any(
        getattr(alert, name) != warning.shown_values.get(name, _ABSENT.get(name)) for name in _TEXT_FIELDS
    )
    has_other_end = warning.alert_ends_at is not None and abs(alert.ends_at - warning.alert_ends_at) > _MINUTE
    return is_rewritten or has_other_end or alert.is_open_ended


def _broadcast(warning: OutsideWarning, step: Step, corrects: Alert | None, now: dt.datetime) -> None:
    alert = services.broadcast_alert(
        **step.values, targets=step.targets, duration_min=_minutes(step.ends - now), corrects=corrects,
        token=_token(warning, step, "broadcast"), user=None,
    )  # fmt: skip
    _close_proposal(warning)
    warning.proposal = None
    # One that the database does not take in now is stored later, under the same key.
    warning.alert = Alert.objects.filter(pk=alert.pk).first()
    warning.alert_ends_at, warning.shown_values = alert.ends_at, step.values
    _note(warning, step, WarningState.BROADCAST, now)


def _follow_end(warning: OutsideWarning, alert: Alert, step: Step, now: dt.datetime) -> None:
    """Give a running alert the end that its source names now."""
    if is_changed_by_hand(warning, alert):
        return
    minutes = _minutes(step.ends - alert.ends_at)
    if minutes > 1 and alert.ends_at - now <= LATE_EXTENSION:
        services.extend_alert(alert, minutes, user=None)
    elif alert.ends_at - step.ends > _MINUTE and step.decision is Decision.BROADCAST:
        _broadcast(warning, step, alert, now)
        return
    else:
        return
    alert.refresh_from_db()
    warning.alert_ends_at, warning.changed_at = alert.ends_at, now


def _note(warning: OutsideWarning, step: Step, state: WarningState, now: dt.datetime) -> None:
    warning.state, warning.values, warning.decision = state, step.values, step.decision.value
    warning.title, warning.level, warning.changed_at = step.values["title"], step.values["level"], now
    warning.save()


def running_alert(warning: OutsideWarning, now: dt.datetime) -> Alert | None:
    """Return the alert of a warning as it is on the screens: whoever corrected it, the newest text."""
    alert = warning.alert
    while alert is not None and alert.replaced_at is not None:
        alert = Alert.objects.filter(corrects=alert).first()
    is_on = alert is not None and alert.withdrawn_at is None and not alert.settled and alert.ends_at > now
    return alert if is_on else None


def _is_ended_by_person(alert: Alert) -> bool:
    return alert.replaced_at is None and (alert.ended_by_id is not None or alert.withdrawn_at is not None)


def _close_proposal(warning: OutsideWarning) -> None:
    if warning.proposal is not None:
        second_officer.close_proposal(warning.proposal)


def _token(warning: OutsideWarning, step: Step, act_name: str) -> uuid.UUID:
    """Return the same token for the same act, however often it is tried."""
    issued = step.issued.isoformat() if step.issued is not None else ""
    said = json.dumps(
        [warning.source_id, warning.key, act_name, step.ends.isoformat(), issued, step.values], sort_keys=True
    )
    return uuid.uuid5(_NAMESPACE, hashlib.sha256(said.encode()).hexdigest())


def _minutes(length: dt.timedelta) -> int:
    return max(1, min(31 * 1_440 - 1, math.ceil(length / _MINUTE)))


def _rank(level: str) -> int:
    return AlertLevel(level).rank if level in set(AlertLevel) else -1
