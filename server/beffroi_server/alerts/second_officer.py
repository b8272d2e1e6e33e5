"""Proposals of alerts: an officer proposes one, and another confirms it by one press.

Who is alone says why and broadcasts all the same: that is recorded, and every officer is told.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import uuid
from typing import Any

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts import corrections, services
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert, AlertProposal, ProposalDecision, ProposalOrigin
from beffroi_server.core import database
from beffroi_server.core.formatting import moment_at
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.targets import Targets

logger = logging.getLogger(__name__)
WAITS = dt.timedelta(minutes=30)
"""How long a proposal of an officer can be confirmed."""
TEXT_FIELDS = (
    "level", "status", "hazard", "title", "description", "instruction", "short_text", "phone", "link", "source",
    "all_clear_s", "translations",
)  # fmt: skip


def propose_alert(
    values: dict[str, Any], targets: Targets, *, user: User | None, token: uuid.UUID, corrects: Alert | None = None,
    origin: str = ProposalOrigin.OFFICER, waits: dt.timedelta = WAITS, rewrites: AlertProposal | None = None,
) -> AlertProposal:  # fmt: skip
    """Have an alert wait until an officer confirms it. A second press of the button returns the same proposal.

    Args:
        values: Fields of ``AlertProposal``, without its targets.
        targets: The screens that it is for.
        user: Who proposes it; None for the server itself.
        token: Token of the form.
        corrects: The running alert whose place it would take.
        origin: Value of ``ProposalOrigin``.
        waits: How long it can be confirmed.
        rewrites: What waits already and says the same in other words: as soon as one of the two is broadcast, nobody
            can broadcast the other.
    """
    require(user, "may_alert")
    screen_scopes.check_targets(user, targets)
    if corrects is not None:
        screen_scopes.check_row(user, corrects)
    now = timezone.now()
    with serialised():
        known = AlertProposal.objects.filter(token=token).first()
        if known is not None:
            return known
        row = AlertProposal(
            **values, token=token, everywhere=targets.everywhere, corrects=corrects, origin=origin, proposed_by=user,
            proposed_at=now, deadline_at=now + waits, rewrites=rewrites,
        )  # fmt: skip
        row.save(force_insert=True)
        row.groups.set(targets.groups)
        row.screens.set(targets.screens)
        audit.record_event(user, "alert-proposed", row, proposal=str(row.pk), level=row.level)
    return row


def open_proposals(now: dt.datetime, user: User | None = None) -> QuerySet[AlertProposal]:
    """Return the proposals that can still be broadcast, the newest first: those within the scope of a user."""
    has_time_left = Q(ends_at=None) | Q(ends_at__gt=now)
    has_its_alert = Q(corrects=None) | Q(
        corrects__settled=False, corrects__held_back_at=None, corrects__ends_at__gt=now
    )
    return proposals_within(user).filter(has_time_left, has_its_alert, decision="", deadline_at__gt=now)


def proposals_within(user: User | None) -> QuerySet[AlertProposal]:
    """Return every proposal within the scope of a user, decided or not, the newest first."""
    return screen_scopes.rows_in_scope(AlertProposal.objects.select_related("proposed_by"), user)


def confirm_proposal(proposal: AlertProposal, *, user: User) -> Alert:
    """Broadcast what another officer has proposed. A second press returns the same alert.

    Raises:
        AlertRefused: it was proposed by the same person, was decided otherwise, or waited too long.
    """
    if proposal.proposed_by_id == user.pk:
        raise AlertRefused("second-officer", _("Another officer has to confirm what you have proposed."))
    return _broadcast(proposal, user, ProposalDecision.CONFIRMED, confirmed_by=user)


def broadcast_alone(proposal: AlertProposal, reason: str, *, user: User) -> Alert:
    """Broadcast a proposal without a second officer, for a reason that all officers are told.

    Raises:
        AlertRefused: no reason is given, or it was decided otherwise.
    """
    if not reason.strip():
        raise AlertRefused("second-officer", _("Say why no second officer confirms it: all officers are told."))
    return _broadcast(proposal, user, ProposalDecision.ALONE, alone_reason=reason)


def decline_proposal(proposal: AlertProposal, reason: str = "", *, user: User) -> None:
    """Decline a proposal, or withdraw one's own; a reason is recorded.

    Raises:
        AlertRefused: it was decided otherwise.
    """
    _check(proposal, user)
    with serialised():
        _decide(proposal, ProposalDecision.DECLINED, user)
        why = {"reason": said} if (said := " ".join(reason.split())) else {}
        audit.record_event(user, "alert-declined", proposal, proposal=str(proposal.pk), **why)


def settle_proposal(proposal: AlertProposal, alert: Alert, *, user: User) -> None:
    """Note that an alert was broadcast in the place of a proposal, with words of the officer’s own."""
    _check(proposal, user)
    try:
        with database.short_lock_wait(services.LOCK_WAIT_S), serialised():
            _decide(proposal, ProposalDecision.CONFIRMED, user, alert=Alert.objects.filter(pk=alert.pk).first())
    except (DatabaseError, AlertRefused) as error:
        logger.warning("the proposal %s could not be closed: %s", proposal.pk, error)


def close_proposal(proposal: AlertProposal) -> bool:
    """Take back a proposal that its source has changed or ended; return whether it was still waiting."""
    waiting = AlertProposal.objects.filter(pk=proposal.pk, decision="")
    return bool(waiting.update(decision=ProposalDecision.OVER, decided_at=timezone.now()))


def minutes_left(proposal: AlertProposal, now: dt.datetime) -> int | None:
    """Return how many minutes an alert would last that is broadcast now from a proposal.

    None: as long as what it corrects. 0 or less: its end has passed.
    """
    if proposal.ends_at is None:
        return proposal.duration_min
    return math.ceil((proposal.ends_at - now) / dt.timedelta(minutes=1))


def check_broadcastable(proposal: AlertProposal, now: dt.datetime) -> None:
    """Refuse a proposal that waited until there was nothing left to broadcast.

    Raises:
        AlertRefused: it was decided or waited too long, its own end has passed, or the alert that it was to correct
            is over or says something else by now.
    """
    if proposal.decision or proposal.deadline_at <= now:
        raise _is_decided(proposal)
    if proposal.ends_at is not None and proposal.ends_at <= now:
        words = {"title": proposal.title, "when": moment_at(proposal.ends_at)}
        raise AlertRefused("over", _("“%(title)s” was to end %(when)s: it is not broadcast any more.") % words)
    if proposal.corrects is not None:
        corrections.check_running(proposal.corrects, now)


def _broadcast(proposal: AlertProposal, user: User, decision: str, **how: Any) -> Alert:
    _check(proposal, user)
    known = Alert.objects.filter(token=proposal.token).first()
    if known is not None:
        return known
    check_broadcastable(proposal, timezone.now())
    alert = services.broadcast_alert(
        **{name: getattr(proposal, name) for name in TEXT_FIELDS}, targets=Targets.of(proposal),
        duration_min=minutes_left(proposal, timezone.now()), is_open_ended=proposal.is_open_ended,
        scenario=proposal.scenario, corrects=proposal.corrects, token=proposal.token, proposed_by=proposal.proposed_by,
        user=user, **how,
    )  # fmt: skip
    try:
        with database.short_lock_wait(services.LOCK_WAIT_S), serialised():
            _decide(proposal, decision, user, alert=Alert.objects.filter(pk=alert.pk).first())
    except DatabaseError as error:
        # It is on the screens; that the proposal seems to wait a little longer does no harm: its token is used.
        logger.warning("the proposal %s could not be closed: %s", proposal.pk, error)
    return alert


def alert_of(proposal: AlertProposal) -> Alert | None:
    """Return the alert that a proposal has become, in its own words or in those of an officer who rewrote it."""
    if proposal.alert is not None:
        return proposal.alert
    return Alert.objects.filter(proposal__rewrites=proposal).first()


def _decide(proposal: AlertProposal, decision: str, user: User, alert: Alert | None = None) -> None:
    decided = {"decided_by": user, "decided_at": timezone.now()}
    waiting = AlertProposal.objects.filter(decision="")
    if not waiting.filter(pk=proposal.pk).update(decision=decision, alert=alert, **decided):
        raise _is_decided(proposal)
    if decision != ProposalDecision.DECLINED:
        # The same in other words must not be broadcast beside it.
        if proposal.rewrites_id is not None:
            waiting.filter(pk=proposal.rewrites_id).update(decision=decision, **decided)
        waiting.filter(rewrites=proposal).update(decision=ProposalDecision.DECLINED, **decided)
    proposal.refresh_from_db()


def _is_decided(proposal: AlertProposal) -> AlertRefused:
    return AlertRefused("over", _("“%(title)s” no longer waits for an officer.") % {"title": proposal.title})


def _check(proposal: AlertProposal, user: User) -> None:
    require(user, "may_alert")
    screen_scopes.check_row(user, proposal)
