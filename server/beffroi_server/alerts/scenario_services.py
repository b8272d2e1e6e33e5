"""Changes to scenarios, each recorded in the audit trail."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts import local_scenarios
from beffroi_server.alerts.models import Scenario
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets


def offered_scenarios(user: User | None) -> QuerySet[Scenario]:
    """Return the scenarios that a user may start from: those of the own screens, and those for all screens."""
    own = screen_scopes.rows_in_scope(Scenario.objects.all(), user)
    return Scenario.objects.filter(Q(everywhere=True) | Q(pk__in=own.order_by().values("pk")))


def save_scenario(
    scenario: Scenario, targets: Targets, *, user: User | None, is_draft: bool = False,
    triggers: Iterable[Screen] | None = None,
) -> None:  # fmt: skip
    """Create a scenario or save a change of one; whoever saves a draft has read it through.

    Args:
        scenario: It.
        targets: Where it is shown.
        user: Who saves it.
        is_draft: Whether it is still to be read through: nobody can trigger it on the spot.
        triggers: The screens at which it can be triggered on the spot; None: as before.

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
        if triggers is not None:
            before["local_triggers"] = _names(scenario)
            scenario.local_triggers.set(_with_those_beyond(scenario, triggers, user))
        further = {"local_triggers": _names(scenario)} if triggers is not None else {}
        changes = audit.changes_since(before, scenario, **further)
        audit.record_event(user, "scenario-created" if created else "scenario-changed", scenario, **changes)
        local_scenarios.publish_scenarios()


def delete_scenario(scenario: Scenario, *, user: User | None) -> None:
    """Delete a scenario. Alerts that were broadcast from it stay."""
    require(user, "may_alert")
    screen_scopes.check_row(user, scenario)
    with serialised():
        audit.record_event(
            user, "scenario-deleted", scenario, **audit.changes_since(audit.stored_values(scenario), None)
        )
        scenario.delete()
        local_scenarios.publish_scenarios()


def _with_those_beyond(scenario: Scenario, chosen: Iterable[Screen], user: User | None) -> list[Screen]:
    """Return the screens that were chosen, within the scope of the user, and those beyond it as they were."""
    own = screen_scopes.limit_screens(Screen.objects.all(), user)
    kept = scenario.local_triggers.exclude(pk__in=own.values("pk"))
    return [*kept, *own.filter(pk__in=[screen.pk for screen in chosen])]


def _names(scenario: Scenario) -> list[str]:
    return sorted(screen.name for screen in scenario.local_triggers.all())
