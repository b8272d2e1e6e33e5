"""The server itself on the page of what needs attention: what is wrong with it, why, and the next step."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from beffroi_server.accounts.models import User
from beffroi_server.core.formatting import format_day, format_moment
from beffroi_server.doctor import finding_incidents, jobs
from beffroi_server.doctor.examination import Examination, read_examination
from beffroi_server.monitoring.finding_texts import explain
from beffroi_server.notifications import incidents
from beffroi_server.web.access import UserRequest, for_technicians


def may_see_server(user: User) -> bool:
    """Tell whether somebody looks after the server: technicians and administrators, of the whole town."""
    return user.may_install and not user.is_limited_to_groups


def server_context(user: User) -> dict[str, Any]:
    """Return what is shown of the server: nothing to who looks after neither it nor all screens."""
    if not may_see_server(user):
        return {"shows_server": False}
    found = read_examination()
    told = finding_incidents.told_by_incidents(incidents.open_incidents(user))
    shown = [each for each in found.findings if each.code not in told] if found else []
    return {
        "shows_server": True,
        "server_examined_at": found.at if found else None,
        "server_findings": [explain(each) for each in shown],
        "server_findings_above": len(found.findings) - len(shown) if found else 0,
        "server_lines": _reading_lines(found) if found else [],
    }


@for_technicians("POST")
def examine_server(request: UserRequest) -> HttpResponse:
    """Have the server examined: its leading process does so within a minute."""
    if not may_see_server(request.user):
        raise PermissionDenied
    try:
        jobs.ask_for_examination()
    except OSError:
        messages.error(request, _("The server could not be examined. Run “beffroi-server doctor” on it: it says why."))
    else:
        messages.success(request, _("The server is being examined. Look again in a minute."))
    return redirect("attention")


def _reading_lines(found: Examination) -> list[tuple[str, str]]:
    readings = found.readings
    lines = [
        (_("Version"), str(readings.get("version", ""))),
        (_("Last backup"), _moment_text(readings.get("last_backup_at"))),
        (_("Certificate until"), _day_text(readings.get("pages_certificate_ends_at"))),
        (_("Key list until"), _day_text(readings.get("key_list_ends_at"))),
        (_("Time zone data"), str(readings.get("zone_data", ""))),
    ]
    return [(name, text) for name, text in lines if text]


def _moment_text(value: object) -> str:
    return format_moment(dt.datetime.fromisoformat(value)) if isinstance(value, str) else ""


def _day_text(value: object) -> str:
    return format_day(dt.datetime.fromisoformat(value).date()) if isinstance(value, str) else ""
