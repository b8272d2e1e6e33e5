"""Planned alerts: when each occurrence begins, and the next one as players hold it ahead of its hour.

The identifier of an occurrence follows from the plan and its beginning, so that the server finds it again whoever was
there when it began.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.db.models import prefetch_related_objects

from beffroi_content import model as content
from beffroi_content.model.recurrence import Recurrence
from beffroi_content.wire.documents import MAX_PLANNED
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.alerts import queries
from beffroi_server.alerts.models import Alert, PlannedAlert
from beffroi_server.alerts.pending_alerts import aim_unsaved
from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.fleet.targets import Targets, reach_by_row

_NAMESPACE = uuid.UUID("5b0f4f2e-2f5c-4c6e-8f0a-9d7a3a1c1e46")
LOOK_AHEAD_DAYS = 5 * 366
"""A rule that names no day for so long is over: each leap day has its turn."""
_OPEN_PLANS = PreparedQuery(lambda: PlannedAlert.objects.filter(next_at__isnull=False).order_by("next_at", "pk"))
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def repeat_rules(day: dt.date) -> dict[str, str]:
    """Return the rules that a form offers for a first day, by name: ``once``, ``weekly``, ``monthly`` …"""
    weekday, number = _WEEKDAYS[day.weekday()], (day.day - 1) // 7 + 1
    return {
        "once": "",
        "daily": "FREQ=DAILY",
        "weekly": f"FREQ=WEEKLY;BYDAY={weekday}",
        "monthly-weekday": f"FREQ=MONTHLY;BYDAY={number if number < 5 else -1}{weekday}",
        "monthly": f"FREQ=MONTHLY;BYMONTHDAY={day.day}",
        "yearly": "FREQ=YEARLY",
    }


def next_occurrence(plan: PlannedAlert, from_day: dt.date, after: dt.datetime, zone: ZoneInfo) -> dt.date | None:
    """Return the first day from ``from_day`` on at which an occurrence begins after an instant; None: there is none."""
    if not plan.recurrence:
        return plan.starts_on if from_day <= plan.starts_on and begin_on(plan, plan.starts_on, zone) > after else None
    rule = Recurrence.parse(plan.recurrence)
    first = max(from_day, plan.starts_on)
    days = (first + dt.timedelta(days=ahead) for ahead in range(LOOK_AHEAD_DAYS))
    named = (day for day in days if rule.includes_day(day, plan.starts_on) and begin_on(plan, day, zone) > after)
    return next(named, None)


def begin_on(plan: PlannedAlert, day: dt.date, zone: ZoneInfo) -> dt.datetime:
    """Return when the occurrence of a day begins, by the clocks of the town."""
    return dt.datetime.combine(day, plan.starts_time, zone).astimezone(dt.UTC)


def occurrence_of(plan: PlannedAlert) -> Alert:
    """Return the next occurrence of a plan as an alert without a row. The plan has a next occurrence."""
    if plan.next_at is None:
        raise ValueError(f"{plan} has no occurrence any more")
    alert = Alert(
        id=_identifier(plan, plan.next_at),
        level=plan.level, status=plan.status, hazard=plan.hazard, title=plan.title, description=plan.description,
        instruction=plan.instruction, short_text=plan.short_text, phone=plan.phone, link=plan.link,
        source=plan.source, translations=plan.translations, everywhere=plan.everywhere, all_clear_s=plan.all_clear_s,
        issued_at=plan.next_at, ends_at=plan.next_at + dt.timedelta(minutes=plan.duration_min),
        issued_by=plan.created_by,
    )  # fmt: skip
    aim_unsaved(alert, Targets.of(plan))
    return alert


def plan_of(alert: Alert) -> PlannedAlert | None:
    """Return the plan of which an alert is an occurrence; None where it is of none, or the plan was deleted."""
    return next((plan for plan in PlannedAlert.objects.all() if _identifier(plan, alert.issued_at) == alert.pk), None)


def _identifier(plan: PlannedAlert, begins: dt.datetime) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, f"{plan.pk} {begins.astimezone(dt.UTC).isoformat()}")


def open_plans() -> list[PlannedAlert]:
    """Return the plans with an occurrence to come, the next one first, with their targets."""
    plans = _OPEN_PLANS.rows()
    prefetch_related_objects([plan for plan in plans if not plan.everywhere], "groups", "screens")
    return plans


def occurrences_between(
    since: dt.datetime, until: dt.datetime, places: Targets, zone: ZoneInfo
) -> list[tuple[dt.datetime, PlannedAlert]]:
    """Return what begins within a time on any screen of some places, by its beginning; what is skipped is not there."""
    plans = open_plans()
    if not plans:
        return []
    wanted = set(places.reached_screens().values_list("pk", flat=True))
    reach = reach_by_row(plans)
    found: list[tuple[dt.datetime, PlannedAlert]] = []
    for plan in plans:
        if wanted & reach[plan.pk]:
            found += [(at, plan) for at in _coming(plan, until, zone) if since <= at < until]
    return sorted(found, key=lambda each: (each[0], each[1].pk))


def _coming(plan: PlannedAlert, until: dt.datetime, zone: ZoneInfo) -> Iterator[dt.datetime]:
    """Yield when the occurrences of a plan begin, from the next one on: that one as it was moved."""
    if plan.next_at is None or plan.next_day is None:
        return
    yield plan.next_at
    day: dt.date | None = plan.next_day
    while day is not None and plan.recurrence:
        begin = begin_on(plan, day, zone)
        if begin >= until:
            return
        day = next_occurrence(plan, day + dt.timedelta(days=1), begin, zone)
        if day is not None:
            yield begin_on(plan, day, zone)


def planned_sets(now: dt.datetime) -> dict[TopicScope, tuple[content.Alert, ...]]:
    """Return what of each scope players hold ahead: the next occurrence of each plan."""
    sets: defaultdict[TopicScope, list[content.Alert]] = defaultdict(list)
    for plan in open_plans():
        for scope in Targets.of(plan).scopes:
            if len(sets[scope]) < MAX_PLANNED:
                sets[scope].append(queries.to_content(occurrence_of(plan), now))
    return {scope: tuple(alerts) for scope, alerts in sets.items()}
