"""Pages of proposals: what waits for approval, what became of the own ones, and the decision."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_server.library.errors import EditConflict
from beffroi_server.schedule import proposals
from beffroi_server.schedule.decision_mail import mail_decision
from beffroi_server.schedule.errors import ProposalDecided
from beffroi_server.schedule.models import Proposal, ProposalState
from beffroi_server.web.access import UserRequest, for_editors, for_writers
from beffroi_server.web.library.announcement_placing import placement_sentence
from beffroi_server.web.requests import paginate, parse_number

PROPOSALS_PER_PAGE = 20
_RELATED = ("announcement__picture", "proposed_by", "decided_by")


@for_writers("GET")
def proposal_list(request: UserRequest) -> HttpResponse:
    """List the proposals that the user may decide, and those that the user made, each with what became of it."""
    waiting = proposals.proposals_to_decide(request.user).select_related(*_RELATED)
    own = proposals.proposals_of(request.user).select_related(*_RELATED).prefetch_related("groups", "screens")
    page = paginate(request, own, PROPOSALS_PER_PAGE)
    to_decide = list(waiting.prefetch_related("groups", "screens")[:PROPOSALS_PER_PAGE])
    context = {
        "waiting": [(each, placement_sentence(each)) for each in to_decide],
        "more": max(0, waiting.count() - PROPOSALS_PER_PAGE),
        "page": page,
        "rows": [(each, placement_sentence(each)) for each in page],
        "used": proposals.used_quota(request.user),
    }
    return render(request, "schedule/proposals.html", context)


@for_editors("POST")
def proposal_approve(request: UserRequest, pk: int) -> HttpResponse:
    """Publish an announcement as it was proposed."""
    found = get_object_or_404(Proposal, pk=pk)
    version = parse_number(request.POST.get("version"))

    def approve() -> str:
        proposals.approve_proposal(found, expected_version=version, user=request.user)
        return _("“%(name)s” is approved and published.")

    return _decide(request, found, approve)


@for_editors("POST")
def proposal_decline(request: UserRequest, pk: int) -> HttpResponse:
    """Decline a proposal with a reason."""
    found = get_object_or_404(Proposal, pk=pk)

    def decline() -> str:
        proposals.decline_proposal(found, request.POST.get("reason", ""), user=request.user)
        return _("“%(name)s” is declined; whoever proposed it sees your reason.")

    return _decide(request, found, decline)


@for_writers("POST")
def proposal_withdraw(request: UserRequest, pk: int) -> HttpResponse:
    """Take an own proposal back."""
    found = get_object_or_404(Proposal, pk=pk)

    def withdraw() -> str:
        proposals.withdraw_proposal(found, user=request.user)
        return _("“%(name)s” is no longer proposed; it stays among your announcements.")

    return _decide(request, found, withdraw)


def _decide(request: UserRequest, found: Proposal, decide: Callable[[], str]) -> HttpResponse:
    try:
        text = decide()
    except ProposalDecided as refused:
        messages.warning(request, refused.message)
    except EditConflict:
        messages.warning(request, _("The announcement was changed in the meantime. Look at it again."))
    except ValidationError as refused:
        for message in refused.messages:
            messages.error(request, message)
    else:
        messages.success(request, text % {"name": found.announcement.title})
        if found.state in {ProposalState.APPROVED, ProposalState.DECLINED} and found.proposed_by is not None:
            mail_decision(found)
    return redirect("proposals")
