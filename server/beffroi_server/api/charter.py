"""Operations on the charter: the town's rules about what is published, and what they say of an announcement."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from ninja import Query, Status
from pydantic import Field

from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    Change,
    Day,
    Key,
    Line60,
    Line200,
    MinuteOfDay,
    PageOf,
    PageQuery,
    Slugs,
    TimeOfDay,
    find_row,
    named_rows,
    page_of,
)
from beffroi_server.fleet.models import ScreenGroup
from beffroi_server.schedule import charter
from beffroi_server.schedule.charter_models import CharterRule, CharterSubject

TAG = "charter"
READ, WRITE = "schedule:read", "town:write"
Amount = Annotated[int, Field(ge=1, le=3650)]


class CharterRuleAnswer(Answer):
    """A rule of the charter."""

    id: int
    subject: CharterSubject
    sentence: str
    """What it asks, in the language that was asked for."""
    amount: int | None
    """Pages, characters, days or per cent, for the rules that take one."""
    category: str
    """Of these announcements only; empty: of all."""
    groups: list[str]
    start_time: TimeOfDay | None
    end_time: TimeOfDay | None
    first_date: dt.date | None
    last_date: dt.date | None
    refuses: bool
    """Otherwise it warns."""
    reason: str


class CharterRuleChange(Change):
    """Fields of a rule of the charter."""

    subject: CharterSubject = CharterSubject.READING_TIME
    amount: Amount | None = None
    category: Line60 = ""
    groups: Slugs = []
    start_time: MinuteOfDay | None = None
    end_time: MinuteOfDay | None = None
    first_date: Day | None = None
    last_date: Day | None = None
    refuses: bool = False
    reason: Line200 = ""


class NewCharterRule(CharterRuleChange):
    """A new rule of the charter."""

    subject: CharterSubject


def _rules() -> Any:
    return CharterRule.objects.prefetch_related("groups")


def charter_rule_answer(row: CharterRule) -> CharterRuleAnswer:
    """Return a rule of the charter as the API shows it."""
    own = {name: getattr(row, name) for name in set(CharterRuleAnswer.model_fields) - {"sentence", "groups"}}
    groups = sorted(group.slug for group in row.groups.all())
    return CharterRuleAnswer.model_validate({**own, "sentence": str(row), "groups": groups})


@operation("GET", "/charter", scope=READ, returns=PageOf[CharterRuleAnswer], tag=TAG)
def list_charter_rules(request: ApiRequest, query: Query[PageQuery]) -> PageOf[CharterRuleAnswer]:
    """List the rules of the charter, those that refuse first."""
    return page_of(query, _rules(), charter_rule_answer)


@operation("POST", "/charter", scope=WRITE, returns=CharterRuleAnswer, status=201, tag=TAG)
def create_charter_rule(request: ApiRequest, body: NewCharterRule) -> Status[CharterRuleAnswer]:
    """Add a rule to the charter. What is published already stays."""
    return Status(201, _save(CharterRule(), body, request))


@operation("GET", "/charter/{charter_rule_id}", scope=READ, returns=CharterRuleAnswer, tag=TAG)
def read_charter_rule(request: ApiRequest, charter_rule_id: Key) -> CharterRuleAnswer:
    """Return a rule of the charter."""
    return charter_rule_answer(find_row(_rules(), pk=charter_rule_id))


@operation("PATCH", "/charter/{charter_rule_id}", scope=WRITE, returns=CharterRuleAnswer, tag=TAG)
def change_charter_rule(request: ApiRequest, charter_rule_id: Key, body: CharterRuleChange) -> CharterRuleAnswer:
    """Change a rule of the charter."""
    return _save(find_row(_rules(), pk=charter_rule_id), body, request)


@operation("DELETE", "/charter/{charter_rule_id}", scope=WRITE, status=204, tag=TAG)
def delete_charter_rule(request: ApiRequest, charter_rule_id: Key) -> Status[None]:
    """Delete a rule of the charter."""
    charter.delete_charter_rule(find_row(_rules(), pk=charter_rule_id), user=request.user)
    return Status(204, None)


def _save(row: CharterRule, body: CharterRuleChange, request: ApiRequest) -> CharterRuleAnswer:
    values = body.given()
    slugs = values.pop("groups", None)
    groups = named_rows(ScreenGroup.objects.all(), slugs, "groups", key="slug") if slugs is not None else None
    for name, value in values.items():
        setattr(row, name, value.value if isinstance(value, CharterSubject) else value)
    charter.save_charter_rule(row, groups=groups, user=request.user)
    return charter_rule_answer(find_row(_rules(), pk=row.pk))
