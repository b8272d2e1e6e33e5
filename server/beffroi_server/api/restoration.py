"""Operations on alerts after a restoration: what screens know that this database does not, and what is held back."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Status
from pydantic import StringConstraints

from beffroi_server.alerts import queries, reported_showings, restoration
from beffroi_server.alerts.models import Alert
from beffroi_server.api.alert_models import READ, WRITE, AlertAnswer, alert_answer
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import ApiProblem
from beffroi_server.api.values import Answer, Change, find_row

TAG = "alerts after a restoration"


class UnknownAlertAnswer(Answer):
    """An alert that screens show and this database does not know."""

    alert: str
    screens: list[str]
    """Their names."""


class RestorationAnswer(Answer):
    """What is to be decided since the database was found to be older than what screens hold."""

    is_open: bool
    noticed_at: dt.datetime | None
    held_back: list[AlertAnswer]
    """Alerts of which nobody knows whether they are still in progress: in no set of alerts until somebody says so."""
    unknown: list[UnknownAlertAnswer]
    found: list[AlertAnswer]
    """Alerts that were learnt from the screens."""


class UnknownAlertChange(Change):
    """Which alert is meant."""

    alert: Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[^\x00]+$")]


class TakenOffAnswer(Answer):
    """From how many screens it is being taken off."""

    screens: int


@operation("GET", "/alert-restoration", scope=READ, returns=RestorationAnswer, tag=TAG)
def read_restoration(request: ApiRequest) -> RestorationAnswer:
    """Return what the screens know and this database does not, and which alerts are held back."""
    now, found = timezone.now(), restoration.open_restoration()
    return RestorationAnswer(
        is_open=found is not None, noticed_at=found.noticed_at if found is not None else None,
        held_back=[alert_answer(row) for row in queries.held_back_alerts()],
        unknown=[UnknownAlertAnswer(alert=key, screens=names)
                 for key, names in reported_showings.unknown_alerts(now).items()],
        found=[alert_answer(row) for row in queries.active_alerts(now) if row.found_at is not None],
    )  # fmt: skip


@operation("POST", "/alert-restoration/{alert_id}/restart", scope=WRITE, returns=AlertAnswer, tag=TAG)
def restart_held_back_alert(request: ApiRequest, alert_id: uuid.UUID) -> AlertAnswer:
    """Show an alert again that was held back: it is still in progress."""
    restoration.restart_alert(find_row(Alert.objects.all(), pk=alert_id), user=request.user)
    return alert_answer(find_row(Alert.objects.all(), pk=alert_id))


@operation("POST", "/alert-restoration/{alert_id}/drop", scope=WRITE, returns=AlertAnswer, tag=TAG)
def drop_held_back_alert(request: ApiRequest, alert_id: uuid.UUID) -> AlertAnswer:
    """Close an alert that was held back: it is over."""
    restoration.drop_alert(find_row(Alert.objects.all(), pk=alert_id), user=request.user)
    return alert_answer(find_row(Alert.objects.all(), pk=alert_id))


@operation("POST", "/alert-restoration/take-off", scope=WRITE, returns=TakenOffAnswer, tag=TAG)
def take_off_unknown_alert(request: ApiRequest, body: UnknownAlertChange) -> TakenOffAnswer:
    """Take an alert off the screens that this database does not know."""
    return TakenOffAnswer(screens=reported_showings.end_unknown_alert(body.alert, user=request.user))


@operation("POST", "/alert-restoration/close", scope=WRITE, status=204, tag=TAG)
def close_restoration(request: ApiRequest) -> Status[None]:
    """Close the notice: somebody has looked, and decided about every alert that was held back."""
    if not restoration.close_restoration(user=request.user):
        raise ApiProblem(409, "undecided", _("Say first of each alert whether it is still in progress."))
    return Status(204, None)
