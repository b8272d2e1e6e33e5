"""Operations on enrolment cards: files that enrol players, many at a time."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from ninja import Query, Status
from pydantic import Field

from beffroi_content.wire.enrolment_card import MAX_SERVERS, EnrolmentCard
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import (
    Answer,
    Change,
    Key,
    Line80,
    Line200,
    Name80,
    PageOf,
    PageQuery,
    Slug,
    find_row,
    named_rows,
    page_of,
)
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet import enrolment_cards, screen_scopes
from beffroi_server.fleet.card_models import CardState
from beffroi_server.fleet.card_models import EnrolmentCard as CardRow
from beffroi_server.fleet.enrolment_cards import LONGEST_DAYS, MOST_CARDS, USUAL_DAYS
from beffroi_server.fleet.models import ScreenClass, ScreenGroup
from beffroi_server.fleet.new_screens import NewScreen, add_screens

TAG = "screens"
READ, WRITE = "screens:read", "screens:write"


class CardAnswer(Answer):
    """An enrolment card, without what makes it work."""

    id: int
    screen: str
    state: CardState
    made_at: dt.datetime
    expires_at: dt.datetime
    used_at: dt.datetime | None
    used_by: str
    refused_at: dt.datetime | None
    """When another machine last tried it, after it was worth nothing any more."""
    refused_by: str


class ScreenToAdd(Change):
    """A screen that is added for its card."""

    name: Name80
    place: Line200 = ""


class NewCards(Change):
    """The cards that are to be made."""

    screens: Annotated[list[Slug], Field(max_length=MOST_CARDS)] = []
    added: Annotated[list[ScreenToAdd], Field(max_length=MOST_CARDS)] = []
    screen_class: Line80 = ""
    """Of those that are added."""
    groups: Annotated[list[Slug], Field(max_length=MOST_CARDS)] = []
    """Likewise."""
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = USUAL_DAYS
    servers: Annotated[list[Line200], Field(max_length=MAX_SERVERS - 1)] = []
    """Further addresses of the server."""


class MadeCards(Answer):
    """The files of cards that were made, as secret as passwords; they are not shown again."""

    cards: list[EnrolmentCard]


@operation("GET", "/enrolment-cards", scope=READ, permission="may_install", returns=PageOf[CardAnswer], tag=TAG)
def list_enrolment_cards(request: ApiRequest, query: Query[PageQuery]) -> PageOf[CardAnswer]:
    """List enrolment cards, the newest first."""
    return page_of(query, enrolment_cards.cards_in_scope(request.user), _answer)


@operation("POST", "/enrolment-cards", scope=WRITE, returns=MadeCards, status=201, tag=TAG, is_repeatable=False)
def make_enrolment_cards(request: ApiRequest, body: NewCards) -> Status[MadeCards]:
    """Make enrolment cards for screens, and add screens for some; those that they had are worth nothing any more."""
    screens = named_rows(screen_scopes.screens_in_scope(request.user), body.screens, "screens", key="slug")
    with serialised():
        added = []
        if body.added:
            groups = named_rows(ScreenGroup.objects.all(), body.groups, "groups", key="slug")
            wanted = [NewScreen(each.name, each.place) for each in body.added]
            (screen_class,) = named_rows(ScreenClass.objects.all(), [body.screen_class], "screen_class", key="name")
            added = add_screens(wanted, screen_class, groups, user=request.user)
        made = enrolment_cards.make_cards([*screens, *added], days=body.days, user=request.user, servers=body.servers)
    return Status(201, MadeCards(cards=made))


@operation("DELETE", "/enrolment-cards/{card_id}", scope=WRITE, status=204, tag=TAG)
def withdraw_enrolment_card(request: ApiRequest, card_id: Key) -> Status[None]:
    """Make an enrolment card worthless that was not used."""
    card = find_row(enrolment_cards.cards_in_scope(request.user), pk=card_id)
    enrolment_cards.withdraw_card(card, user=request.user)
    return Status(204, None)


def _answer(row: CardRow) -> CardAnswer:
    own = {name: getattr(row, name) for name in CardAnswer.model_fields if name not in ("screen", "state")}
    now = dt.datetime.now(dt.UTC)
    return CardAnswer.model_validate({**own, "screen": row.screen.slug, "state": row.state_at(now)})
