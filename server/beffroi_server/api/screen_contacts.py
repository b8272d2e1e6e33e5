"""Operations on contacts of a screen, such as keyed switches, that show a scenario without the server."""

from __future__ import annotations

from typing import Annotated

from ninja import Query, Status
from pydantic import Field, StringConstraints

from beffroi_content.wire.local_triggers import MAX_CONTACTS
from beffroi_server.alerts import local_scenarios
from beffroi_server.alerts.trigger_models import ContactDuration, TriggerContact
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, Key, PageOf, PageQuery, Slug, find_row, named_rows, page_of
from beffroi_server.fleet import screen_scopes
from beffroi_server.fleet.models import Screen

TAG = "screens"
READ, WRITE = "screens:read", "screens:write"


class ContactAnswer(Answer):
    """A contact at a player, such as a keyed switch, that shows a scenario when it closes."""

    id: int
    number: int
    scenario: int
    chip: str
    line: int
    is_active_low: bool
    hold_ms: int
    lasts: ContactDuration


class NewContact(Change):
    """A new contact."""

    number: Annotated[int, Field(ge=1, le=MAX_CONTACTS)]
    scenario: Key
    line: Annotated[int, Field(ge=0, le=1_023)]
    """On a Raspberry Pi the number of the GPIO."""
    chip: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")] = "gpiochip0"
    is_active_low: bool = True
    hold_ms: Annotated[int, Field(ge=20, le=60_000)] = 100
    lasts: ContactDuration = ContactDuration.CLOSED


def contact_answer(row: TriggerContact) -> ContactAnswer:
    """Return a contact as the API shows it."""
    own = {name: getattr(row, name) for name in ContactAnswer.model_fields if name != "scenario"}
    return ContactAnswer.model_validate({**own, "scenario": row.scenario_id})


@operation("GET", "/screens/{slug}/contacts", scope=READ, permission="may_install", returns=PageOf[ContactAnswer],
           tag=TAG)  # fmt: skip
def list_screen_contacts(request: ApiRequest, slug: Slug, query: Query[PageQuery]) -> PageOf[ContactAnswer]:
    """List the contacts of a screen by their numbers."""
    return page_of(query, _screen(request, slug).contacts.order_by("number"), contact_answer)


@operation("POST", "/screens/{slug}/contacts", scope=WRITE, returns=ContactAnswer, status=201, tag=TAG)
def add_screen_contact(request: ApiRequest, slug: Slug, body: NewContact) -> Status[ContactAnswer]:
    """Have a contact at the player of a screen show a scenario when it closes."""
    screen = _screen(request, slug)
    (scenario,) = named_rows(local_scenarios.scenarios_at(screen), [body.scenario], "scenario")
    values = {**body.model_dump(exclude={"scenario", "lasts"}), "lasts": body.lasts.value}
    row = TriggerContact(screen=screen, scenario=scenario, **values)
    local_scenarios.save_contact(row, user=request.user)
    return Status(201, contact_answer(row))


@operation("DELETE", "/screens/{slug}/contacts/{contact_id}", scope=WRITE, status=204, tag=TAG)
def remove_screen_contact(request: ApiRequest, slug: Slug, contact_id: Key) -> Status[None]:
    """Remove a contact of a screen."""
    row = find_row(_screen(request, slug).contacts.all(), pk=contact_id)
    local_scenarios.delete_contact(row, user=request.user)
    return Status(204, None)


def _screen(request: ApiRequest, slug: str) -> Screen:
    return find_row(screen_scopes.screens_in_scope(request.user), slug=slug)
