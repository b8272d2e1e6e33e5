"""From a scenario to the glass: choosing, broadcasting, following and ending an alert."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_server.accounts import audit_actions
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import queries, services
from beffroi_server.alerts.drafts import draft_alert
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert, AlertLevel, AlertStatus, Scenario
from beffroi_server.fleet.models import ReceiptRecord, Screen
from beffroi_server.web.access import UserRequest, current_town, for_officers, for_users, is_htmx
from beffroi_server.web.alerts import forms
from beffroi_server.web.alerts.forms import DEFAULT_MINUTES, WORDING_FIELDS, AlertBroadcastForm, AlertExtensionForm
from beffroi_server.web.library import preview_links

ALERTS_PER_PAGE = 30
EXTENSIONS_MIN = (30, 60, 120)
"""Minutes."""


@for_officers("GET")
def scenario_choice(request: UserRequest) -> HttpResponse:
    """Choose what to broadcast."""
    scenarios = Scenario.objects.prefetch_related("groups", "screens")
    context = {
        "scenarios": scenarios,
        "levels": AlertLevel.choices[::-1],
        "running": queries.active_alerts(timezone.now()),
    }
    return render(request, "alerts/choose.html", context)


@for_officers("GET", "POST")
def alert_new(request: UserRequest) -> HttpResponse:
    """Show what is about to be broadcast; POST broadcasts it, or only draws it anew with ``look``."""
    if request.method == "GET":
        return _render_form(request, AlertBroadcastForm(initial=_initial_values(request)))
    form = AlertBroadcastForm(request.POST)
    if "look" in request.POST:
        form.is_valid()
        return _render_form(request, form)
    if form.is_valid():
        try:
            alert = _broadcast_form(request, form)
        except AlertRefused as refused:
            form.add_error(None, refused.message)
        else:
            return redirect("alert", alert.pk)
    return _render_form(request, form, status=422)


@for_officers("POST")
def alert_preview(request: UserRequest) -> HttpResponse:
    """Draw what is being written."""
    return render(request, "alerts/preview.html", _preview_context(AlertBroadcastForm(request.POST)))


@for_users("GET")
def alert_preview_page(request: UserRequest) -> HttpResponse:
    """Return a page of an alert on a kind of screen, to the pixel."""
    return preview_links.alert_page_response(request, current_town())


@for_users("GET")
def alert_detail(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Follow an alert."""
    found = get_object_or_404(Alert, pk=pk)
    shown = queries.to_content(found, found.issued_at)
    screens = queries.targeted_screens(found).select_related("screen_class")
    receipts = _receipts_context(found)
    context = {
        "alert": found,
        "drawings": preview_links.alert_previews(shown, preview_links.classes_of(screens), current_town()),
        "extensions": EXTENSIONS_MIN,
        "events": _audit_events(found),
        **receipts,
    }
    return render(request, "alerts/alert.html", context)


