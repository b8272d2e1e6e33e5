"""Operations on scenarios: alerts that are prepared."""

from __future__ import annotations

from typing import Annotated

from django.db.models import QuerySet
from ninja import Query, Status
from pydantic import Field

from beffroi_content.model import AlertLevel
from beffroi_server.alerts import scenario_services
from beffroi_server.alerts.models import Scenario
from beffroi_server.api.alert_models import READ, WRITE, AlertTextChange, named_targets
from beffroi_server.api.languages import AlertTranslationAnswer
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    DrawnLine80,
    DrawnLine120,
    DrawnText,
    DrawnTitle,
    Key,
    Name80,
    PageOf,
    PageQuery,
    find_row,
    page_of,
)
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.targets import Targets

TAG = "scenarios"
_RELATED = ("groups", "screens", "local_triggers")
ScenarioMinutes = Annotated[int, Field(ge=1, le=1440)]


class ScenarioAnswer(Answer):
    """A prepared alert."""

    id: int
    name: str
    level: AlertLevel
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
    duration_min: int
    is_draft: bool
    """Whether it is from the starter set and nobody has read it through yet."""
    local_minutes: int | None
    """For so many minutes it can be triggered on the spot, without the server; null: it cannot."""
    local_triggers: list[str]
    """Screens at which it can."""


class ScenarioChange(AlertTextChange):
    """Fields of a scenario. What screens cannot draw is refused here, in calm."""

    name: Name80 = ""
    title: DrawnTitle = ""
    description: DrawnText = ""
    instruction: DrawnText = ""
    short_text: DrawnLine80 = ""
    source: DrawnLine120 = ""
    duration_min: ScenarioMinutes = 60


class NewScenario(ScenarioChange):
    """A new scenario."""

    name: Name80
    title: DrawnTitle
    source: DrawnLine120


def scenario_rows() -> QuerySet[Scenario]:
    """Return the scenarios with what their answers show."""
    return Scenario.objects.prefetch_related(*_RELATED)


def scenario_answer(row: Scenario) -> ScenarioAnswer:
    """Return a scenario as the API shows it."""
    values = {name: getattr(row, name) for name in ScenarioAnswer.model_fields if name not in _RELATED}
    targets = Targets.of(row)
    return ScenarioAnswer.model_validate(
        {
            **values, "groups": sorted(each.slug for each in targets.groups),
            "screens": sorted(each.slug for each in targets.screens),
            "local_triggers": sorted(each.slug for each in row.local_triggers.all()),
        }
    )  # fmt: skip


@operation("GET", "/scenarios", scope=READ, returns=PageOf[ScenarioAnswer], tag=TAG)
def list_scenarios(request: ApiRequest, query: Query[PageQuery]) -> PageOf[ScenarioAnswer]:
    """List scenarios by name."""
    return page_of(query, screen_scopes.rows_in_scope(scenario_rows(), request.user), scenario_answer)


@operation("POST", "/scenarios", scope=WRITE, returns=ScenarioAnswer, status=201, tag=TAG)
def create_scenario(request: ApiRequest, body: NewScenario) -> Status[ScenarioAnswer]:
    """Prepare an alert."""
    return Status(201, _save(Scenario(), body, request))


@operation("GET", "/scenarios/{scenario_id}", scope=READ, returns=ScenarioAnswer, tag=TAG)
def read_scenario(request: ApiRequest, scenario_id: Key) -> ScenarioAnswer:
    """Return a scenario."""
    offered = scenario_services.offered_scenarios(request.user).prefetch_related(*_RELATED)
    return scenario_answer(find_row(offered, pk=scenario_id))


@operation("PATCH", "/scenarios/{scenario_id}", scope=WRITE, returns=ScenarioAnswer, tag=TAG)
def change_scenario(request: ApiRequest, scenario_id: Key, body: ScenarioChange) -> ScenarioAnswer:
    """Change a scenario."""
    return _save(find_row(scenario_rows(), pk=scenario_id), body, request)


@operation("DELETE", "/scenarios/{scenario_id}", scope=WRITE, status=204, tag=TAG)
def delete_scenario(request: ApiRequest, scenario_id: Key) -> Status[None]:
    """Delete a scenario; alerts that were broadcast from it stay."""
    scenario_services.delete_scenario(find_row(scenario_rows(), pk=scenario_id), user=request.user)
    return Status(204, None)


def _save(row: Scenario, body: ScenarioChange, request: ApiRequest) -> ScenarioAnswer:
    values = body.given()
    is_aimed = bool(body.model_fields_set & {"everywhere", "groups", "screens"})
    targets = named_targets(body) if is_aimed or row.pk is None else Targets.of(row)
    for name, value in values.items():
        if name not in {"everywhere", "groups", "screens"}:
            setattr(row, name, value)
    row.level = str(row.level)
    scenario_services.save_scenario(row, targets, user=request.user)
    return scenario_answer(find_row(scenario_rows(), pk=row.pk))
