"""The schedule: which playlist is on, where and when."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.timeline.calendar import Almanac
from beffroi_server.programme import days, queries, sentences, services, standing
from beffroi_server.programme.errors import RuleConflict
from beffroi_server.programme.models import Playlist, ScheduleRule
from beffroi_server.programme.rule_forms import RuleForm
from beffroi_server.programme.sentences import Places
from beffroi_server.web.access import PersonRequest, for_editors, the_town

PAGE = 50


@for_editors("GET")
def rules(request: PersonRequest) -> HttpResponse:
    """List every rule as one sentence."""
    now, almanac = timezone.now(), _almanac()
    related = ("screens", "groups__screens", "only_on", "never_on")
    every = list(ScheduleRule.objects.select_related("playlist").prefetch_related(*related))
    shown = standing.on_screens(every, now, almanac)
    page = Paginator(every, PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "rule": each,
            "sentence": sentences.sentence_of(each),
            "outlook": standing.outlook(each, now, almanac),
            "is_on": each.pk in shown,
        }
        for each in page
    ]
    context = {"page": page, "rows": rows, "has_playlists": Playlist.objects.exists()}
    return render(request, "programme/rules.html", context)


@for_editors("GET", "POST")
def rule_new(request: PersonRequest) -> HttpResponse:
    """Make a rule."""
    asked = request.GET.get("playlist", "")
    playlist = Playlist.objects.filter(pk=asked).first() if asked.isdecimal() and len(asked) < 19 else None
    initial = {"everywhere": True, "playlist": playlist, "name": playlist.name if playlist else ""}
    return _edit(request, ScheduleRule(), initial)


@for_editors("GET", "POST")
def rule(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a rule."""
    found = ScheduleRule.objects.filter(pk=pk).first()
    if found is None and request.method == "POST":
        return _gone(request)
    return _edit(request, found or get_object_or_404(ScheduleRule, pk=pk), {})


@for_editors("POST")
def rule_sentence(request: PersonRequest) -> HttpResponse:
    """Say in a sentence what is in the form, when that is next on, and what is unclear or speaks against it."""
    form = RuleForm(request.POST)
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= _told(form)
    return render(request, "programme/rule_sentence.html", context)


@for_editors("GET", "POST")
def rule_delete(request: PersonRequest, pk: int) -> HttpResponse:
    """Ask whether a rule is to be deleted; delete it."""
    found = ScheduleRule.objects.filter(pk=pk).first()
    if found is None:
        return _gone(request)
    if request.method == "POST":
        services.delete_rule(found, person=request.user)
        messages.success(request, _("“%(name)s” is deleted. Its playlist stays.") % {"name": found})
        return redirect("rules")
    context = {"rule": found, "sentence": sentences.sentence_of(found)}
    return render(request, "programme/rule_delete.html", context)


def _edit(request: PersonRequest, edited: ScheduleRule, initial: dict[str, Any]) -> HttpResponse:
    version = "" if edited._state.adding else queries.fingerprint(edited)
    form = RuleForm(request.POST if request.method == "POST" else None, instance=edited, initial=initial)
    if request.method == "POST" and form.is_valid():
        return _save(request, form)
    context = {"form": form, "version": request.POST.get("version", version)}
    return render(request, "programme/rule.html", context, status=422 if form.errors else 200)


def _save(request: PersonRequest, form: RuleForm) -> HttpResponse:
    changes = {name: form.listed(name) for name in ("screens", "groups", "only_on", "never_on")}
    expected = None if form.instance._state.adding else request.POST.get("version", "")
    try:
        services.save_rule(form.instance, person=request.user, expected=expected, **changes)
    except ScheduleRule.DoesNotExist:
        return _gone(request)
    except RuleConflict as conflict:
        theirs = sentences.sentence_of(conflict.current)
        context = {"form": form, "version": queries.fingerprint(conflict.current), "conflict": conflict,
                   "theirs": theirs} | _told(form)  # fmt: skip
        return render(request, "programme/rule.html", context, status=409)
    told = _told(form)
    messages.success(request, _("Saved: %(sentence)s") % {"sentence": told["sentence"]})
    for objection in told["objections"]:
        messages.warning(request, objection)
    return redirect("rules")


def _told(form: RuleForm) -> dict[str, Any]:
    """Return what a valid form says, in words."""
    now, almanac = timezone.now(), _almanac()
    screens, groups = form.listed("screens"), form.listed("groups")
    places = Places(form.instance.everywhere, [each.name for each in screens], [each.name for each in groups])
    return {
        "sentence": sentences.sentence(form.instance, form.instance.playlist.name, places),
        "outlook": standing.outlook(form.instance, now, almanac),
        "objections": standing.objections(form.instance, screens, groups, now, almanac),
    }


def _gone(request: PersonRequest) -> HttpResponse:
    messages.warning(request, _("Somebody deleted this rule meanwhile. Nothing was changed."))
    return redirect("rules")


def _almanac() -> Almanac:
    return days.almanac(ZoneInfo(the_town().time_zone))
