"""Pages of planned alerts: the list with what is next, and the form."""

from __future__ import annotations

import datetime as dt
import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_server.accounts import undo
from beffroi_server.accounts.models import UndoEntry
from beffroi_server.alerts import plan_services
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import PlannedAlert
from beffroi_server.delivery.key_files import KeysMissing
from beffroi_server.fleet import screen_scopes
from beffroi_server.web import working_for
from beffroi_server.web.access import UserRequest, current_town, for_officers
from beffroi_server.web.alerts.forms import PlannedAlertForm
from beffroi_server.web.alerts.plan_words import DELAYS, repeat_words
from beffroi_server.web.library.translation_forms import changes_languages
from beffroi_server.web.requests import paginate, parse_number
from beffroi_server.web.undo_messages import say_undoable

PLANS_PER_PAGE = 50


@for_officers("GET")
def plan_list(request: UserRequest) -> HttpResponse:
    """List the planned alerts, the next one first; those that have no occurrence any more come last."""
    within = screen_scopes.rows_in_scope(PlannedAlert.objects.all(), request.user)
    page = paginate(request, within.prefetch_related("groups", "screens").order_by("next_at", "-pk"), PLANS_PER_PAGE)
    rows = sorted(page, key=lambda plan: (plan.next_at is None, plan.next_at or timezone.now()))
    shown = [(plan, repeat_words(plan)) for plan in rows]
    return render(request, "alerts/plans.html", {"page": page, "rows": shown, "delays": DELAYS})


@for_officers("GET", "POST")
def plan_new(request: UserRequest) -> HttpResponse:
    """Plan an alert."""
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    fresh = PlannedAlert(
        source=str(working_for.chosen() or current_town().name), level=AlertLevel.INFORMATION,
        status=AlertStatus.ACTUAL, starts_on=tomorrow, starts_time=dt.time(8),
    )  # fmt: skip
    return _edit(request, fresh)


@for_officers("GET", "POST")
def plan_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change a planned alert."""
    found = get_object_or_404(PlannedAlert, pk=pk)
    screen_scopes.check_row(request.user, found)
    return _edit(request, found)


@for_officers("POST")
def plan_skip(request: UserRequest, pk: int) -> HttpResponse:
    """Skip the next occurrence."""
    plan, at = get_object_or_404(PlannedAlert, pk=pk), _instant(request)
    if at is not None:
        _say(request, plan_services.skip_next(plan, at, user=request.user))
    return redirect("planned-alerts")


@for_officers("POST")
def plan_postpone(request: UserRequest, pk: int) -> HttpResponse:
    """Postpone the next occurrence by some minutes."""
    plan, at = get_object_or_404(PlannedAlert, pk=pk), _instant(request)
    try:
        if at is not None:
            minutes = parse_number(request.POST.get("minutes"))
            _say(request, plan_services.postpone_next(plan, at, minutes, user=request.user))
    except AlertRefused as refused:
        messages.warning(request, refused.message)
    return redirect("planned-alerts")


@for_officers("POST")
def plan_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a planned alert; one that has begun stays on the screens."""
    found = get_object_or_404(PlannedAlert, pk=pk)
    plan_services.delete_plan(found, user=request.user)
    messages.success(request, _("“%(name)s” has been deleted.") % {"name": found.title})
    return redirect("planned-alerts")


def _edit(request: UserRequest, plan: PlannedAlert) -> HttpResponse:
    is_new, name = plan.pk is None, plan.title
    form = PlannedAlertForm(request.POST or None, instance=plan, initial={"token": uuid.uuid4(), "repeats": "once"})
    is_saving = request.method == "POST" and not changes_languages(request.POST)
    if is_saving and form.is_valid():
        row, targets = form.instance, form.selected_targets()
        row.recurrence = form.chosen_rule()
        if is_new:
            row.token = form.cleaned_data["token"]
        try:
            plan_services.save_plan(row, targets, user=request.user)
        except AlertRefused as refused:
            form.add_error("everywhere" if refused.code == "no-target" else None, refused.message)
        except ValidationError as error:
            form.add_error(None, error)
        except KeysMissing as missing:
            form.add_error(None, str(missing))
        else:
            messages.success(request, _("“%(name)s” is planned.") % {"name": row.title})
            return redirect("planned-alerts")
    context = {"form": form, "pk": plan.pk, "name": name}
    return render(request, "alerts/plan.html", context, status=422 if is_saving and form.errors else 200)


def _instant(request: UserRequest) -> dt.datetime | None:
    try:
        found = parse_datetime(request.POST.get("at", "")[:40])
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _say(request: UserRequest, entry: UndoEntry | None) -> None:
    if entry is not None:
        say_undoable(request, undo.describe_entry(entry), entry)
