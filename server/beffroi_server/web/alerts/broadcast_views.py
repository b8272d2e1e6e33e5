"""Pages that broadcast an alert: the choice of a scenario, and the form with its preview."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db import DatabaseError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.raster.text.characters import missing_characters, name_characters
from beffroi_server.alerts import (
    corrections,
    masking,
    on_call,
    pending_alerts,
    queries,
    second_officer,
    services,
    set_capacity,
    two_person_rule,
)
from beffroi_server.alerts.broadcast_checks import check_reach
from beffroi_server.alerts.colour_words import contradicting_colour
from beffroi_server.alerts.drafts import draft_alert
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import LEVEL_CHOICES, Alert, AlertProposal
from beffroi_server.alerts.scenario_services import offered_scenarios
from beffroi_server.alerts.translations import languages_without_order, texts_of
from beffroi_server.core import database
from beffroi_server.core.database_faults import fault_of
from beffroi_server.core.formatting import name_some
from beffroi_server.core.named_relations import read_names
from beffroi_server.core.request_times import arrived_at
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.reached_screens import read_reached
from beffroi_server.fleet.targets import Targets
from beffroi_server.web import working_for
from beffroi_server.web.access import UserRequest, current_town, for_officers, for_users
from beffroi_server.web.alerts.forms import (
    DEFAULT_MINUTES,
    DRAWN_FIELDS,
    TAKEN_OVER,
    AlertBroadcastForm,
    targets_so_far,
)
from beffroi_server.web.channels import told_channels
from beffroi_server.web.library import preview_links
from beffroi_server.web.library.translation_forms import changes_languages
from beffroi_server.web.requests import parse_number

BROADCAST_FIELDS = (
    "level", "status", "hazard", "title", "description", "instruction", "short_text", "phone", "link", "source",
    "duration_min", "all_clear_s", "is_open_ended", "translations",
)  # fmt: skip


@for_officers("GET")
def scenario_choice(request: UserRequest) -> HttpResponse:
    """Let an officer choose a scenario or a level, and show the alerts that are in progress."""
    context = {
        "scenarios": offered_scenarios(request.user).prefetch_related("groups", "screens"),
        "levels": LEVEL_CHOICES[::-1],
        "running": queries.active_alerts(timezone.now()),
        "proposals": second_officer.open_proposals(timezone.now(), request.user),
        "on_call": on_call.officers_on_call(),
    }
    return render(request, "alerts/choose.html", context)


@for_officers("GET", "POST")
def alert_new(request: UserRequest) -> HttpResponse:
    """Show an alert before it is broadcast; POST broadcasts it, or with ``preview`` only refreshes the preview."""
    return _serve_form(request, None)


@for_officers("GET", "POST")
def alert_correct(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the form of a running alert with what it says now; POST has what was changed take its place."""
    # The bars of the page read those that run.
    running = queries.running_alerts(with_targets=False) if request.method == "GET" else ()
    former = next((each for each in running if each.pk == pk), None) or Alert.objects.filter(pk=pk).first()
    former = former or pending_alerts.find_pending(pk=pk)
    if former is None:
        raise Http404
    screen_scopes.check_row(request.user, former)
    if request.method == "GET":
        try:
            corrections.check_running(former, timezone.now())
        except AlertRefused as refused:
            # Before anybody types a text that cannot take its place.
            messages.warning(request, refused.message)
            return redirect("alert", former.pk)
    return _serve_form(request, former)


def _serve_form(request: UserRequest, former: Alert | None) -> HttpResponse:
    if request.method == "GET":
        initial = _initial_values(request) if former is None else _values_of(_text_to_take_over(request, former))
        return _render_form(request, AlertBroadcastForm(initial=initial, former=former), former)
    form = AlertBroadcastForm(request.POST, former=former)
    if "preview" in request.POST or changes_languages(request.POST):
        form.is_valid()
        return _render_form(request, form, former)
    if form.is_valid():
        try:
            proposal = _proposal_of(request, form, former)
            if proposal is not None:
                told_channels.note_choice(request.POST, form.cleaned_data["token"])
                return redirect("alert-proposal", proposal.pk)
            alert = _broadcast_form(request, form, former)
            told_channels.note_choice(request.POST, form.cleaned_data["token"])
        except AlertRefused as refused:
            form.add_error(None, refused.message)
        except KeysMissing as error:
            # What was typed stays, and the reason is what the person who runs the server needs to hear.
            form.add_error(None, str(error))
        else:
            return redirect("alert", alert.pk)
    return _render_form(request, form, former, status=422)


