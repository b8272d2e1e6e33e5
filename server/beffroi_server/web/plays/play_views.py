"""Proof of play: totals of a period, and the day of a screen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format, localize
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from beffroi_server.core import formatting
from beffroi_server.fleet.models import Screen, ScreenGroup
from beffroi_server.fleet.plays.played_content import ANNOUNCEMENT, identifier_in
from beffroi_server.monitoring.proof import content_names, play_queries
from beffroi_server.monitoring.proof.screen_day import ScreenDay, ShownPlay, SpanKind, read_day
from beffroi_server.web.access import UserRequest, for_users
from beffroi_server.web.addresses import row_address
from beffroi_server.web.form_scopes import limit_rows, screen_of
from beffroi_server.web.plays.period_form import AskedPeriod, quick_periods, read_period, read_time
from beffroi_server.web.plays.period_form import read_day as read_day_of
from beffroi_server.web.requests import paginate
from beffroi_server.web.select_options import select_options

ROWS_PER_PAGE = 50
SPAN_TEXTS = {
    SpanKind.OFF: _("The screen was off, by its hours."),
    SpanKind.STOPPED: _("Its player was stopped, or without power."),
    SpanKind.MISSING: _("Not received yet: its player keeps these records and sends them later."),
    SpanKind.SILENT: _("Nothing received since: the player is unreachable."),
    SpanKind.COMING: _("What is on now is recorded when it ends."),
    SpanKind.UNKNOWN: _("Nothing is recorded."),
    SpanKind.ALERT: _("Alert"),
}
SPAN_SERIES = {
    SpanKind.CONTENT: 3, SpanKind.ALERT: 5, SpanKind.OFF: 6, SpanKind.MISSING: 2, SpanKind.COMING: 1,
    SpanKind.STOPPED: 4, SpanKind.SILENT: 4, SpanKind.UNKNOWN: 0,
}  # fmt: skip
"""By kind of span: the colour of the day bar."""
_DOT = SafeString(' <span class="dot">·</span> ')


@for_users("GET")
def play_totals(request: UserRequest) -> HttpResponse:
    """Show how often and how long, of a period, by content, by screen or by day."""
    asked = read_period(request)
    page = paginate(request, play_queries.totals_by(asked.period, asked.grouping), ROWS_PER_PAGE)
    context: dict[str, Any] = {
        "asked": asked,
        "period": asked.period,
        "page": page,
        "rows": _named_rows(page, asked, request.GET.copy()),
        "total": play_queries.total_of(asked.period),
        "quick": quick_periods(timezone.localdate()),
        "group_options": _place_options("group", ScreenGroup.objects.all(), asked.where),
        "screen_options": _place_options("screen", Screen.objects.all(), asked.where),
        "content_name": content_names.names_of([asked.content])[asked.content] if asked.content else "",
        "exported": request.GET.urlencode(),
    }
    return render(request, "plays/plays.html", context)


@for_users("GET")
def verification_help(request: UserRequest) -> HttpResponse:
    """Say in plain words how an export is verified."""
    return render(request, "plays/verify.html")


@for_users("GET")
def screen_day(request: UserRequest, slug: str) -> HttpResponse:
    """Show what was on a screen on a day, and at a moment of it."""
    screen = screen_of(slug, Screen.objects.select_related("screen_class"))
    now, today = timezone.now(), timezone.localdate()
    day = read_day_of(request.GET.get("day", ""), today)
    found = read_day(screen, day, timezone.get_current_timezone(), now)
    at = read_time(request.GET.get("at", ""))
    moment = dt.datetime.combine(day, at, timezone.get_current_timezone()) if at is not None else None
    names = content_names.names_of(found.contents)
    context: dict[str, Any] = {
        "screen": screen,
        "found": found,
        "today": today,
        "yesterday": today - dt.timedelta(days=1),
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1) if day < today else None,
        "spans": [(span, SPAN_SERIES[span.kind], SPAN_TEXTS.get(span.kind, "")) for span in found.spans],
        "hours": [
            (hour, [(names[each.content], each) for each in hour.contents[:6]], len(hour.contents[6:]))
            for hour in found.hours
        ],
        "moment": moment,
        **(_moment_context(found, moment, names) if moment is not None else {}),
    }
    return render(request, "plays/screen_day.html", context)


def _place_options(kind: str, rows: QuerySet[Any], chosen: str) -> SafeString:
    named = limit_rows(rows).values_list("slug", "name")
    return select_options(((f"{kind}:{slug}", name) for slug, name in named), chosen)


def _moment_context(found: ScreenDay, moment: dt.datetime, names: dict[str, str]) -> dict[str, Any]:
    span = found.span_at(moment)
    return {
        "on": _shown_rows(found, found.plays_at(moment), names),
        "around": [(play, names[play.content]) for play in found.plays_around(moment)[:60]],
        "reason": SPAN_TEXTS.get(span.kind, "") if span is not None else "",
        "is_ahead": moment > timezone.now(),
    }


def _shown_rows(found: ScreenDay, plays: Iterable[ShownPlay], names: dict[str, str]) -> list[dict[str, Any]]:
    shown = list(plays)
    counts = play_queries.day_counts(found.screen, found.day, {play.content for play in shown})
    return [
        {
            "play": play,
            "name": names[play.content],
            "announcement": identifier_in(play.content, ANNOUNCEMENT),
            "counts": counts.get(play.content),
        }
        for play in shown
    ]


def _named_rows(page: Page[Any], asked: AskedPeriod, address: QueryDict) -> list[dict[str, Any]]:
    """Return the rows with what they say, and the address that each leads to.

    Written here: a template takes a millisecond for the sentences of each row, and half of one for its address.
    """
    for name in ("page", "by", *(("from", "until") if asked.grouping == "day" else ("content",))):
        address.pop(name, None)
    stays = f"{address.urlencode()}&" if address else ""
    names = content_names.names_of({row["content"] for row in page}) if asked.grouping == "content" else {}
    return [
        {
            "name": _row_name(row, names),
            "link": _row_link(row, asked, stays),
            "details": format_html_join(_DOT, "{}", ((text,) for text in _details(row, asked.grouping))),
            "times_text": _times_text(row["shown"]),
        }
        for row in page
    ]


def _row_name(row: dict[str, Any], names: dict[str, str]) -> str:
    if "content" in row:
        return names[row["content"]]
    if "screen__name" in row:
        return str(row["screen__name"])
    return f"{date_format(row['day'], 'l')} {formatting.format_day(row['day'])}"


def _row_link(row: dict[str, Any], asked: AskedPeriod, stays: str) -> str:
    """Return where a row leads to: a content to its screens, a screen to its last day, a day to its contents."""
    if "content" in row:
        return f"?{stays}{urlencode({'content': row['content'], 'by': 'screen'})}"
    if "screen__name" in row:
        return f"{row_address('screen-day', row['screen__slug'])}?day={asked.period.last.isoformat()}"
    return f"?{stays}from={row['day'].isoformat()}&until={row['day'].isoformat()}&by=content"


def _details(row: dict[str, Any], grouping: str) -> list[str]:
    """Return what a row says of a total."""
    found = [formatting.format_duration(round(row["length_ms"] / 1000))]
    if grouping != "screen":
        count = row["on_screens"]
        found.append(ngettext("%(screens)s screen", "%(screens)s screens", count) % {"screens": localize(count)})
    moments = {"first": formatting.moment_at(row["begins_at"]), "last": formatting.moment_at(row["ends_at"])}
    found.append(gettext("first %(first)s, last %(last)s") % moments)
    if row["proven"]:
        proven = ngettext("%(proven)s confirmed", "%(proven)s confirmed", row["proven"])
        found.append(proven % {"proven": localize(row["proven"])})
    return found


def _times_text(times: int) -> str:
    return ngettext("%(times)s time", "%(times)s times", times) % {"times": localize(times)}
