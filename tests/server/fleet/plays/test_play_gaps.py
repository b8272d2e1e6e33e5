"""How far the server has the plays of a screen: kept batch by batch, in whatever order they come."""

from __future__ import annotations

import json
import random

import pytest
from django.urls import include, path
from django.utils import timezone

from beffroi_content.wire.plays import MOST_RANGES, HeldPlays
from beffroi_server.core import row_writes
from beffroi_server.delivery.inbound_queue import InboundQueue
from beffroi_server.fleet import services
from beffroi_server.fleet.models import ScreenState
from beffroi_server.fleet.play_models import PlayRecord
from beffroi_server.fleet.plays.play_gaps import MAX_RANGES, PlayGaps, to_ranges

urlpatterns = [path("device/v1/", include("beffroi_server.device_api.urls"))]


def plays(*numbers: int, lost: tuple[tuple[int, int], ...] = ()) -> tuple[str, bytes]:
    said = [{"number": n, "slide": "pool", "started_at_ms": 1, "lasted_ms": 1, "clock": "trusted", "ended": "time"}
            for n in numbers]  # fmt: skip
    return "beffroi/1/saint-aubin/up/s-hall/plays", json.dumps({"plays": said, "lost": lost}).encode()


@pytest.fixture
def ingest(hall) -> InboundQueue:
    hall.enrolled_at = timezone.now()
    hall.save()
    return InboundQueue("saint-aubin")


def ledger() -> PlayGaps:
    return ScreenState.objects.get(screen__slug="hall").play_gaps


# --- the arithmetic


def test_numbers_are_told_in_rows():
    assert to_ranges([7, 1, 2, 3, 9, 8]) == [(1, 3), (7, 9)]
    assert to_ranges([]) == []


@pytest.mark.parametrize("seed", range(20))
def test_what_is_missing_is_what_did_not_come(seed):
    chance = random.Random(seed)
    there: set[int] = set()
    found = PlayGaps()
    for _ in range(60):
        first = chance.randint(1, 300)
        row = range(first, first + chance.randint(1, 20))
        there |= set(row)
        found = found.with_ranges([(row[0], row[-1])])
        missing = {number for a, b in found.missing for number in range(a, b + 1)}
        assert found.newest == max(there)
        assert missing == set(range(1, max(there))) - there
        assert list(found.missing) == to_ranges(missing)


def test_more_gaps_than_are_remembered_are_joined_and_come_to_an_end():
    found = PlayGaps()
    for number in range(2, 10 * MAX_RANGES, 2):
        found = found.with_ranges([(number, number)])
    assert len(found.missing) == MAX_RANGES
    assert found.missing[0] == (1, 1)
    for first, last in found.missing:
        assert first % 2 == last % 2 == 1
    found = found.with_ranges([(1, 10 * MAX_RANGES)])
    assert found == PlayGaps(10 * MAX_RANGES)


def test_a_player_is_told_of_a_few_gaps_at_a_time():
    found = PlayGaps().with_ranges([(number, number) for number in range(2, 100, 2)])
    assert len(found.to_wire().missing) == MOST_RANGES
    assert found.to_wire().missing[0] == (1, 1)


# --- what comes in


def test_batches_out_of_order_and_twice_leave_nothing_missing(ingest):
    ingest.write_batch([plays(1, 2)])
    ingest.write_batch([plays(5, 6), plays(9)])
    assert ledger() == PlayGaps(9, ((3, 4), (7, 8)))
    ingest.write_batch([plays(3, 4), plays(5, 6)])
    assert ledger() == PlayGaps(9, ((7, 8),))
    ingest.write_batch([plays(7, 8)])
    assert ledger() == PlayGaps(9)
    assert PlayRecord.objects.count() == 9


def test_what_the_player_gave_up_is_asked_for_no_more(ingest):
    ingest.write_batch([plays(1, 9)])
    ingest.write_batch([plays(10, lost=((2, 5), (8, 8)))])
    assert ledger() == PlayGaps(10, ((6, 7),))
    ingest.write_batch([plays(lost=((11, 20),))])
    assert ledger() == PlayGaps(20, ((6, 7),))


def test_numbers_that_no_column_holds_are_left_out(ingest):
    ingest.write_batch([plays(1, lost=((9, 3),)), plays(2, 2**63), plays(3, lost=((5, 2**70),))])
    assert ledger() == PlayGaps(2)


def test_a_batch_that_is_not_written_is_not_taken_for_written(ingest, monkeypatch):
    ingest.write_batch([plays(1)])

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(row_writes, "insert_new_rows", fails)
        ingest.write_batch([plays(2)])
    ingest.write_batch([plays(3)])
    assert ledger() == PlayGaps(3, ((2, 2),))


def test_the_reason_of_the_end_is_kept(ingest):
    ingest.write_batch([plays(1)])
    assert PlayRecord.objects.get().ended == "time"


# --- what the player is told


@pytest.mark.urls(__name__)
@pytest.mark.usefixtures("keyring")
def test_a_player_that_fetches_documents_hears_what_is_missing_even_if_nothing_else_is_new(client, hall):
    token = services.enrol_player(services.open_enrolment(hall)[0])["token"]
    headers = {"Authorization": f"Bearer {token}"}
    first = client.get("/device/v1/documents", headers=headers)
    assert HeldPlays.model_validate_json(first["Beffroi-Plays"]) == HeldPlays()

    InboundQueue("saint-aubin").write_batch([plays(1, 4)])
    again = client.get("/device/v1/documents", headers=headers | {"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    assert HeldPlays.model_validate_json(again["Beffroi-Plays"]) == HeldPlays(newest=4, missing=((2, 3),))


@pytest.mark.urls(__name__)
@pytest.mark.usefixtures("keyring")
def test_to_say_what_is_missing_takes_one_row_however_many_plays_there_are(client, hall, django_assert_max_num_queries):
    token = services.enrol_player(services.open_enrolment(hall)[0])["token"]
    InboundQueue("saint-aubin").write_batch([plays(*range(1, 201))])
    with django_assert_max_num_queries(8) as asked:
        client.get("/device/v1/documents", headers={"Authorization": f"Bearer {token}"})
    assert not [query for query in asked.captured_queries if "screens_play" in query["sql"].replace("plays_", "")]
