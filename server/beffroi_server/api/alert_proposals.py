"""Operations on proposed alerts: the two-person rule for programs."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Literal

from django.db.models import QuerySet
from django.utils import timezone
from ninja import Query, Status

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_server.alerts import second_officer
from beffroi_server.alerts.models import AlertProposal
from beffroi_server.api.alert_models import READ, WRITE, AlertAnswer, NewAlert, alert_answer, alert_values, token_of
from beffroi_server.api.languages import AlertTranslationAnswer
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.repeated_requests import Repetition
from beffroi_server.api.values import Answer, Change, Line120, PageOf, PageQuery, find_row, page_of, user_name
from beffroi_server.fleet.targets import Targets

TAG = "alert proposals"


class AlertProposalAnswer(Answer):
    """An alert that waits until an officer confirms it, or what became of it."""

    id: uuid.UUID
    origin: Literal["officer", "warning"]
    level: AlertLevel
    status: AlertStatus
    hazard: str
    title: str
    description: str
    instruction: str
    short_text: str
    phone: str
    link: str
    source: str
    translations: list[AlertTranslationAnswer]
    everywhere: bool
    groups: list[str]
    screens: list[str]
    all_clear_s: int
    duration_min: int | None
    ends_at: dt.datetime | None
    """Of one that ends at an instant, as a warning does; null: ``duration_min`` after it is broadcast."""
    is_open_ended: bool
    scenario: int | None
    """What it was started from."""
    corrects: uuid.UUID | None
    """The alert whose place it takes."""
    rewrites: uuid.UUID | None
    """The proposal that says the same in other words: only one of the two can be broadcast."""
    proposed_by: str
    proposed_at: dt.datetime
    deadline_at: dt.datetime
    """From here on it can no longer be confirmed."""
    decision: Literal["", "confirmed", "declined", "alone", "over"]
    """Empty while it waits, and where nobody decided in time."""
    decided_by: str
    decided_at: dt.datetime | None
    alert: uuid.UUID | None
    """What it became."""


class AlertProposalQuery(PageQuery):
    """Which proposals are wanted."""

    waiting: bool = True


class AloneChange(Change):
    """Why an alert goes out without a second officer."""

    reason: Line120


def with_related(rows: QuerySet[AlertProposal]) -> QuerySet[AlertProposal]:
    """Return proposals with what their answers show."""
    return rows.select_related("proposed_by", "decided_by").prefetch_related("groups", "screens")


def _proposals() -> QuerySet[AlertProposal]:
    return with_related(AlertProposal.objects.all())


def alert_proposal_answer(row: AlertProposal) -> AlertProposalAnswer:
    """Return a proposed alert as the API shows it."""
    targets = Targets.of(row)
    related = {
        "proposed_by": user_name(row.proposed_by), "decided_by": user_name(row.decided_by), "alert": row.alert_id,
        "scenario": row.scenario_id, "corrects": row.corrects_id,
        "rewrites": row.rewrites_id,
        "groups": sorted(each.slug for each in targets.groups),
        "screens": sorted(each.slug for each in targets.screens),
    }  # fmt: skip
    own = {name: getattr(row, name) for name in AlertProposalAnswer.model_fields if name not in related}
    return AlertProposalAnswer.model_validate({**own, **related})


@operation("GET", "/alert-proposals", scope=READ, returns=PageOf[AlertProposalAnswer], tag=TAG)
def list_proposals(request: ApiRequest, query: Query[AlertProposalQuery]) -> PageOf[AlertProposalAnswer]:
    """List the alerts that wait for an officer, or all that were ever proposed, the newest first."""
    rows = second_officer.open_proposals(timezone.now(), request.user)
    if not query.waiting:
        rows = second_officer.proposals_within(request.user)
    return page_of(query, with_related(rows), alert_proposal_answer)


@operation(
    "POST", "/alert-proposals", scope=WRITE, returns=AlertProposalAnswer, status=201, tag=TAG,
    repetition=Repetition.WHOLE,
)  # fmt: skip
def propose_alert(request: ApiRequest, body: NewAlert) -> Status[AlertProposalAnswer]:
    """Propose an alert; another officer confirms it."""
    values = alert_values(body, request.user)
    targets = values.pop("targets")
    fields = {**values, "status": body.status, "is_open_ended": body.is_open_ended}
    token = token_of(request) or uuid.uuid4()
    row = second_officer.propose_alert(fields, targets, user=request.user, token=token)
    return Status(201, alert_proposal_answer(row))


@operation(
    "POST", "/alert-proposals/{proposal_id}/confirm", scope=WRITE, returns=AlertAnswer, status=201, tag=TAG,
    repetition=Repetition.OWN,
)  # fmt: skip
def confirm_proposal(request: ApiRequest, proposal_id: uuid.UUID) -> Status[AlertAnswer]:
    """Broadcast what another officer has proposed."""
    alert = second_officer.confirm_proposal(find_row(_proposals(), pk=proposal_id), user=request.user)
    return Status(201, alert_answer(alert))


@operation(
    "POST", "/alert-proposals/{proposal_id}/alone", scope=WRITE, returns=AlertAnswer, status=201, tag=TAG,
    repetition=Repetition.OWN,
)  # fmt: skip
def broadcast_alone(request: ApiRequest, proposal_id: uuid.UUID, body: AloneChange) -> Status[AlertAnswer]:
    """Broadcast a proposal without a second officer; all officers are told the reason."""
    row = find_row(_proposals(), pk=proposal_id)
    return Status(201, alert_answer(second_officer.broadcast_alone(row, body.reason, user=request.user)))


@operation(
    "POST", "/alert-proposals/{proposal_id}/decline", scope=WRITE, returns=AlertProposalAnswer, tag=TAG,
    repetition=Repetition.WHOLE,
)  # fmt: skip
def decline_proposal(request: ApiRequest, proposal_id: uuid.UUID) -> AlertProposalAnswer:
    """Decline a proposal, or withdraw one's own."""
    row = find_row(_proposals(), pk=proposal_id)
    second_officer.decline_proposal(row, user=request.user)
    return alert_proposal_answer(row)
