"""Changes to planned alerts, and the beginning of their occurrences."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.model.recurrence import Recurrence
from beffroi_server.accounts import audit, undo
from beffroi_server.accounts.models import UndoEntry, User
from beffroi_server.accounts.permissions import require
from beffroi_server.accounts.saved_town import saved_town
from beffroi_server.alerts import clock_steps, queries, two_person_rule
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert, PlannedAlert
from beffroi_server.alerts.planned_alerts import begin_on, next_occurrence, occurrence_of, open_plans
from beffroi_server.alerts.set_publication import publish_scopes
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.targets import Targets

MOST_PLANS = 100
LONGEST_DELAY = dt.timedelta(days=31)
MOVED = "planned-alert-moved"
"""Kind of the undo entries."""


def save_plan(plan: PlannedAlert, targets: Targets, *, user: User | None) -> None:
    """Create a planned alert or save a change of one. Its next occurrence goes to the players at once.

    Raises:
        AlertRefused: it cannot be planned so.
        ValidationError: a value is not valid.
    """
    require(user, "may_alert")
    screen_scopes.check_targets(user, targets)
    before = PlannedAlert.objects.filter(pk=plan.pk).first()
    if before is not None:
        screen_scopes.check_row(user, before)
        begin_due(timezone.now())
    if not targets.scopes:
        raise AlertRefused("no-target", _("Choose the screens on which the alert is shown."))
    two_person_rule.check_alone(plan.level, plan.status, user)
    plan.everywhere = targets.everywhere
    plan.full_clean(exclude={"token", "created_by"})
    _check_recurrence(plan)
    now, zone = timezone.now(), _zone()
    with serialised():
        if plan.token is not None and plan._state.adding and PlannedAlert.objects.filter(token=plan.token).exists():
            return
        if plan._state.adding and PlannedAlert.objects.filter(next_at__isnull=False).count() >= MOST_PLANS:
            raise AlertRefused("too-many", _("There are too many planned alerts. Delete one of them first."))
        scopes = set(Targets.of(before).scopes) if before is not None else set()
        _move_to(plan, next_occurrence(plan, plan.starts_on, now, zone), zone)
        if plan.next_at is None:
            raise AlertRefused("over", _("It would begin in the past: choose a later day or time."))
        plan.created_by = plan.created_by or user
        old = audit.stored_values(plan)
        plan.save()
        plan.groups.set(targets.groups)
        plan.screens.set(targets.screens)
        queries.to_content(occurrence_of(plan), now)
        publish_scopes({*scopes, *targets.scopes}, now)
        action = "planned-alert-created" if before is None else "planned-alert-changed"
        audit.record_event(user, action, plan, **audit.changes_since(old, plan))


def delete_plan(plan: PlannedAlert, *, user: User | None) -> None:
    """Delete a planned alert; an occurrence that has begun stays."""
    _check(plan, user)
    # The screens may have begun it a moment ago, before this server has noticed.
    begin_due(timezone.now())
    with serialised():
        scopes = Targets.of(plan).scopes
        old = audit.stored_values(plan)
        audit.record_event(user, "planned-alert-deleted", plan, **audit.changes_since(old, None))
        plan.delete()
        publish_scopes(scopes, timezone.now())


def skip_next(plan: PlannedAlert, at: dt.datetime, *, user: User | None) -> UndoEntry | None:
    """Leave out the occurrence that begins at an instant; nothing where it is not the next one any more."""
    zone = _zone()

    def skip(row: PlannedAlert) -> None:
        day = row.next_day or row.starts_on
        begin = begin_on(row, day, zone)
        _move_to(row, next_occurrence(row, day + dt.timedelta(days=1), max(begin, timezone.now()), zone), zone)

    return _change_next(plan, at, "planned-alert-skipped", skip, user)


def postpone_next(plan: PlannedAlert, at: dt.datetime, minutes: int, *, user: User | None) -> UndoEntry | None:
    """Have the occurrence that begins at an instant begin some minutes later, and the others as they were.

    Raises:
        AlertRefused: it would be moved by more than 31 days.
    """
    delay = dt.timedelta(minutes=minutes)
    if not dt.timedelta(0) < delay <= LONGEST_DELAY:
        raise AlertRefused("no-duration", _("Enter by how many minutes it is postponed, up to 31 days."))

    def postpone(row: PlannedAlert) -> None:
        row.next_at = at + delay

    return _change_next(plan, at, "planned-alert-postponed", postpone, user)


def begin_due(now: dt.datetime) -> int:
    """Give the occurrences their rows whose time has come; players show them already. Return how many.

    Those that began and ended while the server was away get theirs as well: their receipts arrive now.
    """
    due = [plan for plan in open_plans() if plan.next_at is not None and plan.next_at <= now]
    for plan in due:
        _begin(plan, now)
    return len(due)


def _begin(plan: PlannedAlert, now: dt.datetime) -> None:
    zone = _zone()
    with serialised():
        row = occurrence_of(plan)
        targets = Targets.of(plan)
        if not Alert.objects.filter(pk=row.pk).exists():
            clock_steps.note_clock(row)
            row.settled = queries.all_clear_ends_at(row) <= now
            row._prefetched_objects_cache = {}  # type: ignore[attr-defined]
            row.save(force_insert=True)
            if not targets.everywhere:
                row.groups.set(targets.groups)
                row.screens.set(targets.screens)
            audit.record_event(
                None, "alert-begun", row, id=str(row.pk), level=row.level, status=row.status, until=row.ends_at
            )
        day = plan.next_day or plan.starts_on
        _move_to(plan, next_occurrence(plan, day + dt.timedelta(days=1), now, zone), zone)
        plan.save(update_fields=["next_day", "next_at"])
        publish_scopes(targets.scopes, now)


def town_name() -> str:
    """Return who speaks where nobody else is named."""
    town = saved_town()
    return town.name if town is not None else "–"


def describe_move(entry: UndoEntry) -> str:
    """Return what was done to the next occurrence of a planned alert."""
    return _("the next “%(title)s” was skipped or postponed") % {"title": entry.subject}


def restore_move(entry: UndoEntry, user: User) -> int:
    """Have the occurrence begin as before, if that is still to come."""
    plan = PlannedAlert.objects.filter(pk=entry.data["plan"]).first()
    before = dt.datetime.fromisoformat(entry.data["at"])
    if plan is None or before <= timezone.now():
        return 0
    _check(plan, user)
    plan.next_at, plan.next_day = before, dt.date.fromisoformat(entry.data["day"])
    plan.save(update_fields=["next_day", "next_at"])
    publish_scopes(Targets.of(plan).scopes, timezone.now())
    return 1


def _change_next(
    plan: PlannedAlert, at: dt.datetime, action: str, change: Callable[[PlannedAlert], None], user: User | None
) -> UndoEntry | None:
    _check(plan, user)
    with serialised():
        row = PlannedAlert.objects.filter(pk=plan.pk, next_at=at).first()
        if row is None or at <= timezone.now():
            return None
        day = row.next_day or row.starts_on
        change(row)
        row.save(update_fields=["next_day", "next_at"])
        plan.next_day, plan.next_at = row.next_day, row.next_at
        publish_scopes(Targets.of(row).scopes, timezone.now())
        audit.record_event(user, action, row, starts_at=at, next_at=row.next_at)
        return undo.record_undo(user, MOVED, [row], plan=row.pk, at=at.isoformat(), day=day.isoformat())


def _move_to(plan: PlannedAlert, day: dt.date | None, zone: ZoneInfo) -> None:
    plan.next_day, plan.next_at = day, begin_on(plan, day, zone) if day is not None else None


def _check(plan: PlannedAlert, user: User | None) -> None:
    require(user, "may_alert")
    screen_scopes.check_row(user, plan)


def _check_recurrence(plan: PlannedAlert) -> None:
    try:
        if plan.recurrence:
            Recurrence.parse(plan.recurrence)
    except ValueError as error:
        raise ValidationError({"recurrence": str(error)}) from error


def _zone() -> ZoneInfo:
    town = saved_town()
    return ZoneInfo(town.time_zone if town is not None else "Europe/Paris")
