"""Operations on proposals: announcements that wait until somebody who may publish them agrees."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Annotated, Any

from ninja import Query, Status
from pydantic import Field

from beffroi_server.api.announcement_models import (
    WRITE,
    NewPlacement,
    announcements_of,
    named_targets,
    placement_targets,
    placement_times,
)
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import ApiProblem
from beffroi_server.api.values import Answer, Change, Key, PageOf, PageQuery, find_row, page_of
from beffroi_server.schedule import proposals
from beffroi_server.schedule.decision_mail import mail_decision
from beffroi_server.schedule.errors import ProposalDecided
from beffroi_server.schedule.models import Proposal, ProposalState

TAG = "proposals"
READ = "announcements:read"


class ProposalAnswer(Answer):
    """An announcement that somebody would like on screens, and what was decided."""

    id: int
    announcement: uuid.UUID
    title: str
    version: int
    """Of the announcement now: give it back to approve what you have seen."""
    everywhere: bool
    screens: list[str]
    groups: list[str]
    starts_at: dt.datetime | None
    ends_at: dt.datetime | None
    duration_s: int
    state: ProposalState
    reason: str
    """Why it was declined."""
    proposed_by: str
    proposed_at: dt.datetime
    decided_by: str
    decided_at: dt.datetime | None


class ProposalQuery(PageQuery):
    """Which proposals are wanted."""

    own: bool = False
    """Those that one made, instead of those that one may decide."""


class ApprovalChange(Change):
    """Which text is approved."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    """The version that was read: where it is no longer the newest, the answer is 409."""


class DeclineChange(Change):
    """Why a proposal is declined."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


@operation("GET", "/proposals", scope=READ, returns=PageOf[ProposalAnswer], tag=TAG)
def list_announcement_proposals(request: ApiRequest, query: Query[ProposalQuery]) -> PageOf[ProposalAnswer]:
    """List the proposals that one may decide, the oldest first, or the own ones, the newest first."""
    find = proposals.proposals_of if query.own else proposals.proposals_to_decide
    return page_of(query, with_related(find(request.user)), proposal_answer)


@operation("POST", "/announcements/{announcement_id}/proposals", scope=WRITE, returns=ProposalAnswer, status=201,
           tag=TAG)  # fmt: skip
def propose_announcement(request: ApiRequest, announcement_id: uuid.UUID, body: NewPlacement) -> Status[ProposalAnswer]:
    """Propose an announcement for screens: it is shown once somebody has approved it. One that waits is replaced."""
    row, chosen = find_row(announcements_of(request), pk=announcement_id), placement_targets(body)
    made = proposals.propose_announcement(row, **named_targets(chosen), **placement_times(body), user=request.user)
    return Status(201, proposal_answer(find_row(with_related(Proposal.objects.all()), pk=made.pk)))


@operation("POST", "/proposals/{proposal_id}/approve", scope=WRITE, permission="may_edit", returns=ProposalAnswer,
           tag=TAG)  # fmt: skip
def approve_announcement_proposal(request: ApiRequest, proposal_id: Key, body: ApprovalChange) -> ProposalAnswer:
    """Publish an announcement as it was proposed; whoever proposed it is told by mail."""
    row = find_row(proposals.proposals_to_decide(request.user), pk=proposal_id)
    return _decide(row, lambda: proposals.approve_proposal(row, expected_version=body.version, user=request.user))


@operation("POST", "/proposals/{proposal_id}/decline", scope=WRITE, permission="may_edit", returns=ProposalAnswer,
           tag=TAG)  # fmt: skip
def decline_announcement_proposal(request: ApiRequest, proposal_id: Key, body: DeclineChange) -> ProposalAnswer:
    """Decline a proposal with a reason; whoever proposed it is told by mail."""
    row = find_row(proposals.proposals_to_decide(request.user), pk=proposal_id)
    return _decide(row, lambda: proposals.decline_proposal(row, body.reason, user=request.user))


@operation("POST", "/proposals/{proposal_id}/withdraw", scope=WRITE, returns=ProposalAnswer, tag=TAG)
def withdraw_announcement_proposal(request: ApiRequest, proposal_id: Key) -> ProposalAnswer:
    """Take one's own proposal back; the announcement stays."""
    row = find_row(proposals.proposals_of(request.user), pk=proposal_id)
    return _decide(row, lambda: proposals.withdraw_proposal(row, user=request.user))


def _decide(row: Proposal, decide: Callable[[], object]) -> ProposalAnswer:
    try:
        decide()
    except ProposalDecided as refused:
        raise ApiProblem(409, "decided", refused.message) from refused
    if row.state != ProposalState.WITHDRAWN:
        mail_decision(row)
    return proposal_answer(find_row(with_related(Proposal.objects.all()), pk=row.pk))


def with_related(rows: Any) -> Any:
    """Return proposals with what their answers show."""
    related = rows.select_related("announcement", "proposed_by", "decided_by")
    return related.prefetch_related("groups", "screens")


def proposal_answer(row: Proposal) -> ProposalAnswer:
    """Return a proposed announcement as the API shows it."""
    names = {"proposed_by": row.proposed_by, "decided_by": row.decided_by}
    return ProposalAnswer(
        id=row.pk, announcement=row.announcement_id, title=row.announcement.title, version=row.announcement.version,
        everywhere=row.everywhere, screens=sorted(each.slug for each in row.screens.all()),
        groups=sorted(each.slug for each in row.groups.all()), starts_at=row.starts_at, ends_at=row.ends_at,
        duration_s=row.duration_s, state=ProposalState(row.state), reason=row.reason, proposed_at=row.proposed_at,
        decided_at=row.decided_at,
        **{name: user.get_username() if user is not None else "" for name, user in names.items()},
    )  # fmt: skip
