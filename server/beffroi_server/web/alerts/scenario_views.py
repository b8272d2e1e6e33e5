"""Pages of scenarios: the list, the form with its preview, and deletion."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from beffroi_content.model import AlertLevel
from beffroi_server.alerts import scenario_services
from beffroi_server.alerts.drafts import draft_alert
from beffroi_server.alerts.models import Scenario
from beffroi_server.core.named_relations import read_names
from beffroi_server.fleet import screen_scopes
from beffroi_server.web import working_for
from beffroi_server.web.access import UserRequest, current_town, for_officers
from beffroi_server.web.alerts.forms import ScenarioForm, targets_so_far
from beffroi_server.web.library import preview_links
from beffroi_server.web.library.translation_forms import changes_languages
from beffroi_server.web.requests import paginate

SCENARIOS_PER_PAGE = 50


@for_officers("GET")
def scenario_list(request: UserRequest) -> HttpResponse:
    """List the scenarios."""
    within = screen_scopes.rows_in_scope(Scenario.objects.all(), request.user)
    found = within.prefetch_related("groups", "screens")
    page = paginate(request, found, SCENARIOS_PER_PAGE)
    return render(request, "alerts/scenarios.html", {"page": page})


@for_officers("GET", "POST")
def scenario_new(request: UserRequest) -> HttpResponse:
    """Add a scenario."""
    return _edit_scenario(
        request, Scenario(source=str(working_for.chosen() or current_town().name), level=AlertLevel.EMERGENCY)
    )


@for_officers("GET", "POST")
def scenario_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change a scenario."""
    found = get_object_or_404(Scenario, pk=pk)
    screen_scopes.check_row(request.user, found)
    return _edit_scenario(request, found)


@for_officers("GET", "POST")
def scenario_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a scenario, after asking."""
    found = get_object_or_404(Scenario, pk=pk)
    screen_scopes.check_row(request.user, found)
    if request.method == "GET":
        return render(request, "alerts/scenario_delete.html", {"scenario": found})
    scenario_services.delete_scenario(found, user=request.user)
    messages.success(request, _("“%(name)s” has been deleted.") % {"name": found.name})
    return redirect("scenarios")


def _edit_scenario(request: UserRequest, edited: Scenario) -> HttpResponse:
    saved_name = edited.name
    if edited.pk is not None:
        read_names(*(([edited], name) for name in ("groups", "screens", "local_triggers")))
    is_saving = request.method == "POST" and "preview" not in request.POST and not changes_languages(request.POST)
    form = ScenarioForm(request.POST or None, instance=edited)
    if is_saving and form.is_valid():
        targets = form.selected_targets()
        if targets.scopes:
            scenario_services.save_scenario(
                form.instance, targets, user=request.user, triggers=form.selected_rows("local_triggers")
            )
            messages.success(request, _("“%(name)s” is ready to broadcast.") % {"name": form.instance.name})
            return redirect("scenarios")
        form.add_error("everywhere", _("Choose the screens on which the alert is shown."))
    context = {"form": form, "name": saved_name, "pk": edited.pk, "drawings": _scenario_previews(form)}
    status = 422 if is_saving and form.errors else 200
    return render(request, "alerts/scenario.html", context, status=status)


def _scenario_previews(form: ScenarioForm) -> list[preview_links.PreviewLinks]:
    targets, values = form.saved_targets(), form.initial
    if form.is_bound:
        targets, values = targets_so_far(form), form.cleaned_data
    screens = targets.reached_screens()
    try:
        shown = preview_links.classes_of(screens, preview_links.ALERT_CLASSES_SHOWN)
        return preview_links.alert_previews(draft_alert(values), shown, current_town())
    except ValueError:
        return []