@for_users("GET")
def alert_receipts(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Say which screens show it; 204 when a page that is open knows already."""
    receipts = _receipts_context(get_object_or_404(Alert, pk=pk))
    if is_htmx(request) and request.GET.get("mark") == receipts["mark"]:
        return HttpResponse(status=204)
    return render(request, "alerts/receipts.html", receipts)


@for_officers("POST")
def alert_extend(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Let it last longer."""
    form = AlertExtensionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the minutes by which the alert lasts longer, 31 days at most."))
        return redirect("alert", pk)
    minutes = form.cleaned_data["minutes"]
    return _apply_change(request, pk, lambda found: services.extend_alert(found, minutes, user=request.user))


@for_officers("POST")
def alert_end(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """End it, and say so on the screens."""
    return _apply_change(request, pk, lambda found: services.end_alert(found, user=request.user))


@for_officers("POST")
def alert_withdraw(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Take it off at once."""
    return _apply_change(request, pk, lambda found: services.withdraw_alert(found, user=request.user))


@for_officers("GET")
def alert_list(request: UserRequest) -> HttpResponse:
    """List every alert that was ever broadcast, the newest first."""
    page = Paginator(Alert.objects.select_related("issued_by"), ALERTS_PER_PAGE).get_page(request.GET.get("page"))
    names = [str(found.pk) for found in page]
    reached = ReceiptRecord.objects.filter(alert__in=names).exclude(form=content.AlertForm.ALL_CLEAR.value)
    counts = dict(reached.values_list("alert").annotate(Count("screen", distinct=True)))
    now = timezone.now()
    rows = [(found, _alert_state(found, now), counts.get(str(found.pk), 0)) for found in page]
    return render(request, "alerts/alerts.html", {"page": page, "rows": rows})


def _initial_values(request: UserRequest) -> dict[str, Any]:
    level = request.GET.get("level")
    values: dict[str, Any] = {
        "token": uuid.uuid4(),
        "status": AlertStatus.ACTUAL,
        "level": level if level in AlertLevel.values else AlertLevel.EMERGENCY,
        "source": current_town().name,
        "everywhere": True,
        "duration_min": DEFAULT_MINUTES,
    }
    if "scenario" in request.GET:
        scenario = get_object_or_404(Scenario, pk=_parse_number(request.GET["scenario"]))
        values |= {name: getattr(scenario, name) for name in WORDING_FIELDS if name not in {"groups", "screens"}}
        values |= {"groups": list(scenario.groups.all()), "screens": list(scenario.screens.all())}
        values |= {"scenario": scenario, "duration_min": scenario.duration_min}
    return values


def _render_form(request: UserRequest, form: AlertBroadcastForm, status: int = 200) -> HttpResponse:
    scenario = form.cleaned_data.get("scenario") if form.is_bound else form.initial.get("scenario")
    context = {"form": form, "scenario": scenario, "edits": not scenario or form.is_bound, **_preview_context(form)}
    return render(request, "alerts/new.html", context, status=status)


def _preview_context(form: AlertBroadcastForm) -> dict[str, Any]:
    values: Mapping[str, Any] = form.initial
    if form.is_bound:
        targets = forms.targets_so_far(form)
        values = form.cleaned_data
    else:
        targets = (bool(values["everywhere"]), values.get("groups") or [], values.get("screens") or [])
    screens = list(queries.screens_of_targets(*targets).select_related("screen_class", "state"))
    context: dict[str, Any] = {
        "status": values.get("status") or AlertStatus.ACTUAL,
        "count": len(screens),
        "offline": [screen.name for screen in screens if not _is_online(screen)],
        "seconds": 60 * (values.get("duration_min") or DEFAULT_MINUTES),
    }
    try:
        shown = draft_alert(values)
        context["drawings"] = preview_links.alert_previews(shown, preview_links.classes_of(screens), current_town())
    except ValueError as error:
        context["fault"] = str(error)
    return context


def _broadcast_form(request: UserRequest, form: AlertBroadcastForm) -> Alert:
    values = form.cleaned_data
    names = (
        "level", "status", "hazard", "title", "description", "instruction", "source", "duration_min", "all_clear_s",
    )  # fmt: skip
    return services.broadcast_alert(
        **{name: values[name] for name in names},
        targets=form.selected_targets(),
        scenario=values["scenario"],
        token=values["token"],
        user=request.user,
    )


def _apply_change(request: UserRequest, pk: uuid.UUID, change: Callable[[Alert], None]) -> HttpResponse:
    try:
        change(get_object_or_404(Alert, pk=pk))
    except AlertRefused as refused:
        messages.warning(request, refused.message)
    return redirect("alert", pk)


def _receipts_context(found: Alert) -> dict[str, Any]:
    """Return what became of the alert, for a page or the part of it that follows."""
    receipts = queries.receipts_of(found)
    now = timezone.now()
    counts = {state: sum(one.state == state for one in receipts) for state in ("shown", "waiting", "offline")}
    state = _alert_state(found, now)
    context: dict[str, Any] = {
        "alert": found,
        "state": state,
        "receipts": receipts,
        "counts": counts,
        "every": 1 if state == "on" and counts["waiting"] else 4,
    }
    said = render_to_string("alerts/receipts.html", context | {"mark": ""})
    return context | {"mark": hashlib.sha256(said.encode()).hexdigest()[:16]}


def _alert_state(found: Alert, now: Any) -> str:
    """Return ``on``, ``clearing``, ``withdrawn`` or ``over``."""
    if found.withdrawn_at is not None:
        return "withdrawn"
    if now < found.ends_at:
        return "on"
    return "clearing" if now < queries.all_clear_ends_at(found) else "over"


def _audit_events(found: Alert) -> list[tuple[AuditEvent, str]]:
    events = AuditEvent.objects.filter(action__startswith="alert-", detail__id=str(found.pk))
    return [(event, audit_actions.action_text(event.action)) for event in events[:50]]


def _is_online(screen: Screen) -> bool:
    state = getattr(screen, "state", None)
    return state is not None and state.online


def _parse_number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0
