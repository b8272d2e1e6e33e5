"""Pages of alerts that were broadcast: the history, and one alert with its receipts, to follow, extend and end it."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_server.accounts import audit_actions
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import corrections, on_call, pending_alerts, queries, receipts, services
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.receipts import ScreenReceipt
from beffroi_server.fleet.models import ReceiptRecord, Screen
from beffroi_server.monitoring import clock_text, receipt_frames, screen_overview
from beffroi_server.web.access import UserRequest, current_town, for_officers, for_users, is_htmx
from beffroi_server.web.alerts import receipt_rows
from beffroi_server.web.alerts.forms import AlertExtensionForm
from beffroi_server.web.channels import told_channels
from beffroi_server.web.library import preview_links
from beffroi_server.web.requests import paginate

ALERTS_PER_PAGE = 30
EVENTS_SHOWN = 50
EXTENSIONS_MIN = (30, 60, 120)
"""Minutes by which one press extends an alert."""
WAITING_POLL_S, IDLE_POLL_S = 1, 4
"""Seconds between two questions of an open page: while a screen has yet to confirm, and otherwise."""


@for_officers("GET")
def alert_list(request: UserRequest) -> HttpResponse:
    """List every alert broadcast so far, the newest first."""
    page = paginate(request, Alert.objects.select_related("issued_by"), ALERTS_PER_PAGE)
    counts = _confirmed_counts(page)
    now = timezone.now()
    rows = [(alert, _alert_state(alert, now), counts.get(str(alert.pk), 0)) for alert in page]
    return render(request, "alerts/alerts.html", {"page": page, "rows": rows})


@for_users("GET")
def alert_detail(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Show an alert with its receipts, its drawings and what was done to it."""
    if pending_alerts.find_pending(pk=pk) is not None and not Alert.objects.filter(pk=pk).exists():
        return render(request, "alerts/pending.html", {"alert": pending_alerts.find_pending(pk=pk)})
    found = get_object_or_404(Alert.objects.select_related("triggered"), pk=pk)
    queries.read_targets(found)
    screens = queries.targeted_screens(found)
    drawn = queries.to_content(found, found.issued_at)
    context = {
        "drawings": preview_links.alert_previews(drawn, preview_links.classes_of(screens), current_town()),
        "extensions": EXTENSIONS_MIN,
        "on_call": on_call.officers_on_call(),
        "former": (former := corrections.former_texts(found)),
        "events": _audit_events([found, *former]),
        "correction": Alert.objects.filter(corrects=found).first() if found.replaced_at else None,
        **_receipts_context(found),
        **told_channels.outcomes_context(found),
    }
    return render(request, "alerts/alert.html", context)


@for_users("GET")
def alert_receipts(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Return the receipts of an alert for an open page; 204 when it shows them already."""
    context = _receipts_context(get_object_or_404(Alert, pk=pk))
    if is_htmx(request) and request.GET.get("mark") == context["mark"]:
        return HttpResponse(status=204)
    return render(request, "alerts/receipts.html", context)


@for_officers("POST")
def alert_extend(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Extend an alert by some minutes."""
    form = AlertExtensionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter the number of minutes to extend the alert by, up to 31 days."))
        return redirect("alert", pk)
    minutes = form.cleaned_data["minutes"]
    return _apply_change(request, pk, lambda alert: services.extend_alert(alert, minutes, user=request.user))


@for_officers("POST")
def alert_end(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """End an alert with an all-clear."""
    return _apply_change(request, pk, lambda alert: services.end_alert(alert, user=request.user))


@for_officers("POST")
def alert_withdraw(request: UserRequest, pk: uuid.UUID) -> HttpResponse:
    """Withdraw an alert at once, without an all-clear."""
    return _apply_change(request, pk, lambda alert: services.withdraw_alert(alert, user=request.user))


def _confirmed_counts(alerts: Any) -> dict[str, int]:
    """Return on how many screens each alert was shown, by its identifier; the all-clear does not count."""
    identifiers = [str(alert.pk) for alert in alerts]
    shown = ReceiptRecord.objects.filter(alert__in=identifiers).exclude(form=content.AlertForm.ALL_CLEAR.value)
    return dict(shown.values_list("alert").annotate(Count("screen", distinct=True)))


def _apply_change(request: UserRequest, pk: uuid.UUID, change: Callable[[Alert], None]) -> HttpResponse:
    services.store_pending_alert(pk)
    try:
        change(get_object_or_404(Alert, pk=pk))
    except AlertRefused as refused:
        messages.warning(request, refused.message)
    return redirect("alert", pk)


def _receipts_context(alert: Alert) -> dict[str, Any]:
    """Return the receipts of an alert, with a mark that changes with what the page shows of them."""
    now = timezone.now()
    found = receipts.receipts_of(alert, now)
    counts, state = receipt_rows.counts_of(found), _alert_state(alert, now)
    waiting = [each.screen for each in found if each.state == "waiting"]
    received = screen_overview.screens_with_newest_alerts(waiting)
    exact = receipt_frames.exact_screens(alert, found)
    context: dict[str, Any] = {
        "alert": alert,
        "state": state,
        "is_overdue": corrections.is_overdue(alert, now),
        "rows": receipt_rows.receipt_rows(alert, found, received, exact, now),
        "clocks": _clock_sentences(found),
        "counts": counts,
        "is_over": state != "on",
        "clearing": receipt_rows.clearing_words(found),
        "total": len(found),
        "every": WAITING_POLL_S if state == "on" and counts["waiting"] else IDLE_POLL_S,
    }
    # The mark is that of the rendered receipts without a mark: an open page gets new ones when they differ.
    rendered = render_to_string("alerts/receipts.html", context | {"mark": ""})
    return context | {"mark": hashlib.sha256(rendered.encode()).hexdigest()[:16]}


def _clock_sentences(found: list[ScreenReceipt]) -> list[tuple[Screen, str]]:
    """Return what is to be said of the clocks of screens that have not shown an alert yet."""
    waiting = [(each.screen, screen_overview.report_of(each.screen)) for each in found if each.state == "waiting"]
    return [
        (screen, sentence)
        for screen, report in waiting
        if report is not None
        for sentence in clock_text.clock_sentences(report, screen.state.seen_at)
    ]


def _alert_state(alert: Alert, now: dt.datetime) -> str:
    """Return ``on``, ``clearing`` (the all-clear is shown), ``held-back``, ``corrected``, ``withdrawn`` or ``over``."""
    if alert.replaced_at is not None:
        return "corrected"
    if alert.withdrawn_at is not None:
        return "withdrawn"
    if alert.held_back_at is not None and not alert.settled:
        return "held-back"
    if now < alert.ends_at:
        return "on"
    return "clearing" if now < queries.all_clear_ends_at(alert) else "over"


def _audit_events(texts: list[Alert]) -> list[tuple[AuditEvent, str]]:
    """Return what was done to an alert, given with the texts that it had before."""
    keys = [str(alert.pk) for alert in texts]
    events = AuditEvent.objects.filter(action__startswith="alert-", detail__id__in=keys)
    return [(event, audit_actions.action_text(event.action)) for event in events[:EVENTS_SHOWN]]
