"""Scenarios: alerts prepared in calm."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_server.alerts import queries, scenario_services
from beffroi_server.alerts.drafts import draft
from beffroi_server.alerts.forms import ScenarioForm, reached
from beffroi_server.alerts.models import Level, Scenario
from beffroi_server.library import drawings
from beffroi_server.web.access import PersonRequest, for_officers, the_town

PER_PAGE = 50


@for_officers("GET")
def scenarios(request: PersonRequest) -> HttpResponse:
    """List the scenarios."""
    found = Scenario.objects.prefetch_related("groups", "screens")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "alerts/scenarios.html", {"page": page})


@for_officers("GET", "POST")
def scenario_new(request: PersonRequest) -> HttpResponse:
    """Prepare an alert."""
    return _edit(request, Scenario(source=the_town().name, level=Level.EMERGENCY))


@for_officers("GET", "POST")
def scenario(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a scenario."""
    return _edit(request, get_object_or_404(Scenario, pk=pk))


@for_officers("GET", "POST")
def scenario_delete(request: PersonRequest, pk: int) -> HttpResponse:
    """Delete a scenario, after asking."""
    found = get_object_or_404(Scenario, pk=pk)
    if request.method == "GET":
        return render(request, "alerts/scenario_delete.html", {"scenario": found})
    scenario_services.delete_scenario(found, person=request.user)
    messages.success(request, _("“%(name)s” is deleted.") % {"name": found.name})
    return redirect("scenarios")


def _edit(request: PersonRequest, edited: Scenario) -> HttpResponse:
    name, sent = edited.name, request.method == "POST"
    form = ScenarioForm(request.POST or None, instance=edited)
    if sent and "look" not in request.POST and form.is_valid():
        targets = form.targets()
        if targets.scopes:
            scenario_services.save_scenario(form.instance, targets, person=request.user)
            messages.success(request, _("“%(name)s” is ready to be broadcast.") % {"name": form.instance.name})
            return redirect("scenarios")
        form.add_error("everywhere", _("Choose the screens on which the alert is shown."))
    context = {"form": form, "name": name, "pk": edited.pk, "drawings": _drawings(form)}
    status = 422 if sent and "look" not in request.POST and form.errors else 200
    return render(request, "alerts/scenario.html", context, status=status)


def _drawings(form: ScenarioForm) -> list[drawings.Drawing]:
    targets, values = form.chosen(), form.initial
    if form.is_bound:
        targets, values = reached(form), form.cleaned_data
    screens = queries.screens_of(*targets).select_related("screen_class")
    try:
        return drawings.of_alert(draft(values), drawings.kinds_of(screens), the_town())
    except ValueError:
        return []
