"""Pages of proposed alerts: a second officer confirms one by one press, or declines it."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from beffroi_content.model import GENERAL_HAZARD
from beffroi_server.alerts import on_call, queries, second_officer
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import AlertProposal
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.targets import Targets
from beffroi_server.notifications.incident_texts import person_name
from beffroi_server.web.access import UserRequest, for_officers


@for_officers("GET")
def alert_proposal(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an alert that waits for an officer, or what became of it."""
    return _show(request, _proposal(request, pk))


@for_officers("POST")
def proposal_confirm(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Broadcast what another officer has proposed."""
    found = _proposal(request, pk)
    try:
        alert = second_officer.confirm_proposal(found, user=request.user)
    except AlertRefused as refused:
        messages.warning(request, refused.message)
        return redirect("alert-proposal", pk)
    return redirect("alert", alert.pk)


@for_officers("POST")
def proposal_alone(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Broadcast a proposal without a second officer, for a reason."""
    found, reason = _proposal(request, pk), request.POST.get("reason", "")[:300]
    try:
        alert = second_officer.broadcast_alone(found, reason, user=request.user)
    except AlertRefused as refused:
        messages.warning(request, refused.message)
        return redirect("alert-proposal", pk)
    return redirect("alert", alert.pk)


@for_officers("POST")
def proposal_decline(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Decline a proposal, or withdraw one's own."""
    try:
        reason = request.POST.get("reason", "")[:300]
        second_officer.decline_proposal(_proposal(request, pk), reason, user=request.user)
    except AlertRefused as refused:
        messages.warning(request, refused.message)
    return redirect("alert-choose")


def _proposal(request: UserRequest, pk: uuid.UUID) -> AlertProposal:
    rows = AlertProposal.objects.select_related("proposed_by", "decided_by", "alert", "corrects")
    found = get_object_or_404(rows, pk=pk)
    screen_scopes.check_row(request.user, found)
    return found


def _about_the_same(request: UserRequest, found: AlertProposal) -> dict[str, Any]:
    """Return what is on the screens or waits because of the same hazard: two sources may warn of one event."""
    if found.hazard == GENERAL_HAZARD:
        return {}
    now = timezone.now()
    waiting = second_officer.open_proposals(now, request.user).filter(hazard=found.hazard).exclude(pk=found.pk)
    running = [each for each in queries.active_alerts(now) if each.hazard == found.hazard]
    return {
        "others": list(waiting[:5]),
        "same_alerts": [each for each in running if each.pk not in (found.corrects_id, found.alert_id)],
    }


def _show(request: UserRequest, found: AlertProposal) -> HttpResponse:
    now, too_late = timezone.now(), ""
    waits = not found.decision and now < found.deadline_at
    try:
        if waits:
            second_officer.check_broadcastable(found, now)
    except AlertRefused as refused:
        too_late = refused.message
    context = {
        "proposal": found,
        "waits": waits and not too_late,
        "too_late": too_late,
        "proposer": person_name(found.proposed_by),
        "decider": person_name(found.decided_by),
        "length": (found.duration_min or 0) * 60,
        "own": found.proposed_by_id == request.user.pk,
        "count": Targets.of(found).reached_screens().count(),
        "on_call": on_call.officers_on_call(),
        "is_ahead": found.ends_at is None or found.ends_at > now,
        **_about_the_same(request, found),
    }
    return render(request, "alerts/proposal.html", context)
