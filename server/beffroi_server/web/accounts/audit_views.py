"""The audit trail: what changed, from and to, by date and person, and as files."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from beffroi_server.accounts import audit, audit_actions
from beffroi_server.accounts.audit_export import change_pairs, plain_value, trail_lines, trail_rows
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.core import formatting
from beffroi_server.core.csv_rows import csv_lines
from beffroi_server.core.folded_text import filter_by_words, fold_text
from beffroi_server.monitoring.proof.play_queries import day_bounds
from beffroi_server.web.access import UserRequest, current_town, for_administrators
from beffroi_server.web.requests import paginate, read_search
from beffroi_server.web.responses import file_response

EVENTS_PER_PAGE = 50
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2199, 12, 31)


@dataclass(frozen=True)
class ChangedField:
    """One field of a change as people read it."""

    label: str
    before: str
    after: str


@for_administrators("GET")
def audit_trail(request: UserRequest) -> HttpResponse:
    """Show who did what, the newest first, filtered by user, action, days and words."""
    filters = _read_filters(request)
    page = paginate(request, _found_events(filters), EVENTS_PER_PAGE)
    context: dict[str, Any] = {
        "page": page,
        "rows": [
            (
                event,
                audit_actions.action_text(event.action),
                audit_actions.detail_text(event),
                changed_fields(event.detail),
            )
            for event in page
        ],
        "actions": _action_choices(),
        "actors": AuditEvent.objects.exclude(actor="").order_by("actor").values_list("actor", flat=True).distinct(),
        "check": audit.check_trail(is_whole="check" in request.GET),
        "exported": request.GET.urlencode(),
        "is_filtered": any(filters.values()),
        **filters,
    }
    return render(request, "accounts/audit.html", context)


@for_administrators("GET")
def trail_csv(request: UserRequest) -> HttpResponseBase:
    """Send the events that were found as CSV."""
    headings = [_("Time"), _("Who"), _("What"), _("Of what"), _("Changes"), _("Fingerprint")]
    rows = trail_rows(_found_events(_read_filters(request)), audit_actions.ACTION_TEXTS, headings)
    lines = csv_lines(rows, separator=";" if get_language() == "fr" else ",")
    return file_response(lines, "text/csv; charset=utf-8", f"beffroi-audit-{timezone.localdate()}.csv")


@for_administrators("GET")
def trail_log(request: UserRequest) -> HttpResponseBase:
    """Send the events that were found as JSON lines, which “beffroi-server audit verify” checks."""
    lines = trail_lines(_found_events(_read_filters(request)), current_town())
    return file_response(lines, "application/jsonl", f"beffroi-audit-{timezone.localdate()}.jsonl")


def changed_fields(detail: Any) -> list[ChangedField]:
    """Return what an event changed, with the labels and choices of its model where that is still known."""
    model = _model_of(detail.get("model") if isinstance(detail, dict) else None)
    return [_changed_field(model, name, *pair) for name, pair in change_pairs(detail).items()]


def _changed_field(model: Any, name: str, before: Any, after: Any) -> ChangedField:
    field: Any = None
    if model is not None:
        try:
            field = model._meta.get_field(name)
        except FieldDoesNotExist:
            field = None
    label = getattr(field, "verbose_name", name.replace("_", " "))
    return ChangedField(capfirst(str(label)), _shown_value(field, before), _shown_value(field, after))


def _shown_value(field: Any, value: Any) -> str:
    """Return a value as people read it: a choice by its label, an instant in the town's time."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str) and re.fullmatch(r"\d\d:\d\d:00", value):
        return formatting.format_hour(dt.time.fromisoformat(value))
    if isinstance(field, Field) and field.flatchoices and isinstance(value, str | int):
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, str) and len(value) >= len("2026-01-01T00:00Z") and value[:4].isdecimal():
        try:
            instant = parse_datetime(value)
        except ValueError:
            instant = None
        if instant is not None and instant.tzinfo is not None:
            return formatting.format_moment(instant)
    return plain_value(value)


def _model_of(label: Any) -> Any:
    try:
        return apps.get_model(label) if isinstance(label, str) else None
    except (LookupError, ValueError):
        return None


def _read_filters(request: UserRequest) -> dict[str, Any]:
    values = request.GET
    return {
        "actor": values.get("actor", "")[:150].replace("\0", ""),
        "action": values.get("action", "")[:60].replace("\0", ""),
        "first": _read_day(values.get("from", "")),
        "last": _read_day(values.get("until", "")),
        "search": read_search(request),
    }


def _read_day(text: str) -> dt.date | None:
    try:
        day = dt.date.fromisoformat(text[:10])
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= LAST_DAY else None


def _found_events(filters: dict[str, Any]) -> QuerySet[AuditEvent]:
    events = AuditEvent.objects.all()
    if filters["actor"]:
        events = events.filter(actor=filters["actor"])
    if filters["action"]:
        events = events.filter(action=filters["action"])
    zone = timezone.get_current_timezone()
    if filters["first"]:
        events = events.filter(at__gte=day_bounds(filters["first"], zone)[0])
    if filters["last"]:
        events = events.filter(at__lt=day_bounds(filters["last"], zone)[1])
    return filter_by_words(events, filters["search"], "subject", "actor") if filters["search"] else events


def _action_choices() -> list[tuple[str, str]]:
    """Return the code and the text of every action, sorted by text."""
    choices = [(code, audit_actions.action_text(code)) for code in audit_actions.ACTION_TEXTS]
    return sorted(choices, key=lambda choice: fold_text(choice[1]))
