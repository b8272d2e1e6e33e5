"""Observations of alerts that wait for an officer: to be confirmed, extended, ended; planned ones that begin soon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from beffroi_content import model as content
from beffroi_server.accounts.models import User
from beffroi_server.alerts import on_call, planned_alerts, queries, second_officer
from beffroi_server.alerts.models import Alert, ProposalOrigin
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.notifications.observations import Observation
from beffroi_server.notifications.occasions import Occasion

BEFORE_END = dt.timedelta(minutes=10)
"""How long before the end of an alert its author is reminded."""
SHORTEST_REMINDED = dt.timedelta(minutes=20)
"""Who broadcasts something shorter needs no reminder."""
ALONE_TOLD = dt.timedelta(hours=12)
"""For how long an alert that was broadcast without a second officer needs attention."""


def waiting_alerts(now: dt.datetime) -> list[Observation]:
    """Return what of alerts waits for an officer now. ``detail["for"]`` has the keys of those who are told."""
    called = [user.pk for user in on_call.officers_on_call(now)]
    running = queries.active_alerts(now)
    found = [*_proposals(now, called), *_planned(now, called)]
    for alert in running:
        found += [*_ends(alert, now, called), *_alone(alert, now)]
    return found


def _proposals(now: dt.datetime, called: list[int]) -> Iterator[Observation]:
    for proposal in second_officer.open_proposals(now):
        others = [key for key in called or officer_keys() if key != proposal.proposed_by_id]
        # Where the one on call has proposed it, another officer is needed all the same.
        others = others or [key for key in officer_keys() if key != proposal.proposed_by_id]
        reason = "warning" if proposal.origin == ProposalOrigin.WARNING else "proposed"
        if reason == "warning" and proposal.corrects_id is not None:
            reason = "changed"
        yield observe_waiting(f"proposal-{proposal.pk}", proposal.title, proposal.proposed_at, reason, others)


def _planned(now: dt.datetime, called: list[int]) -> Iterator[Observation]:
    for plan in planned_alerts.open_plans():
        early = dt.timedelta(minutes=plan.reminder_min)
        if plan.next_at is not None and plan.next_at - early <= now < plan.next_at:
            subject = f"plan-{plan.pk}-{unix_ms(plan.next_at)}"
            author = [plan.created_by_id] if plan.created_by_id is not None else called
            yield observe_waiting(subject, plan.title, plan.next_at - early, "planned", author, plan.next_at)


def _ends(alert: Alert, now: dt.datetime, called: list[int]) -> Iterator[Observation]:
    due = alert.review_at or alert.ends_at
    if due - alert.issued_at < SHORTEST_REMINDED and now < due:
        return
    people = [*([alert.issued_by_id] if alert.issued_by_id is not None else []), *called] or officer_keys()
    if now >= due:
        yield observe_waiting(f"alert-{alert.pk}", alert.title, due, "overdue", people, due)
    elif due - BEFORE_END <= now:
        yield observe_waiting(f"alert-{alert.pk}", alert.title, due - BEFORE_END, "ending", people, due)


def _alone(alert: Alert, now: dt.datetime) -> Iterator[Observation]:
    if alert.alone_reason and now - alert.issued_at < ALONE_TOLD and alert.status == content.AlertStatus.ACTUAL:
        subject = f"alone-{alert.pk}"
        yield observe_waiting(
            subject, alert.title, alert.issued_at, "alone", officer_keys(), problem=alert.alone_reason
        )


def observe_waiting(
    subject: str, name: str, began_at: dt.datetime, reason: str, people: Iterable[int | None],
    at: dt.datetime | None = None, problem: str = "",
) -> Observation:  # fmt: skip
    """Return an observation of something that waits for an officer, with the keys of those who are told."""
    detail: dict[str, object] = {"for": sorted({key for key in people if key is not None})}
    if at is not None:
        detail["at_ms"] = unix_ms(at)
    if problem:
        detail["problem"] = problem
    return Observation(Occasion.ALERT_WAITS, subject, name, began_at, reason, detail)


def officer_keys() -> list[int]:
    """Return the keys of all who may broadcast alerts."""
    return [user.pk for user in User.objects.filter(is_active=True) if user.may_alert]