@for_officers("POST")
def alert_preview(request: UserRequest) -> HttpResponse:
    """Return the preview of an alert that is being written."""
    former = _alert_named(request.GET["corrects"]) if "corrects" in request.GET else None
    context = _preview_context(AlertBroadcastForm(request.POST, former=former))
    # The line beside the button is outside of what the page asked for.
    summary = render_to_string("alerts/foot_summary.html", {**context, "swaps": True}, request)
    answer = render(request, "alerts/preview.html", context)
    answer.write(summary)
    return answer


@for_users("GET")
def alert_preview_page(request: UserRequest) -> HttpResponse:
    """Return one page of the preview of an alert as an image, as a screen of a class draws it."""
    return preview_links.alert_page_response(request, current_town())


def _initial_values(request: UserRequest) -> dict[str, Any]:
    """Return what the form starts with: a scenario, or the level that was chosen.

    The token makes a second press of the button the same alert, however often the form is sent.
    """
    level = request.GET.get("level")
    values: dict[str, Any] = {
        "token": uuid.uuid4(),
        "status": AlertStatus.EXERCISE if current_town().is_try_out else AlertStatus.ACTUAL,
        "level": level if level in set(AlertLevel) else AlertLevel.EMERGENCY,
        "source": str(working_for.chosen() or current_town().name),
        "everywhere": True,
        "duration_min": DEFAULT_MINUTES,
    }
    if "scenario" in request.GET:
        scenario = get_object_or_404(offered_scenarios(request.user), pk=parse_number(request.GET["scenario"]))
        values |= {name: getattr(scenario, name) for name in TAKEN_OVER if name not in {"groups", "screens"}}
        values |= {"groups": list(scenario.groups.all()), "screens": list(scenario.screens.all())}
        values |= {"scenario": scenario, "duration_min": scenario.duration_min}
        if scenario.source == current_town().name:
            values["source"] = str(working_for.chosen() or scenario.source)
    elif "again" in request.GET:
        again = _alert_named(request.GET["again"])
        lasted = round((again.ends_at - again.issued_at).total_seconds() / 60)
        values |= _values_of(again) | {"duration_min": DEFAULT_MINUTES if again.ended_by_id else max(1, lasted)}
    elif "proposal" in request.GET:
        values |= _values_of_proposal(request)
    if screen_scopes.scope_group_keys(request.user) is not None and not (values.get("groups") or values.get("screens")):
        # “Everywhere” is not for them: their own screens are.
        values["groups"] = list(screen_scopes.groups_in_scope(request.user))
    return values


def _values_of_proposal(request: UserRequest) -> dict[str, Any]:
    """Return what the form starts with for a proposal that an officer wants to change first."""
    try:
        found = get_object_or_404(AlertProposal, pk=uuid.UUID(request.GET["proposal"]))
    except ValueError:
        raise Http404 from None
    screen_scopes.check_row(request.user, found)
    minutes = max(0, second_officer.minutes_left(found, timezone.now()) or 0) or DEFAULT_MINUTES
    return _values_of(found) | {"duration_min": minutes, "proposal": found}


def _alert_named(text: str) -> Alert:
    try:
        return get_object_or_404(Alert, pk=uuid.UUID(text))
    except ValueError:
        raise Http404 from None


def _values_of(alert: Alert | AlertProposal) -> dict[str, Any]:
    """Return what the form starts with for an alert that was broadcast before, or is to be corrected."""
    read_names(([alert], "groups"), ([alert], "screens"))
    targets = Targets.of(alert)
    values = {name: getattr(alert, name) for name in (*TAKEN_OVER, "status", "is_open_ended")}
    return values | {"groups": list(targets.groups), "screens": list(targets.screens), "token": uuid.uuid4()}


def _text_to_take_over(request: UserRequest, former: Alert) -> Alert:
    """Return the alert whose text the form of a correction starts with: the running one, or one that it had before."""
    wanted = request.GET.get("text", "")
    return next((each for each in corrections.former_texts(former) if str(each.pk) == wanted), former)


