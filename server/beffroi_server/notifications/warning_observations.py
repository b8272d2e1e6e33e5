"""Observations of warnings from outside: sources that are not received, and what came while an officer had decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from beffroi_server.alerts import on_call
from beffroi_server.alerts.models import Alert
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.notifications.alert_observations import observe_waiting, officer_keys
from beffroi_server.notifications.observations import Observation
from beffroi_server.notifications.occasions import Occasion
from beffroi_server.outside_warnings import warning_acts
from beffroi_server.outside_warnings.models import OutsideWarning, WarningSource, WarningState


def failing_sources() -> list[Observation]:
    """Return the sources whose warnings do not come, since when and why."""
    return [
        Observation(
            Occasion.WARNING_SOURCE, f"source-{source.pk}", source.name, source.failing_since, "",
            {"chart_ms": unix_ms(source.chart_made_at)} if source.chart_made_at else {"problem": source.problem},
        )
        for source in WarningSource.objects.filter(is_on=True, failing_since__isnull=False)
        if source.failing_since is not None
    ]  # fmt: skip


def waiting_warnings(now: dt.datetime) -> list[Observation]:
    """Return what officers should look at: warnings that nobody decided on, and ended ones that are still shown."""
    missed = OutsideWarning.objects.filter(closed_at=None, state=WarningState.MISSED, ends_at__gt=now)
    left_on = OutsideWarning.objects.filter(is_left_on=True, closed_at__isnull=False, alert__isnull=False)
    found = [*missed.select_related("proposal"), *left_on.select_related("alert", "alert__correction")]
    if not found:
        return []
    called = [user.pk for user in on_call.officers_on_call(now)] or officer_keys()
    return [each for warning in found for each in _observe(warning, called, now)]


def _observe(warning: OutsideWarning, called: list[int], now: dt.datetime) -> Iterator[Observation]:
    if warning.closed_at is None:
        if warning.proposal is not None:
            subject = f"warning-{warning.pk}-{warning.proposal.pk}"
            yield observe_waiting(subject, warning.title, warning.proposal.deadline_at, "missed", called)
        return
    alert = warning_acts.running_alert(warning, now)
    if alert is not None:
        people = [*called, *_author(alert)]
        yield observe_waiting(f"alert-{alert.pk}-left", alert.title, warning.closed_at, "left-on", people)


def _author(alert: Alert) -> list[int]:
    return [alert.issued_by_id] if alert.issued_by_id is not None else []
