"""Scenarios that players hold ahead, signed, to be triggered on the spot: what of each scope is published.

The scope of a scenario is that of its screens. A player that may trigger it for others only has it in the set of its
own screen, where it is not shown.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict

from django.core.exceptions import ValidationError
from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.wire import local_triggers as content_contacts
from beffroi_content.wire.local_triggers import (
    MAX_CONTACTS,
    MAX_SCENARIOS,
    MAX_TRIGGERS,
    LocalScenario,
    ScenarioSetBody,
)
from beffroi_content.wire.messages import SCENARIOS
from beffroi_content.wire.scopes import TopicScope
from beffroi_content.wire.topics import Topic
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts.models import Scenario
from beffroi_server.alerts.translations import translations_of
from beffroi_server.alerts.trigger_models import ContactDuration, TriggerContact
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import Targets, reach_by_row

logger = logging.getLogger(__name__)
PREFIX = "scenario-"
"""What the identifiers of scenarios begin with on the wire."""


def local_scenarios() -> list[Scenario]:
    """Return the scenarios that may be triggered on the spot, with their screens."""
    found = list(Scenario.objects.exclude(local_minutes=None).filter(is_draft=False).order_by("pk"))
    prefetch_related_objects(found, "groups", "screens", "local_triggers")
    return found


def scenario_sets() -> dict[TopicScope, ScenarioSetBody]:
    """Return what is published of each scope that has anything."""
    found = local_scenarios()
    listed: defaultdict[TopicScope, list[LocalScenario]] = defaultdict(list)
    reach = reach_by_row(found) if found else {}
    for scenario in found:
        wire = to_wire(scenario)
        for scope in Targets.of(scenario).scopes:
            listed[scope].append(wire)
        for screen in scenario.local_triggers.all():
            if screen.pk not in reach[scenario.pk] and screen.slug in wire.triggers:
                listed[TopicScope.of_screen(screen.slug)].append(wire.model_copy(update={"is_shown": False}))
    for scope, scenarios in listed.items():
        if len(scenarios) > MAX_SCENARIOS:
            logger.warning("%s has more than %d scenarios: the newest are left out", scope, MAX_SCENARIOS)
    contacts = _contacts(found)
    return {
        scope: ScenarioSetBody(
            scenarios=tuple(listed[scope][:MAX_SCENARIOS]), contacts=contacts.get(scope, ())[:MAX_CONTACTS]
        )
        for scope in sorted({*listed, *contacts})
    }


def _contacts(scenarios: list[Scenario]) -> dict[TopicScope, tuple[content_contacts.TriggerContact, ...]]:
    """Return the contacts of each screen that has any, for the scenarios that may be triggered there."""
    allowed = {(scenario.pk, screen.pk) for scenario in scenarios for screen in scenario.local_triggers.all()}
    listed: defaultdict[TopicScope, list[content_contacts.TriggerContact]] = defaultdict(list)
    for row in TriggerContact.objects.select_related("screen").order_by("screen", "number") if allowed else ():
        if (row.scenario_id, row.screen_id) in allowed:
            listed[TopicScope.of_screen(row.screen.slug)].append(
                content_contacts.TriggerContact(
                    number=row.number, chip=row.chip, line=row.line, scenario=f"{PREFIX}{row.scenario_id}",
                    is_active_low=row.is_active_low, hold_ms=row.hold_ms, lasts=ContactDuration(row.lasts).value,
                )
            )  # fmt: skip
    return {scope: tuple(each) for scope, each in listed.items()}


def scenarios_at(screen: Screen) -> QuerySet[Scenario]:
    """Return the scenarios that officers have released to be triggered at a screen."""
    return Scenario.objects.filter(local_triggers=screen, is_draft=False).exclude(local_minutes=None)


def save_contact(contact: TriggerContact, *, user: User | None) -> None:
    """Save a contact of a screen; its player follows.

    Raises:
        ValidationError: a value is not valid, or nobody has released the scenario for that screen.
    """
    require(user, "may_install")
    screen_scopes.check_screens(user, [contact.screen])
    contact.full_clean()
    if not scenarios_at(contact.screen).filter(pk=contact.scenario_id).exists():
        raise ValidationError({"scenario": _("This scenario cannot be triggered at this screen.")})
    with serialised():
        before = audit.stored_values(contact)
        contact.save()
        publish_scenarios()
        audit.record_event(user, "contact-saved", contact.screen, **audit.changes_since(before, contact))


def delete_contact(contact: TriggerContact, *, user: User | None) -> None:
    """Remove a contact of a screen."""
    require(user, "may_install")
    screen_scopes.check_screens(user, [contact.screen])
    with serialised():
        before = audit.stored_values(contact)
        audit.record_event(user, "contact-removed", contact.screen, **audit.changes_since(before, None))
        contact.delete()
        publish_scenarios()


def to_wire(scenario: Scenario) -> LocalScenario:
    """Return a scenario as players hold it. Its times are those of the act that triggers it.

    Raises:
        ValueError: the wire does not take a value, or it may not be triggered on the spot.
    """
    minutes = scenario.local_minutes or 0
    screens = sorted(scenario.local_triggers.all(), key=lambda screen: screen.slug)
    triggers = {screen.slug: screen.trigger_key for screen in screens if screen.trigger_key}
    alert = content.Alert(
        id=f"{PREFIX}{scenario.pk}", level=content.AlertLevel(scenario.level), hazard=scenario.hazard,
        title=scenario.title, description=scenario.description, instruction=scenario.instruction,
        short_text=scenario.short_text, phone=scenario.phone, link=scenario.link, source=scenario.source,
        translations=translations_of(scenario.translations),
        issued_at_ms=0, ends_at_ms=0, time_to_live_ms=0, all_clear_ms=scenario.all_clear_s * 1_000,
    )  # fmt: skip
    return LocalScenario(
        id=alert.id, name=scenario.name, alert=alert, longest_ms=minutes * 60_000,
        triggers=dict(list(triggers.items())[:MAX_TRIGGERS]),
    )  # fmt: skip


def publish_scenarios() -> int:
    """Publish the sets that say something else than what players have, or will soon be too old; return how many.

    Whatever changed, this finds it: a scenario, its screens, the key of a player that was enrolled anew.
    """
    if not _due_sets():
        return 0
    with serialised():
        return sum(_publish(scope, body) for scope, body in _due_sets())


def _due_sets() -> list[tuple[TopicScope, ScenarioSetBody]]:
    wanted, scopes = scenario_sets(), _published_scopes()
    if not wanted and not scopes:
        return []
    published = signing.published_documents(SCENARIOS, scopes)
    expiring = {Topic.parse(topic).scope for topic, _ in signing.expiring_documents(SCENARIOS, timezone.now())}
    bodies = {scope: wanted.get(scope, ScenarioSetBody()) for scope in sorted({*wanted, *scopes})}
    return [
        (scope, body) for scope, body in bodies.items() if scope in expiring or not _is_same(published.get(scope), body)
    ]


def _publish(scope: TopicScope, body: ScenarioSetBody) -> bool:
    try:
        signing.seal_document(SCENARIOS, scope, body)
    except signing.DocumentTooLarge as error:
        logger.error("the scenarios of %s have no room together: players keep what they have (%s)", scope, error)
        return False
    return True


def _is_same(document: object, body: ScenarioSetBody) -> bool:
    fields = ScenarioSetBody.model_fields
    if document is None:
        return not any(getattr(body, name) for name in fields)
    return all(getattr(document, name) == getattr(body, name) for name in fields)


def _published_scopes() -> list[TopicScope]:
    topics = OutboxDocument.objects.filter(retained=True, topic__endswith=f"/{SCENARIOS.leaf}")
    return [Topic.parse(topic).scope for topic in topics.values_list("topic", flat=True)]


def longest_of(scenario: Scenario) -> dt.timedelta:
    """Return for how long a scenario may be shown that was triggered on the spot."""
    return dt.timedelta(minutes=scenario.local_minutes or 0)