def _render_form(
    request: UserRequest, form: AlertBroadcastForm, former: Alert | None = None, status: int = 200
) -> HttpResponse:
    scenario = form.cleaned_data.get("scenario") if form.is_bound else form.initial.get("scenario")
    context = {
        "form": form, "scenario": scenario, "former": former, "two_levels": current_town().second_officer_levels,
        "edits": not scenario or form.is_bound, "on_call": on_call.officers_on_call(),
        **_preview_context(form),
    }  # fmt: skip
    return render(request, "alerts/new.html", context, status=status)


def _preview_context(form: AlertBroadcastForm) -> dict[str, Any]:
    """Return the drawings of an alert, its nature and length, and how many of its screens can be reached."""
    values: Mapping[str, Any] = form.initial
    # A form with errors is previewed as far as it is filled in correctly.
    if form.is_bound:
        targets = targets_so_far(form)
        values = form.cleaned_data
    else:
        groups, screens = tuple(values.get("groups") or ()), tuple(values.get("screens") or ())
        targets = Targets(bool(values["everywhere"]), groups, screens)
    reached = read_reached(targets, timezone.now())
    drawn = " ".join(str(values.get(name) or "") for name in DRAWN_FIELDS) + texts_of(values.get("translations"))
    context: dict[str, Any] = {
        "status": values.get("status") or AlertStatus.ACTUAL,
        "count": reached.count,
        "offline": len(reached.unreachable),
        "offline_names": name_some(reached.unreachable),
        "colour_word": contradicting_colour(str(values.get("title") or ""), str(values.get("level") or "")),
        "without_order": languages_without_order(values),
        "missing": name_characters(missing_characters(drawn)),
        "seconds": 60 * (values.get("duration_min") or (0 if form.former else DEFAULT_MINUTES)),
        "told": told_channels.previews(values, targets, form.data if form.is_bound else None, form.former),
    }
    try:
        alert = draft_alert(values, corrects=form.former)
        context["no_room"] = set_capacity.room_problem(alert, targets, form.former, timezone.now())
        context["masking"] = masking.masking_sentences(alert, reached, timezone.now(), current_town())
        context["drawings"] = preview_links.alert_previews(
            alert, preview_links.classes_with(reached.classes, preview_links.ALERT_CLASSES_SHOWN), current_town()
        )
    except ValueError as error:
        context["fault"] = str(error)
    return context


def _proposal_of(request: UserRequest, form: AlertBroadcastForm, former: Alert | None) -> AlertProposal | None:
    """Return the proposal that a form becomes where a second officer is needed and nobody says that there is none.

    Raises:
        AlertRefused: the database cannot take it in now.
    """
    values = form.cleaned_data
    level, status = values["level"], values["status"]
    if values["alone_reason"].strip() or not two_person_rule.needs_second(level, status, current_town()):
        return None
    fields = (*second_officer.TEXT_FIELDS, "duration_min", "is_open_ended", "scenario")
    try:
        with database.short_lock_wait(services.LOCK_WAIT_S):
            return second_officer.propose_alert(
                {name: values[name] for name in fields}, form.selected_targets(), user=request.user,
                token=values["token"], corrects=former, rewrites=values["proposal"],
            )  # fmt: skip
    except DatabaseError as error:
        if fault_of(error) is None:
            raise
        raise AlertRefused(
            "second-officer", _("No second officer can be asked now: say below why you broadcast it alone.")
        ) from error


def _broadcast_form(request: UserRequest, form: AlertBroadcastForm, former: Alert | None) -> Alert:
    values = form.cleaned_data
    check_reach(form.selected_targets())
    alert = services.broadcast_alert(
        **{name: values[name] for name in BROADCAST_FIELDS},
        targets=form.selected_targets(),
        scenario=values["scenario"] if former is None else former.scenario,
        corrects=former,
        alone_reason=values["alone_reason"],
        token=values["token"],
        pressed_at=arrived_at(request, timezone.now()),
        user=request.user,
    )
    if values["proposal"] is not None:
        second_officer.settle_proposal(values["proposal"], alert, user=request.user)
    return alert
