"""The dossier of an alert as files: for paper, and for verification."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from beffroi_server.alerts.models import Alert
from beffroi_server.dossiers.alert_dossier import AlertDossier, NothingInScope, build_dossier
from beffroi_server.dossiers.dossier_json import dossier_json
from beffroi_server.web.access import UserRequest, current_town, for_users
from beffroi_server.web.alerts import dossier_pdf
from beffroi_server.web.responses import named_download


@for_users("GET")
def dossier_pdf_file(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Send the dossier as PDF."""
    dossier = _dossier(request, pk)
    response = HttpResponse(dossier_pdf.draw_dossier(dossier), content_type="application/pdf")
    return named_download(response, f"{_name(dossier)}.pdf")


@for_users("GET")
def dossier_json_file(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Send the dossier as JSON, for “beffroi-server alerts verify”."""
    dossier = _dossier(request, pk)
    return named_download(
        HttpResponse(dossier_json(dossier), content_type="application/json"), f"{_name(dossier)}.json"
    )


def _dossier(request: UserRequest, pk: uuid.UUID) -> AlertDossier:
    alert = get_object_or_404(Alert, pk=pk)
    try:
        return build_dossier(alert, request.user, current_town(), timezone.now())
    except NothingInScope:
        raise Http404 from None


def _name(dossier: AlertDossier) -> str:
    issued = timezone.localtime(dossier.alert.issued_at)
    return f"beffroi-alert-{issued:%Y-%m-%d-%H%M}-{str(dossier.alert.pk)[:8]}"
