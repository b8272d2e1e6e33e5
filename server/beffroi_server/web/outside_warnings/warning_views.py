"""Page of the warnings that came from outside: those in force for the town, and what was done with the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, npgettext
from django.utils.translation import gettext as _

from beffroi_server.cap.policy import Decision
from beffroi_server.cap.reason_texts import reason_sentence
from beffroi_server.cap.reasons import Reason
from beffroi_server.core.formatting import format_moment
from beffroi_server.outside_warnings.assessments import stored_reasons
from beffroi_server.outside_warnings.models import OutsideWarning, ReceivedMessage, WarningSource
from beffroi_server.web.access import UserRequest, for_officers
from beffroi_server.web.requests import paginate

PER_PAGE = 30
RECENTLY_OVER = 10


@for_officers("GET")
def warning_list(request: UserRequest) -> HttpResponse:
    """Show the warnings in force, those that are over, and every message with what was done with it."""
    warnings = OutsideWarning.objects.select_related("source", "alert", "proposal")
    page = paginate(request, ReceivedMessage.objects.select_related("source").defer("message"), PER_PAGE)
    context: dict[str, Any] = {
        "current": [(each, words_of(each.reasons, each.source)) for each in warnings.filter(closed_at=None)],
        "over": [(each, close_words(each.close_reason)) for each in
                 warnings.exclude(closed_at=None).order_by("-closed_at")[:RECENTLY_OVER]],
        "rows": [(each, decision_words(each.decision), words_of(each.reasons, each.source)) for each in page],
        "page": page,
        "sources": WarningSource.objects.all(),
        "now": timezone.now(),
    }  # fmt: skip
    return render(request, "outside_warnings/warnings.html", context)


_SETTINGS = {"rule": "settings", "rule-unknown": "settings-unknown", "default": "settings-default"}
"""Reasons of a policy that was made of settings."""


def words_of(reasons: list[list[object]], source: WarningSource) -> str:
    """Return the reasons of a row in words."""
    return reason_words(stored_reasons(reasons), source)


def reason_words(reasons: Iterable[Reason], source: WarningSource) -> str:
    """Return reasons in words: of rules by their number only where the town has written them itself."""
    settings = {} if source.own_policy.strip() else _SETTINGS
    found = [
        Reason(settings.get(each.code, each.code), tuple((name, _readable(name, value)) for name, value in each.values))
        for each in reasons
    ]
    return reason_sentence(found, language())


def _readable(name: str, value: str) -> str:
    """Return a value of a reason, instants as people write them."""
    try:
        return format_moment(dt.datetime.fromisoformat(value)) if name == "at" else value
    except ValueError:
        return value


def language() -> str:
    """Return the language of the page, as the reader of CAP names it."""
    return (get_language() or "fr")[:2]


def decision_words(decision: str, count: int = 1) -> str:
    """Return what was done with one message or several."""
    return {
        Decision.IGNORE.value: npgettext("messages", "ignored", "ignored", count),
        Decision.PROPOSE.value: npgettext("messages", "proposed to an officer", "proposed to an officer", count),
        Decision.BROADCAST.value: npgettext("messages", "broadcast", "broadcast", count),
    }.get(decision, decision)


def close_words(reason: str) -> str:
    """Return why a warning is over."""
    return {
        "cancel": _("cancelled by its source"), "all-clear": _("ended by an all-clear of its source"),
        "update": _("an update no longer concerns the town"),
        "version": _("its colour or text has changed, and it is no longer one to be shown here"),
        "absence": _("no longer in the feed"), "over": _("its time was over"),
        "policy": _("no longer wanted by the settings of its source"),
    }.get(reason, reason)  # fmt: skip
