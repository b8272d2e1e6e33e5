"""Enrolment cards: each enrols one player, once, within its days, and people see what became of it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from beffroi_content.wire.enrolment_card import EnrolmentCard as CardFile
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.fleet import enrolment_cards, new_screens, services
from beffroi_server.fleet.card_models import CardState, EnrolmentCard
from beffroi_server.fleet.errors import EnrolmentRefused

pytestmark = pytest.mark.usefixtures("keyring")


def card_of(screen, **values) -> CardFile:
    (card,) = enrolment_cards.make_cards([screen], days=14, user=None, **values)
    return card


def states() -> list[str]:
    return [card.state_at(timezone.now()).value for card in EnrolmentCard.objects.order_by("pk")]


def test_a_card_enrols_a_player_once_and_says_which(hall):
    card = card_of(hall)
    answer = services.enrol_player(card.code, "ab" * 32, "Raspberry Pi 4, 192.168.1.7")
    assert (answer["screen"], answer["site"]) == ("hall", card.site)
    row = EnrolmentCard.objects.get()
    assert (row.state_at(timezone.now()), row.used_by) == (CardState.USED, "Raspberry Pi 4, 192.168.1.7")

    with pytest.raises(EnrolmentRefused):
        services.enrol_player(card.code, "cd" * 32)
    enrolment_cards.note_refused(card.code, "another, 192.168.1.8")
    assert EnrolmentCard.objects.get().refused_by == "another, 192.168.1.8"


def test_the_same_player_may_ask_again_when_the_answer_was_lost(hall):
    code, key = card_of(hall).code, "ab" * 32
    lost = services.enrol_player(code, key)["token"]
    assert services.enrol_player(code, key)["token"] != lost
    EnrolmentCard.objects.update(used_at=timezone.now() - enrolment_cards.ASKED_AGAIN)
    with pytest.raises(EnrolmentRefused):
        services.enrol_player(code, key)


def test_the_code_is_stored_nowhere(hall):
    card = card_of(hall)
    assert card.code not in str([*EnrolmentCard.objects.values_list(), *AuditEvent.objects.values_list()])


@pytest.mark.parametrize("what", ["late", "withdrawn", "another card", "another way", "revoked"])
def test_a_card_is_worth_nothing_once_it_is(hall, what):
    card = card_of(hall)
    if what == "late":
        EnrolmentCard.objects.update(expires_at=timezone.now())
    elif what == "withdrawn":
        enrolment_cards.withdraw_card(EnrolmentCard.objects.get(), user=None)
    elif what == "another card":
        card_of(hall)
    elif what == "another way":
        services.enrol_player(services.open_enrolment(hall)[0])
    else:
        services.revoke_player(hall)
    with pytest.raises(EnrolmentRefused):
        services.enrol_player(card.code)
    assert states()[0] == ("expired" if what == "late" else "withdrawn")


def test_a_card_names_the_town_and_the_ways_to_its_server(hall, settings):
    settings.PUBLIC_URL = "https://ecrans.example"
    card = card_of(hall, servers=["http://192.168.1.10:8000/", "https://ecrans.example"])
    assert card.servers == ("https://ecrans.example", "http://192.168.1.10:8000")
    assert services.open_enrolment(hall)[1].endswith(card.root)
    for wrong in ("ftp://x", "javascript:alert(1)", "http://user@host", "http://host/path"):
        with pytest.raises(ValidationError):
            card_of(hall, servers=[wrong])


def test_cards_are_made_for_own_screens_only(hall, quay, district, charlie):
    charlie.is_limited_to_groups = True
    charlie.save()
    charlie.scope_groups.add(district)
    own, other = (quay, hall) if district in quay.groups.all() else (hall, quay)
    enrolment_cards.make_cards([own], days=1, user=charlie)
    with pytest.raises(NotPermitted):
        enrolment_cards.make_cards([own, other], days=1, user=charlie)
    card_of(other)
    assert {card.screen for card in enrolment_cards.cards_in_scope(charlie)} == {own}


def test_old_cards_are_forgotten(hall):
    card_of(hall)
    EnrolmentCard.objects.update(expires_at=timezone.now() - enrolment_cards.KEPT - dt.timedelta(days=1))
    card_of(hall)
    assert EnrolmentCard.objects.count() == 1


def test_forty_screens_are_added_from_a_list_of_names(full_hd, district):
    text = "\n".join(f"Quartier {number}; Rue {number}" for number in range(40)) + "\n\n Gare\tQuai 1"
    added = new_screens.add_screens(new_screens.read_new_screens(text), full_hd, [district], user=None)
    assert len(enrolment_cards.make_cards(added, days=3, user=None)) == 41
    assert (added[-1].name, added[-1].place, added[-1].slug) == ("Gare", "Quai 1", "gare")
    for wrong in ("Gare", "Neuf\nNeuf", "; sans nom", "x" * 81):
        with pytest.raises(ValidationError):
            new_screens.read_new_screens(wrong)
