"""Operations on proposed alerts: the two-person rule for programs."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Literal

from django.utils import timezone
from ninja import Query, Status

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_server.alerts import second_officer
from beffroi_server.alerts.models import AlertProposal
from beffroi_server.api.alert_models import READ, WRITE, AlertAnswer, NewAlert, alert_answer, alert_values, token_of
from beffroi_server.api.languages import AlertTranslationAnswer
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.repeated_requests import Repetition
from beffroi_server.api.values import Answer, Change, Line120, PageOf, PageQuery, find_row, page_of

TAG = "alert proposals"


class ProposalAnswer(Answer):
    """An alert that waits until an officer confirms it, or what became of it."""

    id: uuid.UUID
    origin: Literal["officer", "warning"]
    level: AlertLevel
    status: AlertStatus
    title: str
    description: str
    instruction: str
    source: str
    translations: list[AlertTranslationAnswer]
    duration_min: int | None
    proposed_by: str
    proposed_at: dt.datetime
    deadline_at: dt.datetime
    """From here on it can no longer be confirmed."""
    decision: Literal["", "confirmed", "declined", "alone", "over"]
    """Empty while it waits, and where nobody decided in time."""
    alert: uuid.UUID | None
    """What it became."""


class ProposalQuery(PageQuery):
    """Which proposals are wanted."""

    waiting: bool = True


class AloneChange(Change):
    """Why an alert goes out without a second officer."""

    reason: Line120


def _proposals() -> Any:
    return AlertProposal.objects.select_related("proposed_by")


def alert_proposal_answer(row: AlertProposal) -> ProposalAnswer:
    """Return a proposed alert as the API shows it."""
    names = set(ProposalAnswer.model_fields) - {"proposed_by", "alert"}
    values = {name: getattr(row, name) for name in names}
    who = row.proposed_by.get_username() if row.proposed_by is not None else ""
    return ProposalAnswer.model_validate({**values, "proposed_by": who, "alert": row.alert_id})


@operation("GET", "/alert-proposals", scope=READ, returns=PageOf[ProposalAnswer], tag=TAG)
def list_proposals(request: ApiRequest, query: Query[ProposalQuery]) -> PageOf[ProposalAnswer]:
    """List the alerts that wait for an officer, or all that were ever proposed, the newest first."""
    rows = second_officer.open_proposals(timezone.now(), request.user)
    if not query.waiting:
        rows = second_officer.proposals_within(request.user)
    return page_of(query, rows, alert_proposal_answer)


@operation(
    "POST", "/alert-proposals", scope=WRITE, returns=ProposalAnswer, status=201, tag=TAG, repetition=Repetition.WHOLE
)  # fmt: skip
def propose_alert(request: ApiRequest, body: NewAlert) -> Status[ProposalAnswer]:
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
    "POST", "/alert-proposals/{proposal_id}/decline", scope=WRITE, returns=ProposalAnswer, tag=TAG,
    repetition=Repetition.WHOLE,
)  # fmt: skip
def decline_proposal(request: ApiRequest, proposal_id: uuid.UUID) -> ProposalAnswer:
    """Decline a proposal, or withdraw one's own."""
    row = find_row(_proposals(), pk=proposal_id)
    second_officer.decline_proposal(row, user=request.user)
    return alert_proposal_answer(row)
