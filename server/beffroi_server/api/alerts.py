"""Operations on alerts: preview, broadcast, extend, end, withdraw, receipts.

An ``Idempotency-Key`` becomes the token of the alert, as that of a form does, so that a request that comes twice
broadcasts one alert, even while the database takes nothing in.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Status

from beffroi_content import model as content
from beffroi_content.raster.text.characters import missing_characters, name_characters
from beffroi_server.accounts.models import Town
from beffroi_server.accounts.saved_town import saved_town
from beffroi_server.alerts import masking, pending_alerts, queries, receipts, services, set_capacity
from beffroi_server.alerts.broadcast_checks import check_reach, unsendable
from beffroi_server.alerts.drafts import draft_alert
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.translations import texts_of
from beffroi_server.api.alert_models import (
    READ,
    TAG,
    WRITE,
    AlertAnswer,
    AlertQuery,
    CorrectionChange,
    DrawingQuery,
    ExtensionChange,
    NewAlert,
    PreviewAnswer,
    ReceiptAnswer,
    ReceiptsAnswer,
    alert_answer,
    alert_values,
    named_targets,
    token_of,
)
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import not_found
from beffroi_server.api.repeated_requests import Repetition, reused_key
from beffroi_server.api.values import PageOf, find_row, page_of
from beffroi_server.core.request_times import arrived_at
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.fleet.reached_screens import read_reached
from beffroi_server.fleet.targets import Targets
from beffroi_server.library import preview


def alert_rows() -> QuerySet[Alert]:
    """Return the alerts that were broadcast with what their answers show."""
    return Alert.objects.select_related("issued_by").prefetch_related("groups", "screens")


@operation("GET", "/alerts", scope=READ, returns=PageOf[AlertAnswer], tag=TAG)
def list_alerts(request: ApiRequest, query: Query[AlertQuery]) -> PageOf[AlertAnswer]:
    """List the alerts that were broadcast, the newest first, or only those that are active."""
    if query.active is None:
        return page_of(query, alert_rows(), alert_answer)
    active = queries.active_alerts(timezone.now())
    if query.active:
        return page_of(query, active, alert_answer)
    # What was withdrawn, corrected or held back is off the screens before its end.
    return page_of(query, alert_rows().exclude(pk__in=[each.pk for each in active]), alert_answer)


@operation(
    "POST", "/alerts", scope=WRITE, returns=AlertAnswer, status=201, tag=TAG, repetition=Repetition.OWN
)  # fmt: skip
def broadcast_alert(request: ApiRequest, body: NewAlert) -> Status[AlertAnswer]:
    """Broadcast an alert at once. Give an Idempotency-Key, so that a lost answer never makes two of it."""
    values, token = alert_values(body, request.user), token_of(request)
    check_reach(values["targets"])
    alert = services.broadcast_alert(
        level=values["level"], status=body.status, hazard=values["hazard"], title=values["title"],
        description=values["description"], instruction=values["instruction"], source=values["source"],
        short_text=values["short_text"], phone=values["phone"], link=values["link"],
        translations=values["translations"],
        all_clear_s=values["all_clear_s"], duration_min=values["duration_min"], targets=values["targets"],
        scenario=values["scenario"], is_open_ended=body.is_open_ended,
        alone_reason=body.alone_reason, token=token, user=request.user,
        pressed_at=arrived_at(request, timezone.now()),
    )  # fmt: skip
    if (alert.title, alert.level, alert.status) != (values["title"], str(values["level"]), str(body.status)):
        raise reused_key()
    return Status(201, alert_answer(alert))


@operation(
    "POST", "/alerts/{alert_id}/correct", scope=WRITE, returns=AlertAnswer, status=201, tag=TAG,
    repetition=Repetition.OWN,
)  # fmt: skip
def correct_alert(request: ApiRequest, alert_id: uuid.UUID, body: CorrectionChange) -> Status[AlertAnswer]:
    """Have another text take the place of a running alert, in one step; return the alert that screens show then."""
    former, given = _alert(alert_id), body.given()
    is_aimed = bool(body.model_fields_set & {"everywhere", "groups", "screens"})
    names = (
        "level", "status", "hazard", "title", "description", "instruction", "short_text", "phone", "link", "source",
        "all_clear_s", "is_open_ended", "translations",
    )  # fmt: skip
    values = {name: given.get(name, getattr(former, name)) for name in names}
    alert = services.broadcast_alert(
        **values, targets=named_targets(body) if is_aimed else Targets.of(former), duration_min=body.duration_min,
        scenario=former.scenario, corrects=former, alone_reason=body.alone_reason,
        token=token_of(request), user=request.user, pressed_at=arrived_at(request, timezone.now()),
    )  # fmt: skip
    if alert.corrects_id != former.pk or alert.title != values["title"]:
        raise reused_key()
    return Status(201, alert_answer(alert))


@operation("POST", "/alerts/preview", scope=WRITE, returns=PreviewAnswer, tag=TAG, is_repeatable=False)
def preview_alert(request: ApiRequest, body: NewAlert) -> PreviewAnswer:
    """Say what an alert would reach, without broadcasting it."""
    values, now = alert_values(body, request.user), timezone.now()
    reached, town = read_reached(values["targets"], now), saved_town()
    names = ("title", "description", "instruction", "short_text", "phone", "source")
    drawn = " ".join(values[name] for name in names)
    draft = _draft(values, body)
    return PreviewAnswer(
        screens=reached.count, offline=reached.unreachable,
        missing_letters=name_characters(missing_characters(f"{drawn} {texts_of(values['translations'])}")),
        masking=masking.masking_sentences(draft, reached, now, town) if town is not None else [],
        no_room=set_capacity.room_problem(draft, values["targets"], None, now),
    )  # fmt: skip


@operation(
    "POST", "/alerts/preview/page", scope=WRITE, media_type="image/png", tag=TAG, is_repeatable=False
)  # fmt: skip
def draw_alert(request: ApiRequest, query: Query[DrawingQuery], body: NewAlert) -> HttpResponse:
    """Return a page of an alert as screens of a class would draw it, as PNG, without broadcasting it."""
    screen_class, town = find_row(ScreenClass.objects.all(), pk=query.screen_class), Town.objects.first()
    if town is None:
        raise not_found()
    alert = _draft(alert_values(body, request.user), body)
    pages = preview.preview_alert(alert, preview.alert_form(alert.level), screen_class, town)
    if query.page >= len(pages):
        raise not_found()
    return HttpResponse(pages[query.page], content_type="image/png")


@operation("GET", "/alerts/{alert_id}", scope=READ, returns=AlertAnswer, tag=TAG)
def read_alert(request: ApiRequest, alert_id: uuid.UUID) -> AlertAnswer:
    """Return an alert."""
    return alert_answer(_alert(alert_id))


@operation("GET", "/alerts/{alert_id}/receipts", scope=READ, returns=ReceiptsAnswer, tag=TAG)
def list_receipts(request: ApiRequest, alert_id: uuid.UUID) -> ReceiptsAnswer:
    """Return which screens have shown an alert, when, and how fast."""
    found = [
        ReceiptAnswer.model_validate(
            {
                "screen": each.screen.slug, "name": each.screen.name, "state": each.state, "shown_at": each.shown_at,
                "received_at": each.received_at, "latency_ms": each.latency_ms, "drawing_ms": each.drawing_ms,
                "frame": each.frame, "visibility": each.statement.visibility if each.statement else None,
                "masked_by": list(each.masked_by), "hidden_until": each.hidden_until,
            }
        )
        for each in receipts.receipts_of(_alert(alert_id))
    ]  # fmt: skip
    states = [each.state for each in found]
    counts = {name: states.count(name) for name in ("shown", "masked", "dark", "waiting", "offline")}
    return ReceiptsAnswer(**counts, receipts=found)


@operation(
    "POST", "/alerts/{alert_id}/extend", scope=WRITE, returns=AlertAnswer, tag=TAG, repetition=Repetition.WHOLE
)  # fmt: skip
def extend_alert(request: ApiRequest, alert_id: uuid.UUID, body: ExtensionChange) -> AlertAnswer:
    """Extend an alert by some minutes."""
    services.extend_alert(_stored_alert(alert_id), body.minutes, user=request.user)
    return alert_answer(_alert(alert_id))


@operation(
    "POST", "/alerts/{alert_id}/end", scope=WRITE, returns=AlertAnswer, tag=TAG, repetition=Repetition.WHOLE
)  # fmt: skip
def end_alert(request: ApiRequest, alert_id: uuid.UUID) -> AlertAnswer:
    """End an alert; its screens show “end of alert” for a time."""
    services.end_alert(_stored_alert(alert_id), user=request.user)
    return alert_answer(_alert(alert_id))


@operation(
    "POST", "/alerts/{alert_id}/withdraw", scope=WRITE, returns=AlertAnswer, tag=TAG, repetition=Repetition.WHOLE
)  # fmt: skip
def withdraw_alert(request: ApiRequest, alert_id: uuid.UUID) -> AlertAnswer:
    """Take an alert off at once, without “end of alert”, as is right for a mistake."""
    services.withdraw_alert(_stored_alert(alert_id), user=request.user)
    return alert_answer(_alert(alert_id))


def _draft(values: dict[str, Any], body: NewAlert) -> content.Alert:
    """Return an alert as it would be broadcast now.

    Raises:
        AlertRefused: it could not be; screens take narrower limits than rows.
    """
    try:
        return draft_alert({**values, "status": body.status})
    except ValueError as error:
        raise unsendable(error) from error


def _alert(alert_id: uuid.UUID) -> Alert:
    return alert_rows().filter(pk=alert_id).first() or pending_alerts.find_pending(pk=alert_id) or _missing()


def _stored_alert(alert_id: uuid.UUID) -> Alert:
    services.store_pending_alert(alert_id)
    return find_row(alert_rows(), pk=alert_id)


def _missing() -> Alert:
    raise not_found()
