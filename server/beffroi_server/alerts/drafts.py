"""Draft of an alert from the values of a form, completed so that a preview can be drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.translations import translations_of
from beffroi_server.core.timestamps import unix_ms


def draft_alert(values: Mapping[str, Any], corrects: Alert | None = None) -> content.Alert:
    """Return an alert with the values of a form, and placeholders where they are missing.

    Args:
        values: Those of the form.
        corrects: The running alert whose place it would take.

    Raises:
        ValueError: the values do not make an alert.
    """
    now = timezone.now()
    # The time is on the pages: rounded to the minute, the same form makes the same pages, which are cached.
    issued = unix_ms(now) // 60_000 * 60_000
    minutes = values.get("duration_min")
    ends = issued + (minutes or 60) * 60_000
    if corrects is not None and not minutes:
        ends = max(issued, unix_ms(corrects.ends_at))
    return content.Alert(
        id="preview",
        level=content.AlertLevel(values.get("level") or content.AlertLevel.EMERGENCY),
        status=content.AlertStatus(values.get("status") or content.AlertStatus.ACTUAL),
        hazard=values.get("hazard") or content.GENERAL_HAZARD,
        title=values.get("title") or _("Title"),
        description=values.get("description") or "",
        instruction=values.get("instruction") or "",
        short_text=values.get("short_text") or "",
        phone=values.get("phone") or "",
        link=values.get("link") or "",
        source=values.get("source") or "–",
        translations=translations_of(values.get("translations") or ()),
        issued_at_ms=issued,
        ends_at_ms=ends,
        time_to_live_ms=ends - issued,
        all_clear_ms=0,
        corrected_at_ms=issued if corrects is not None else None,
        is_open_ended=bool(values.get("is_open_ended")),
    )
