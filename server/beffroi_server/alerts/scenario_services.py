"""Changes to scenarios, each recorded in the audit trail."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts.models import Scenario
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.targets import Targets


def offered_scenarios(user: User | None) -> QuerySet[Scenario]:
    """Return the scenarios that a user may start from: those of the own screens, and those for all screens."""
    own = screen_scopes.rows_in_scope(Scenario.objects.all(), user)
    return Scenario.objects.filter(Q(everywhere=True) | Q(pk__in=own.order_by().values("pk")))


def save_scenario(scenario: Scenario, targets: Targets, *, user: User | None, is_draft: bool = False) -> None:
    """Create a scenario or save a change of one; whoever saves a draft has read it through.

    Raises:
        ValidationError: a value is not valid.
    """
    require(user, "may_alert")
    screen_scopes.check_targets(user, targets)
    if not scenario._state.adding:
        screen_scopes.check_row(user, Scenario.objects.get(pk=scenario.pk))
    with serialised():
        scenario.everywhere, scenario.is_draft = targets.everywhere, is_draft
        scenario.full_clean()
        created, before = scenario._state.adding, audit.stored_values(scenario)
        scenario.save()
        scenario.groups.set(targets.groups)
        scenario.screens.set(targets.screens)
        changes = audit.changes_since(before, scenario)
        audit.record_event(user, "scenario-created" if created else "scenario-changed", scenario, **changes)


def delete_scenario(scenario: Scenario, *, user: User | None) -> None:
    """Delete a scenario. Alerts that were broadcast from it stay."""
    require(user, "may_alert")
    screen_scopes.check_row(user, scenario)
    with serialised():
        audit.record_event(
            user, "scenario-deleted", scenario, **audit.changes_since(audit.stored_values(scenario), None)
        )
        scenario.delete()
