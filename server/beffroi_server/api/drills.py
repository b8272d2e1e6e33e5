"""Operations on silent drills: every player draws an alert and shows nothing, and the server compares the pixels."""

from __future__ import annotations

import datetime as dt
import uuid

from django.utils import timezone
from ninja import Query, Status

from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, MinuteOfDay, PageOf, PageQuery, TimeOfDay, find_row, page_of
from beffroi_server.drills import drill_reports, silent_drills
from beffroi_server.drills.drill_reports import DrillReport
from beffroi_server.drills.models import Drill, DrillOutcome, DrillResult, DrillSettings
from beffroi_server.fleet import screen_scopes

TAG = "drills"
READ, WRITE = "alerts:read", "alerts:broadcast"


class DrillAnswer(Answer):
    """A silent drill, with how it went on the screens within one's scope."""

    id: uuid.UUID
    title: str
    started_at: dt.datetime
    started_by: str
    """Empty: the server itself, at night."""
    closed_at: dt.datetime | None
    """Null while players may still answer."""
    counts: dict[DrillOutcome, int]
    median_ms: int | None
    """From signing until the first page was ready."""
    slowest_ms: int | None


class DrillScreenAnswer(Answer):
    """How a drill went on one screen."""

    screen: str
    outcome: DrillOutcome
    travel_ms: int | None
    drawing_ms: float | None
    total_ms: int | None
    detail: str


class DrillReportAnswer(DrillAnswer):
    """A silent drill with each screen, those that failed first."""

    screens: list[DrillScreenAnswer]


class DrillSettingsAnswer(Answer):
    """When drills are held by themselves."""

    nightly_at: TimeOfDay | None
    """By the clocks of the town; null: never."""
    mails_each: bool


class DrillSettingsChange(Change):
    """When drills are held by themselves."""

    nightly_at: MinuteOfDay | None = None
    mails_each: bool = False


def _values(report: DrillReport) -> dict[str, object]:
    drill = report.drill
    return {
        "id": drill.pk, "title": drill.title, "started_at": drill.started_at, "closed_at": drill.closed_at,
        "started_by": drill.started_by.get_username() if drill.started_by is not None else "",
        "counts": dict(report.counts), "median_ms": report.median_ms, "slowest_ms": report.slowest_ms,
    }  # fmt: skip


def _report(drill: Drill, request: ApiRequest) -> DrillReportAnswer:
    return drill_report_answer(drill_reports.report_of(drill, screen_scopes.screens_in_scope(request.user)))


def _screen(result: DrillResult) -> DrillScreenAnswer:
    return DrillScreenAnswer(
        screen=result.screen.slug, outcome=DrillOutcome(result.outcome), travel_ms=result.travel_ms,
        drawing_ms=result.drawing_ms, total_ms=drill_reports.total_ms(result), detail=result.detail,
    )  # fmt: skip


def drill_report_answer(report: DrillReport) -> DrillReportAnswer:
    """Return a drill with each screen as the API shows it."""
    return DrillReportAnswer.model_validate({**_values(report), "screens": [_screen(each) for each in report.results]})


@operation("GET", "/drills", scope=READ, returns=PageOf[DrillAnswer], tag=TAG)
def list_drills(request: ApiRequest, query: Query[PageQuery]) -> PageOf[DrillAnswer]:
    """List the silent drills that were held, the newest first."""
    screens = screen_scopes.screens_in_scope(request.user)
    return page_of(
        query, Drill.objects.select_related("started_by"), lambda report: DrillAnswer.model_validate(_values(report)),
        complete=lambda rows: drill_reports.reports_of(rows, screens),
    )  # fmt: skip


@operation("POST", "/drills", scope=WRITE, returns=DrillReportAnswer, status=201, tag=TAG)
def start_drill(request: ApiRequest) -> Status[DrillReportAnswer]:
    """Hold a silent drill on every screen now; one that is under way is returned instead of a second one."""
    return Status(201, _report(silent_drills.start_drill(timezone.now(), user=request.user), request))


@operation("GET", "/drills/{drill_id}", scope=READ, returns=DrillReportAnswer, tag=TAG)
def read_drill(request: ApiRequest, drill_id: uuid.UUID) -> DrillReportAnswer:
    """Return how a drill went, or how far it is, on each screen."""
    return _report(find_row(Drill.objects.select_related("started_by"), pk=drill_id), request)


@operation("GET", "/drill-settings", scope=READ, returns=DrillSettingsAnswer, tag=TAG)
def read_drill_settings(request: ApiRequest) -> DrillSettingsAnswer:
    """Return when drills are held by themselves."""
    return drill_settings_answer(drill_reports.saved_settings())


@operation("PATCH", "/drill-settings", scope="town:write", returns=DrillSettingsAnswer, tag=TAG)
def change_drill_settings(request: ApiRequest, body: DrillSettingsChange) -> DrillSettingsAnswer:
    """Change when drills are held by themselves, and whether each is mailed."""
    chosen = drill_reports.saved_settings()
    for name, value in body.given().items():
        setattr(chosen, name, value)
    silent_drills.save_settings(chosen, user=request.user)
    return drill_settings_answer(chosen)


def drill_settings_answer(row: DrillSettings) -> DrillSettingsAnswer:
    """Return when drills are held by themselves, as the API shows it."""
    return DrillSettingsAnswer(nightly_at=row.nightly_at, mails_each=row.mails_each)
