"""The operation that gives the dossier of an alert."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.utils import timezone

from beffroi_server.accounts.models import Town
from beffroi_server.alerts.models import Alert
from beffroi_server.api.alert_models import READ, TAG
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.problems import not_found
from beffroi_server.api.values import find_row
from beffroi_server.dossiers.alert_dossier import NothingInScope, build_dossier
from beffroi_server.dossiers.dossier_json import dossier_json


@operation("GET", "/alerts/{alert_id}/dossier", scope=READ, media_type="application/json", tag=TAG)
def read_dossier(request: ApiRequest, alert_id: uuid.UUID) -> HttpResponse:
    """Return the dossier of an alert, which “beffroi-server alerts verify” checks."""
    alert, town = find_row(Alert.objects.all(), pk=alert_id), Town.objects.first()
    if town is None:
        raise not_found()
    try:
        dossier = build_dossier(alert, request.user, town, timezone.now())
    except NothingInScope:
        raise not_found() from None
    return HttpResponse(dossier_json(dossier), content_type="application/json")
