"""Operations on planned alerts."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from ninja import Query, Status
from pydantic import AfterValidator, AwareDatetime, Field

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.model.recurrence import Recurrence
from beffroi_server.alerts import plan_services
from beffroi_server.alerts.models import PlannedAlert
from beffroi_server.api.alert_models import READ, WRITE, AlertTextChange, Minutes, named_targets
from beffroi_server.api.languages import AlertTranslationAnswer
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.repeated_requests import Repetition
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    PageOf,
    PageQuery,
    TimeOfDay,
    WarningTitle,
    find_row,
    page_of,
    user_name,
)
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.targets import Targets

TAG = "planned alerts"
_TARGETS = frozenset({"everywhere", "groups", "screens"})


def _readable_rule(text: str) -> str:
    if text:
        try:
            Recurrence.parse(text)
        except ValueError as error:
            raise ValueError(_("this is no rule for days: %(fault)s") % {"fault": error}) from error
    return text


Rule = Annotated[str, Field(max_length=200), AfterValidator(_readable_rule)]


class PlannedAlertChange(AlertTextChange):
    """Fields of a planned alert."""

    status: AlertStatus = AlertStatus.ACTUAL
    starts_on: dt.date = dt.date(2000, 1, 1)
    starts_time: dt.time = dt.time(8)
    """By the clocks of the town."""
    duration_min: Minutes = 60
    recurrence: Rule = ""
    """A rule of RFC 5545 for its days, such as FREQ=MONTHLY;BYDAY=1WE; empty: once."""
    reminder_min: Annotated[int, Field(ge=0, le=10_080)] = 60
    """Minutes before it begins at which its author is reminded; 0: never."""


class NewPlannedAlert(PlannedAlertChange):
    """A new planned alert."""

    title: WarningTitle
    starts_on: dt.date
    starts_time: dt.time


class PlannedAlertAnswer(Answer):
    """An alert that begins at a time to come."""

    id: int
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
    starts_on: dt.date
    starts_time: TimeOfDay
    duration_min: int
    recurrence: str
    reminder_min: int
    next_at: dt.datetime | None
    """When the next occurrence begins; null where there is none any more."""
    created_by: str


class OccurrenceChange(Change):
    """Which occurrence is meant: the one that begins at this instant, if it is still the next one."""

    at: AwareDatetime


class PostponementChange(OccurrenceChange):
    """By how much an occurrence is postponed."""

    minutes: Minutes


def plan_rows() -> QuerySet[PlannedAlert]:
    """Return the planned alerts with what their answers show."""
    return PlannedAlert.objects.select_related("created_by").prefetch_related("groups", "screens")


def planned_alert_answer(row: PlannedAlert) -> PlannedAlertAnswer:
    """Return a planned alert as the API shows it."""
    names = set(PlannedAlertAnswer.model_fields) - {"groups", "screens", "created_by"}
    targets = Targets.of(row)
    return PlannedAlertAnswer.model_validate(
        {
            **{name: getattr(row, name) for name in names},
            "groups": sorted(each.slug for each in targets.groups),
            "screens": sorted(each.slug for each in targets.screens),
            "created_by": user_name(row.created_by),
        }
    )


@operation("GET", "/planned-alerts", scope=READ, returns=PageOf[PlannedAlertAnswer], tag=TAG)
def list_planned_alerts(request: ApiRequest, query: Query[PageQuery]) -> PageOf[PlannedAlertAnswer]:
    """List the planned alerts by their next beginning."""
    return page_of(query, screen_scopes.rows_in_scope(plan_rows(), request.user), planned_alert_answer)


@operation(
    "POST", "/planned-alerts", scope=WRITE, returns=PlannedAlertAnswer, status=201, tag=TAG,
    repetition=Repetition.WHOLE,
)  # fmt: skip
def plan_alert(request: ApiRequest, body: NewPlannedAlert) -> Status[PlannedAlertAnswer]:
    """Plan an alert; its next occurrence goes to the players at once."""
    return Status(201, _save(PlannedAlert(), body, request))


@operation("GET", "/planned-alerts/{plan_id}", scope=READ, returns=PlannedAlertAnswer, tag=TAG)
def read_planned_alert(request: ApiRequest, plan_id: Key) -> PlannedAlertAnswer:
    """Return a planned alert."""
    return planned_alert_answer(find_row(plan_rows(), pk=plan_id))


@operation("PATCH", "/planned-alerts/{plan_id}", scope=WRITE, returns=PlannedAlertAnswer, tag=TAG)
def change_planned_alert(request: ApiRequest, plan_id: Key, body: PlannedAlertChange) -> PlannedAlertAnswer:
    """Change a planned alert."""
    return _save(find_row(plan_rows(), pk=plan_id), body, request)


@operation("DELETE", "/planned-alerts/{plan_id}", scope=WRITE, status=204, tag=TAG)
def delete_planned_alert(request: ApiRequest, plan_id: Key) -> Status[None]:
    """Delete a planned alert; an occurrence that has begun stays."""
    plan_services.delete_plan(find_row(plan_rows(), pk=plan_id), user=request.user)
    return Status(204, None)


@operation(
    "POST", "/planned-alerts/{plan_id}/skip", scope=WRITE, returns=PlannedAlertAnswer, tag=TAG,
    repetition=Repetition.WHOLE,
)  # fmt: skip
def skip_occurrence(request: ApiRequest, plan_id: Key, body: OccurrenceChange) -> PlannedAlertAnswer:
    """Leave out the next occurrence; nothing changes where another one is next by now."""
    row = find_row(plan_rows(), pk=plan_id)
    plan_services.skip_next(row, body.at, user=request.user)
    return planned_alert_answer(find_row(plan_rows(), pk=plan_id))


@operation(
    "POST", "/planned-alerts/{plan_id}/postpone", scope=WRITE, returns=PlannedAlertAnswer, tag=TAG,
    repetition=Repetition.WHOLE,
)  # fmt: skip
def postpone_occurrence(request: ApiRequest, plan_id: Key, body: PostponementChange) -> PlannedAlertAnswer:
    """Postpone the next occurrence, and leave the others as they are."""
    row = find_row(plan_rows(), pk=plan_id)
    plan_services.postpone_next(row, body.at, body.minutes, user=request.user)
    return planned_alert_answer(find_row(plan_rows(), pk=plan_id))


def _save(row: PlannedAlert, body: PlannedAlertChange, request: ApiRequest) -> PlannedAlertAnswer:
    values = body.given()
    targets = named_targets(body) if values.keys() & _TARGETS or row.pk is None else Targets.of(row)
    for name, value in values.items():
        if name not in _TARGETS:
            setattr(row, name, value)
    row.level, row.status = str(row.level), str(row.status)
    if not row.source:
        row.source = plan_services.town_name()
    plan_services.save_plan(row, targets, user=request.user)
    return planned_alert_answer(find_row(plan_rows(), pk=row.pk))
