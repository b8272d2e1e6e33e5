"""Pages of drills: those that were held, the report of each, starting one, and when they are held by themselves."""

from __future__ import annotations

import datetime as dt
import uuid

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_server.drills import drill_reports, silent_drills
from beffroi_server.drills.models import FAILURES, Drill, DrillOutcome, DrillSettings
from beffroi_server.fleet import screen_scopes
from beffroi_server.web.access import UserRequest, for_administrators, for_officers, for_users, is_htmx
from beffroi_server.web.forms import StyledModelForm
from beffroi_server.web.requests import paginate

PER_PAGE = 14
"""Drills on one page: two weeks."""


class DrillSettingsForm(StyledModelForm):
    """Form of when drills are held, and of their report."""

    class Meta:
        model = DrillSettings
        fields = ("nightly_at", "mails_each")
        widgets = {"nightly_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}


@for_users("GET")
def drill_list(request: UserRequest) -> HttpResponse:
    """Show the drills that were held, and for administrators when they are held."""
    return _render_list(request, DrillSettingsForm(instance=drill_reports.saved_settings()))


@for_officers("POST")
def drill_start(request: UserRequest) -> HttpResponse:
    """Start a drill now, unless one is under way."""
    drill = silent_drills.start_drill(timezone.now(), user=request.user)
    return redirect("drill", drill.pk)


@for_administrators("POST")
def drill_settings(request: UserRequest) -> HttpResponse:
    """Save when drills are held, and who reads the report."""
    form = DrillSettingsForm(request.POST, instance=drill_reports.saved_settings())
    if not form.is_valid():
        return _render_list(request, form, status=422)
    silent_drills.save_settings(form.instance, user=request.user)
    messages.success(request, _("The drills have been saved."))
    return redirect("drills")


@for_users("GET")
def drill_report(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Show how a drill went on each screen; htmx asks for it again until it is closed."""
    drill = get_object_or_404(Drill, pk=pk)
    report = drill_reports.report_of(drill, screen_scopes.screens_in_scope(request.user))
    rows = [(each, drill_reports.total_ms(each), each.outcome in FAILURES) for each in report.results]
    context = {
        "drill": drill, "report": report, "rows": rows, "right": DrillOutcome.RIGHT, "waiting": DrillOutcome.WAITING,
        "lasts_min": round(silent_drills.LASTS / dt.timedelta(minutes=1)),
    }  # fmt: skip
    return render(request, "drills/report.html" if is_htmx(request) else "drills/drill.html", context)


def _render_list(request: UserRequest, form: DrillSettingsForm, status: int = 200) -> HttpResponse:
    page = paginate(request, Drill.objects.select_related("started_by"), PER_PAGE)
    reports = drill_reports.reports_of(list(page.object_list), screen_scopes.screens_in_scope(request.user))
    context = {"page": page, "reports": reports, "form": form}
    return render(request, "drills/drills.html", context, status=status)
