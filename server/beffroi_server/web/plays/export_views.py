"""Proof of play as files: a table, the display log, and a report for paper."""

from __future__ import annotations

import datetime as dt
import itertools

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from beffroi_server.core.csv_rows import csv_lines
from beffroi_server.fleet.plays import log_export
from beffroi_server.monitoring.proof import content_names, totals_export
from beffroi_server.monitoring.proof.play_queries import PlayPeriod, day_bounds
from beffroi_server.web.access import UserRequest, current_town, for_users
from beffroi_server.web.plays import report_data, report_pdf
from beffroi_server.web.plays.period_form import read_period
from beffroi_server.web.responses import file_response, named_download

MAX_LOG_PLAYS = 500_000
"""Plays of a display log that is downloaded: some minutes of a thread of the pages. The command writes longer ones."""


@for_users("GET")
def totals_csv(request: UserRequest) -> HttpResponseBase:
    """Send the daily totals of a period as CSV."""
    period = read_period(request).period
    rows = totals_export.table_rows(period, timezone.get_current_timezone())
    separator = ";" if get_language() == "fr" else ","
    lines = csv_lines(itertools.chain([totals_export.headings()], rows), separator=separator)
    return file_response(lines, "text/csv; charset=utf-8", f"{_('proof-of-play')}-{_days(period)}.csv")


@for_users("GET")
def display_log(request: UserRequest) -> HttpResponseBase:
    """Send the display log of the screens of a period, whatever their content: the chain is that of all plays."""
    period = read_period(request).period
    start, end = _bounds(period)
    if log_export.count_plays(period.screens(), start, end, MAX_LOG_PLAYS + 1) > MAX_LOG_PLAYS:
        messages.warning(
            request,
            _("That is more than %(count)d records. Choose fewer days or one screen, or write the log on the server "
              "with “beffroi-server plays --log”.") % {"count": MAX_LOG_PLAYS},
        )  # fmt: skip
        return redirect(f"/plays/?{request.GET.urlencode()}")
    lines = log_export.log_lines(current_town(), period.screens(), start, end, content_names.recorded_names_of)
    return file_response(lines, "application/jsonl", f"beffroi-log-{_days(period)}.jsonl")


@for_users("GET")
def report_pdf_file(request: UserRequest) -> HttpResponse:
    """Send proof of play of a period as PDF."""
    asked = read_period(request)
    report = report_data.build_report(asked, current_town(), request.user, timezone.now())
    response = HttpResponse(report_pdf.draw_report(report), content_type="application/pdf")
    return named_download(response, f"{_('proof-of-play')}-{_days(asked.period)}.pdf")


def _bounds(period: PlayPeriod) -> tuple[dt.datetime, dt.datetime]:
    zone = timezone.get_current_timezone()
    return day_bounds(period.first, zone)[0], day_bounds(period.last, zone)[1]


def _days(period: PlayPeriod) -> str:
    return "-".join(dict.fromkeys((period.first.isoformat(), period.last.isoformat())))
