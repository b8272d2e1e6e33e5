"""Pages of schedule rules: the list, the form with its summary, and deletion."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.timeline.calendar import LocalCalendar
from beffroi_server.core.named_relations import read_names
from beffroi_server.fleet.targets import Targets
from beffroi_server.schedule import day_calendars, publish_permissions, queries, rule_status, rule_summary, services
from beffroi_server.schedule.charter_programme import rule_findings, warnings_of
from beffroi_server.schedule.errors import RuleConflict
from beffroi_server.schedule.models import Playlist, ScheduleRule
from beffroi_server.schedule.programme_changes import rule_change
from beffroi_server.schedule.rule_shares import rule_shares
from beffroi_server.web.access import UserRequest, current_town, for_editors
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.forms import add_form_errors
from beffroi_server.web.requests import parse_number
from beffroi_server.web.schedule.rule_forms import ScheduleRuleForm
from beffroi_server.web.undo_messages import say_undoable


@for_editors("GET")
def rule_share_list(request: UserRequest) -> HttpResponse:
    """Return the shares of the rules that a page names, or of all, for the places that it has for them."""
    named = {parse_number(key) for key in request.GET.getlist("rule")}
    shares = {key: share for key, share in rule_shares(timezone.now()).items() if not named or key in named}
    return render(request, "schedule/rule_shares.html", {"shares": shares})


@for_editors("GET", "POST")
def rule_add(request: UserRequest) -> HttpResponse:
    """Add a rule."""
    playlist = limit_rows(Playlist.objects.all()).filter(pk=parse_number(request.GET.get("playlist"))).first()
    initial = {"everywhere": True, "playlist": playlist, "name": playlist.name if playlist else ""}
    return _edit_rule(request, ScheduleRule(), initial)


@for_editors("GET", "POST")
def rule_edit(request: UserRequest, pk: int) -> HttpResponse:
    """Change a rule."""
    found = ScheduleRule.objects.filter(pk=pk).prefetch_related("only_on", "never_on").first()
    if found is None and request.method == "POST":
        return _redirect_deleted_rule(request)
    found = found or get_object_or_404(ScheduleRule, pk=pk)
    read_names(([found], "screens"), ([found], "groups"))
    publish_permissions.check_rule(request.user, found)
    return _edit_rule(request, found, {})


@for_editors("POST")
def rule_form_summary(request: UserRequest) -> HttpResponse:
    """Return the summary of a rule that is being written: its sentence, status, missing fields and warnings."""
    edited = ScheduleRule.objects.filter(pk=parse_number(request.GET.get("rule"))).first()
    form = ScheduleRuleForm(request.POST, instance=edited)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= _rule_context(form)
        places = Targets(
            form.instance.everywhere, tuple(form.selected_rows("groups")), tuple(form.selected_rows("screens"))
        )
        context["change"] = rule_change(form.instance, places, timezone.now(), _town_almanac())
    return render(request, "schedule/rule_sentence.html", context)


@for_editors("GET", "POST")
def rule_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Delete a rule, after asking."""
    found = ScheduleRule.objects.filter(pk=pk).first()
    if found is None:
        return _redirect_deleted_rule(request)
    publish_permissions.check_rule(request.user, found)
    if request.method == "POST":
        entry = services.delete_rule(found, user=request.user)
        say_undoable(request, _("“%(name)s” has been deleted. Its playlist stays.") % {"name": found}, entry)
        return redirect("rules")
    context = {"rule": found, "sentence": rule_summary.saved_rule_sentence(found)}
    return render(request, "schedule/rule_delete.html", context)


def _edit_rule(request: UserRequest, edited: ScheduleRule, initial: dict[str, Any]) -> HttpResponse:
    version = "" if edited._state.adding else queries.rule_fingerprint(edited)
    form = ScheduleRuleForm(request.POST if request.method == "POST" else None, instance=edited, initial=initial)
    if request.method == "POST" and form.is_valid():
        return _save_rule(request, form)
    context = {"form": form, "version": request.POST.get("version", version)}
    return render(request, "schedule/rule.html", context, status=422 if form.errors else 200)


def _save_rule(request: UserRequest, form: ScheduleRuleForm) -> HttpResponse:
    changes = {name: form.selected_rows(name) for name in ("screens", "groups", "only_on", "never_on")}
    expected = None if form.instance._state.adding else request.POST.get("version", "")
    try:
        services.save_rule(form.instance, user=request.user, expected=expected, **changes)
    except ScheduleRule.DoesNotExist:
        return _redirect_deleted_rule(request)
    except RuleConflict as conflict:
        return _render_conflict(request, form, conflict)
    except ValidationError as refused:
        add_form_errors(form, refused.messages)
        version = "" if form.instance._state.adding else expected
        return render(request, "schedule/rule.html", {"form": form, "version": version}, status=422)
    summary = _rule_context(form)
    messages.success(request, _("Saved: %(sentence)s") % {"sentence": summary["sentence"]})
    warnings = warnings_of(rule_findings(form.instance, Targets.of(form.instance)))
    for objection in [*summary["objections"], *warnings]:
        messages.warning(request, objection)
    return redirect("rules")


def _render_conflict(request: UserRequest, form: ScheduleRuleForm, conflict: RuleConflict) -> HttpResponse:
    context = {
        "form": form,
        "version": queries.rule_fingerprint(conflict.current),
        "conflict": conflict,
        "saved_sentence": rule_summary.saved_rule_sentence(conflict.current),
        **_rule_context(form),
    }
    return render(request, "schedule/rule.html", context, status=409)


def _rule_context(form: ScheduleRuleForm) -> dict[str, Any]:
    """Return the sentence, the status and the warnings of a valid form."""
    now, almanac = timezone.now(), _town_almanac()
    screens, groups = form.selected_rows("screens"), form.selected_rows("groups")
    places = rule_summary.RulePlaces(
        form.instance.everywhere, [each.name for each in screens], [each.name for each in groups]
    )
    return {
        "sentence": rule_summary.rule_sentence(form.instance, form.instance.playlist.name, places),
        "outlook": rule_status.rule_status(form.instance, now, almanac),
        "objections": rule_status.rule_warnings(form.instance, screens, groups, now, almanac),
    }


def _redirect_deleted_rule(request: UserRequest) -> HttpResponse:
    messages.warning(request, _("Someone has deleted this rule in the meantime. Nothing was changed."))
    return redirect("rules")


def _town_almanac() -> LocalCalendar:
    town = current_town()
    return day_calendars.town_almanac(ZoneInfo(town.time_zone), town)
