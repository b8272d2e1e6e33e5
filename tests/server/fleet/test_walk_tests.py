"""Test cards and walk tests: what is sent to which screen, and what is kept of a round."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from beffroi_content.wire import envelope
from beffroi_content.wire.documents import CommandKind, ScreenCommand
from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import walk_tests
from beffroi_server.fleet.walk_models import WalkResult, WalkTest

pytestmark = pytest.mark.usefixtures("keyring", "english")


def commands() -> list[tuple[str, str, int, int]]:
    """Return screen, kind, seconds and number of the commands that were sent since the last call."""
    found = []
    for row in OutboxDocument.objects.filter(topic__endswith="/command").order_by("pk"):
        said = ScreenCommand.model_validate_json(envelope.parse_envelope(bytes(row.payload)).decode_body())
        found.append((row.topic.split("/")[-2], str(said.kind), said.seconds, said.number))
        row.delete()
    return found


def test_each_screen_shows_its_number_and_the_round_is_kept(hall, quay, charlie):
    test = walk_tests.start_walk([quay, hall], 5, user=charlie)
    shown = commands()
    assert sorted(number for *_rest, number in shown) == [1, 2]
    assert {(kind, seconds) for _screen, kind, seconds, _number in shown} == {(CommandKind.NUMBER, 300)}

    first, second = test.stops.all()
    walk_tests.note_result(first, WalkResult.WRONG, "  upside down ", user=charlie)
    walk_tests.note_result(first, WalkResult.SEEN, "", user=charlie)
    walk_tests.note_result(second, WalkResult.UNSEEN, "=no power", user=charlie)
    rows = list(walk_tests.result_rows(test))
    assert [row[3] for row in rows[1:]] == ["in order", "not seen"]
    assert rows[2][6] == str(charlie)
    assert AuditEvent.objects.filter(action="walk-test-noted").count() == 3
    counts = walk_tests.tests_in_scope(charlie).get()
    assert (counts.total, counts.noted, counts.faulty) == (2, 2, 1)

    walk_tests.end_walk(test, user=charlie)
    assert {seconds for _screen, _kind, seconds, _number in commands()} == {0}
    walk_tests.show_again(test, 10, user=charlie)
    assert {seconds for _screen, _kind, seconds, _number in commands()} == {600}
    assert WalkTest.objects.get().ended_at is None


def test_a_test_card_is_shown_and_ended(hall, charlie):
    walk_tests.show_test_card([hall], 15, user=charlie)
    walk_tests.show_test_card([hall], 0, user=charlie)
    assert [(kind, seconds) for _screen, kind, seconds, _ in commands()] == [("test-card", 900), ("test-card", 0)]


@pytest.mark.parametrize(("count", "minutes"), [(0, 5), (1, 61), (1, 0)])
def test_what_cannot_be_is_refused(hall, charlie, count, minutes):
    with pytest.raises(ValidationError):
        walk_tests.start_walk([hall] * count, minutes, user=charlie)
    assert commands() == []


def test_only_for_technicians_and_their_screens(hall, quay, district, alice, charlie):
    with pytest.raises(NotPermitted):
        walk_tests.show_test_card([hall], 1, user=alice)
    test = walk_tests.start_walk([hall, quay], 1, user=None)
    charlie.is_limited_to_groups = True
    charlie.save()
    charlie.scope_groups.add(district)
    assert test not in walk_tests.tests_in_scope(charlie)


def test_the_pages_lead_through_a_round(client, hall, charlie):
    client.force_login(charlie)
    begun = client.post("/walk-tests/", {"kind": "walk", "where": "chosen", "screens": [hall.pk], "minutes": 5})
    page = begun["Location"]
    assert client.post(f"{page}1/", {"result": "wrong", "note": "dark"})["Location"].endswith("#stop-1")
    assert client.post(f"{page}1/", {"result": "nonsense"}).status_code == 404
    assert b"dark" in client.get(page).content
    assert b"dark" in b"".join(client.get(f"{page}results.csv").streaming_content)
    card = {"kind": "card", "where": "chosen", "minutes": 5}
    assert client.post("/walk-tests/", card).status_code == 422
    assert client.post("/walk-tests/", card | {"screens": [hall.pk]}).status_code == 302
    assert client.get("/walk-tests/").status_code == 200


def test_a_round_goes_to_all_screens_of_whoever_makes_it_unless_some_are_chosen(client, hall, quay, district, charlie):
    district.screens.set([quay])
    client.force_login(charlie)
    usual = {name: client.get("/walk-tests/").context["form"][name].value() for name in ("kind", "where", "minutes")}

    client.post("/walk-tests/", usual)
    assert {stop.screen for stop in WalkTest.objects.first().stops.all()} == {hall, quay}
    charlie.is_limited_to_groups = True
    charlie.save()
    charlie.scope_groups.add(district)
    client.post("/walk-tests/", usual)
    assert {stop.screen for stop in WalkTest.objects.first().stops.all()} == {quay}
