"""Operations on the editorial plan: who writes what for when."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from django.utils import timezone
from ninja import Query, Status
from pydantic import StringConstraints

from beffroi_server.accounts.models import User
from beffroi_server.api.announcement_models import READ, WRITE, announcements_of
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.town import Username
from beffroi_server.api.values import (
    Answer,
    Change,
    Day,
    Key,
    Line60,
    Name120,
    PageOf,
    PageQuery,
    find_row,
    named_row,
    page_of,
)
from beffroi_server.library import editorial_plan
from beffroi_server.library.plan_models import PlannedAnnouncement

TAG = "editorial plan"
Note = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")]


class PlannedAnswer(Answer):
    """Something that is to be written."""

    id: int
    title: str
    due_on: dt.date
    writer: str
    """Empty: nobody yet."""
    label: str
    """The category."""
    note: str
    announcement: uuid.UUID | None
    """What was written for it."""
    is_late: bool


class PlannedChange(Change):
    """Fields of something that is to be written."""

    title: Name120 = ""
    due_on: Day = dt.date(2000, 1, 1)
    writer: Username | None = None
    label: Line60 = ""
    note: Note = ""


class NewPlanned(PlannedChange):
    """Something new to be written."""

    title: Name120
    due_on: Day


class WrittenChange(Change):
    """What was written for it."""

    announcement: uuid.UUID


def planned_answer(row: PlannedAnnouncement) -> PlannedAnswer:
    """Return something of the editorial plan as the API shows it."""
    return PlannedAnswer(
        id=row.pk, title=row.title, due_on=row.due_on, label=row.label, note=row.note,
        writer=row.writer.get_username() if row.writer is not None else "", announcement=row.announcement_id,
        is_late=row.is_late(timezone.localdate()),
    )  # fmt: skip


@operation("GET", "/plan", scope=READ, returns=PageOf[PlannedAnswer], tag=TAG)
def list_plan(request: ApiRequest, query: Query[PageQuery]) -> PageOf[PlannedAnswer]:
    """List what is to be written, the earliest day first, and what was written in the last two weeks."""
    return page_of(query, editorial_plan.open_plan(timezone.localdate()), planned_answer)


@operation("POST", "/plan", scope=WRITE, permission="may_edit", returns=PlannedAnswer, status=201, tag=TAG)
def add_planned(request: ApiRequest, body: NewPlanned) -> Status[PlannedAnswer]:
    """Add something to the plan."""
    return Status(201, _save(PlannedAnnouncement(), body, request))


@operation("GET", "/plan/{planned_id}", scope=READ, returns=PlannedAnswer, tag=TAG)
def read_planned(request: ApiRequest, planned_id: Key) -> PlannedAnswer:
    """Return something of the plan."""
    return planned_answer(find_row(PlannedAnnouncement.objects.all(), pk=planned_id))


@operation("PATCH", "/plan/{planned_id}", scope=WRITE, permission="may_edit", returns=PlannedAnswer, tag=TAG)
def change_planned(request: ApiRequest, planned_id: Key, body: PlannedChange) -> PlannedAnswer:
    """Change something in the plan."""
    return _save(find_row(PlannedAnnouncement.objects.all(), pk=planned_id), body, request)


@operation("POST", "/plan/{planned_id}/written", scope=WRITE, returns=PlannedAnswer, tag=TAG)
def mark_planned_written(request: ApiRequest, planned_id: Key, body: WrittenChange) -> PlannedAnswer:
    """Say which announcement was written for something in the plan; nothing changes where another one was."""
    row = find_row(PlannedAnnouncement.objects.all(), pk=planned_id)
    written = named_row(announcements_of(request), body.announcement, "announcement")
    assert written is not None  # named
    editorial_plan.mark_written(row.pk, written, user=request.user)
    return planned_answer(find_row(PlannedAnnouncement.objects.all(), pk=planned_id))


@operation("DELETE", "/plan/{planned_id}", scope=WRITE, permission="may_edit", status=204, tag=TAG)
def remove_planned(request: ApiRequest, planned_id: Key) -> Status[None]:
    """Remove something from the plan; what was written for it stays."""
    editorial_plan.remove_planned(find_row(PlannedAnnouncement.objects.all(), pk=planned_id), user=request.user)
    return Status(204, None)


def _save(row: PlannedAnnouncement, body: PlannedChange, request: ApiRequest) -> PlannedAnswer:
    values = body.given()
    if "writer" in values:
        values["writer"] = named_row(User.objects.filter(is_active=True), body.writer, "writer", key="username")
    for name, value in values.items():
        setattr(row, name, value)
    editorial_plan.save_planned(row, user=request.user)
    return planned_answer(row)
