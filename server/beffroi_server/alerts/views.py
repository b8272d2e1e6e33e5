"""Alerts, their history, and scenarios."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse


def _to_come(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    raise Http404


alerts = alert_choose = alert_new = alert_preview = alert_page = alert = alert_receipts = alert_extend = alert_end = (
    alert_withdraw
) = scenarios = scenario_new = scenario = scenario_delete = _to_come
