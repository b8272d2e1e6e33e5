"""Operations on incidents: what needs attention, and saying that one takes care of it."""

from __future__ import annotations

import datetime as dt

from ninja import Query

from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Key, PageOf, PageQuery, find_row, page_of
from beffroi_server.notifications import incident_texts, incidents
from beffroi_server.notifications.models import Incident

TAG = "incidents"
READ = "screens:read"


class IncidentAnswer(Answer):
    """Something that needs attention, or did."""

    id: int
    occasion: str
    sentence: str
    screen: str
    """Slug of the screen that it is about; empty for none."""
    began_at: dt.datetime
    ended_at: dt.datetime | None
    """Null while it lasts."""
    acknowledged_at: dt.datetime | None
    """Since when somebody takes care of it."""
    acknowledged_by: str


class AcknowledgedAnswer(Answer):
    """How many incidents somebody takes care of now."""

    acknowledged: int


class IncidentQuery(PageQuery):
    """Which incidents are wanted."""

    over: bool = False
    """Those that are over, instead of those that need attention."""


def incident_answer(row: Incident) -> IncidentAnswer:
    """Return an incident as the API shows it."""
    person = row.acknowledged_by
    return IncidentAnswer(
        id=row.pk, occasion=row.occasion, sentence=incident_texts.incident_sentence(row),
        screen=row.screen.slug if row.screen is not None else "", began_at=row.began_at, ended_at=row.ended_at,
        acknowledged_at=row.acknowledged_at, acknowledged_by=person.get_username() if person is not None else "",
    )  # fmt: skip


@operation("GET", "/incidents", scope=READ, returns=PageOf[IncidentAnswer], tag=TAG)
def list_incidents(request: ApiRequest, query: Query[IncidentQuery]) -> PageOf[IncidentAnswer]:
    """List what needs attention within one's scope, the newest first."""
    rows = incidents.open_incidents(request.user)
    if query.over:
        rows = incidents.visible_incidents(request.user).filter(ended_at__isnull=False)
    return page_of(query, rows.select_related("screen", "acknowledged_by"), incident_answer)


@operation("POST", "/incidents/{incident_id}/acknowledge", scope=READ, returns=IncidentAnswer, tag=TAG)
def acknowledge_incident(request: ApiRequest, incident_id: Key) -> IncidentAnswer:
    """Say that one takes care of an incident; the others are told. Nothing changes where somebody does already."""
    row = find_row(incidents.visible_incidents(request.user), pk=incident_id)
    incidents.acknowledge(row, user=request.user)
    related = incidents.visible_incidents(request.user).select_related("screen", "acknowledged_by")
    return incident_answer(find_row(related, pk=incident_id))


@operation("POST", "/incidents/acknowledge", scope=READ, returns=AcknowledgedAnswer, tag=TAG)
def acknowledge_all_incidents(request: ApiRequest) -> AcknowledgedAnswer:
    """Say that one takes care of everything that needs attention and that nobody takes care of."""
    return AcknowledgedAnswer(acknowledged=incidents.acknowledge_all(user=request.user))
