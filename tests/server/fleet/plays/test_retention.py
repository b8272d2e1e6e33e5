"""Plays are kept for the months that the town says; what is left is still a whole log."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone

from beffroi_content.wire.plays import FIRST_CHAIN, Play, chain_digest
from beffroi_server.__main__ import main
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import AuditEvent, Town
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery.inbound_queue import InboundQueue
from beffroi_server.fleet.models import ReceiptRecord, RetentionMark, Screen, ScreenState
from beffroi_server.fleet.play_models import ContentDay, DailyPlays, ScreenDay
from beffroi_server.fleet.play_models import PlayRecord as Kept
from beffroi_server.fleet.plays import play_audit, retention

WEEK = dt.timedelta(weeks=1)
BEGIN = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class Log:
    """What the player of a screen says: plays one after the other, each chained to the one before."""

    def __init__(self, screen: Screen) -> None:
        Screen.objects.filter(pk=screen.pk).update(enrolled_at=timezone.now())
        self.topic = f"beffroi/1/saint-aubin/up/s-{screen.slug}/plays"
        self.said: list[Play] = []
        self._ingest = InboundQueue("saint-aubin")

    def add(self, count: int, started_at_ms: int = 0) -> None:
        for _ in range(count):
            play = Play(number=len(self.said) + 1, slide="pool", started_at_ms=started_at_ms, lasted_ms=1,
                        clock="trusted", ended="time")  # fmt: skip
            chain = chain_digest(self.said[-1].chain or "" if self.said else FIRST_CHAIN, play)
            self.said.append(play.model_copy(update={"chain": chain}))

    def send(self, first: int, last: int) -> None:
        numbers = ",".join(play.model_dump_json() for play in self.said[first - 1 : last])
        self._ingest.write_batch([(self.topic, f'{{"plays": [{numbers}]}}'.encode())])

    def say(self, count: int, started_at_ms: int = 0) -> None:
        self.add(count, started_at_ms)
        self.send(len(self.said) - count + 1, len(self.said))


@pytest.fixture
def log(hall: Screen) -> Log:
    return Log(hall)


@pytest.fixture
def months(town: Town, monkeypatch: pytest.MonkeyPatch) -> int:
    """Two months, so that the tests need not pass through years."""
    monkeypatch.setattr(retention, "BATCH_PAUSE_S", 0)
    town.plays_months = 2
    town.save()
    return 2


def weeks(count: int, log: Log | None = None, *, begin: dt.datetime = BEGIN, each: int = 3) -> dt.datetime:
    """Let weeks pass, with some plays in each; return the instant of the last round of forgetting."""
    for number in range(count):
        now = begin + number * WEEK
        if log is not None:
            log.say(each)
        retention.delete_expired_plays(now)
    return now


def numbers(screen: Screen) -> list[int]:
    return list(Kept.objects.filter(screen=screen).order_by("number").values_list("number", flat=True))


# --- how long


def test_two_years_and_a_month_unless_the_town_says_otherwise(town):
    assert town.plays_months == 25


@pytest.mark.parametrize(
    ("now", "months", "expected"),
    [
        ("2028-03-15", 25, "2026-02-15"),
        ("2028-02-29", 12, "2027-02-28"),
        ("2027-05-31", 3, "2027-02-28"),
        ("2027-12-31", 1, "2027-11-30"),
        ("2027-01-01", 1, "2026-12-01"),
        ("2027-12-31", 12, "2026-12-31"),
    ],
)
def test_months_are_those_of_the_calendar(now, months, expected):
    moment = dt.datetime.fromisoformat(f"{now}T08:30+00:00")
    assert retention.months_before(moment, months) == dt.datetime.fromisoformat(f"{expected}T08:30+00:00")


def test_what_is_younger_is_kept_and_what_is_older_by_more_than_a_week_is_not(log, hall, months):
    now = weeks(20, log)

    # Three plays a week came from ``BEGIN`` on; the note of a week counts the plays of that week.
    oldest = BEGIN + (numbers(hall)[0] - 1) // 3 * WEEK
    assert retention.months_before(now, months) < oldest <= retention.months_before(now, months) + WEEK


def test_what_the_server_had_before_it_took_notes_is_kept_as_long_as_what_comes_now(log, hall, months):
    log.say(50)
    weeks(9)
    assert numbers(hall)[0] == 1
    weeks(2, begin=BEGIN + 9 * WEEK)
    assert numbers(hall) == []


def test_the_clock_of_a_player_has_no_say(log, hall, months):
    for started_at_ms in (0, 4_000_000_000_000, 1, 253_402_300_799_000):
        log.say(1, started_at_ms)
        retention.delete_expired_plays(BEGIN)
    assert numbers(hall) == [1, 2, 3, 4]
    weeks(11, log)
    assert numbers(hall)[0] > 4


def test_a_clock_of_the_server_that_leaps_by_years_takes_what_two_weeks_would(log, hall, months):
    now = weeks(20, log)
    before = numbers(hall)

    retention.delete_expired_plays(now + 4000 * WEEK)
    retention.delete_expired_plays(now)

    assert numbers(hall) == before[6:]


def test_a_server_that_was_off_for_long_waits_until_it_has_seen_as_many_weeks(log, hall, months):
    now = weeks(4, log)
    weeks(4, begin=now + 100 * WEEK)
    assert numbers(hall)[0] == 1
    weeks(5, begin=now + 104 * WEEK)
    assert numbers(hall) == []


def test_marks_that_nobody_needs_go_too(log, months):
    Town.objects.update(alert_sets_months=months)
    weeks(30, log)
    assert RetentionMark.objects.count() < 12


def test_marks_stay_for_as_long_as_signed_alerts_do(log, months):
    weeks(30, log)
    assert RetentionMark.objects.count() == 30


# --- how


def test_a_round_takes_a_batch_of_each_screen_and_the_next_goes_on(hall, quay, months, monkeypatch):
    monkeypatch.setattr(retention, "BATCH_SIZE", 10)
    logs = Log(hall), Log(quay)
    for each in logs:
        each.say(25)
    now = weeks(9)
    later = now + 2 * WEEK

    assert [retention.delete_expired_plays(later) for _ in range(4)] == [20, 20, 10, 0]


def test_a_round_ends_after_so_many_batches(hall, quay, months, monkeypatch):
    monkeypatch.setattr(retention, "MAX_BATCHES", 1)
    for screen in (hall, quay):
        Log(screen).say(5)
    now = weeks(9)

    assert [retention.delete_expired_plays(now + 2 * WEEK) for _ in range(3)] == [5, 5, 0]


def test_a_round_ends_when_the_server_stops(hall, quay, months):
    for screen in (hall, quay):
        Log(screen).say(5)
    now = weeks(9)
    stopping = threading.Event()
    stopping.set()

    assert retention.delete_expired_plays(now + 2 * WEEK, stopping) == 5


def test_totals_of_those_days_go_too_and_the_sums_over_them(log, hall, months):
    for day in (BEGIN.date(), BEGIN.date() + 19 * WEEK):
        counted = {"day": day, "first_at": BEGIN, "last_at": BEGIN}
        DailyPlays.objects.create(screen=hall, content="media-3", **counted)
        ContentDay.objects.create(content="media-3", **counted)
        ScreenDay.objects.create(screen=hall, **counted)
    weeks(20, log)

    for model in (DailyPlays, ContentDay, ScreenDay):
        assert [row.day for row in model.objects.all()] == [BEGIN.date() + 19 * WEEK], model


def test_what_is_forgotten_does_not_come_back(log, hall, months):
    weeks(20, log)
    kept = numbers(hall)

    log.send(1, len(log.said))

    assert numbers(hall) == kept


def test_what_is_missing_below_is_asked_for_no_more(log, hall, months):
    log.add(9)
    log.send(1, 3)
    log.send(7, 9)
    weeks(8)
    assert ScreenState.objects.get(screen=hall).play_gaps.missing == ((4, 6),)
    weeks(3, begin=BEGIN + 8 * WEEK)
    assert ScreenState.objects.get(screen=hall).play_gaps.missing == ()


@pytest.mark.django_db(transaction=True)
def test_what_comes_while_something_is_forgotten_is_either_kept_or_forgotten(hall, months, monkeypatch):
    monkeypatch.setattr(retention, "BATCH_SIZE", 7)
    log = Log(hall)
    log.say(200)
    now = weeks(9)

    def say_again() -> None:
        try:
            for first in range(1, 200, 10):
                log.send(first, first + 9)
        finally:
            connection.close()

    thread = threading.Thread(target=say_again)
    thread.start()
    while retention.delete_expired_plays(now + 2 * WEEK):
        pass
    thread.join()
    log.say(5)

    assert numbers(hall) == [201, 202, 203, 204, 205]
    assert play_audit.audit_plays(hall).is_whole


def test_receipts_of_programmes_go_too_and_those_of_alerts_stay(log, hall, months):
    def receipt(sealed_at: dt.datetime, alert: str = "") -> ReceiptRecord:
        return ReceiptRecord.objects.create(
            screen=hall, stream="s-hall/programme", sequence=unix_ms(sealed_at), alert=alert, latency_ms=1,
            received_at=sealed_at, presented_at=sealed_at, frame="a" * 64, clock="trusted",
        )  # fmt: skip

    now = weeks(20, log)
    receipt(BEGIN)
    kept = {receipt(BEGIN, "flood"), receipt(now - 7 * WEEK)}
    retention.delete_expired_plays(now + WEEK)

    assert set(ReceiptRecord.objects.all()) == kept


# --- what is left


def test_what_is_left_is_whole_and_says_from_where_it_goes_on(log, hall, months):
    weeks(20, log)

    found = play_audit.audit_plays(hall)

    assert found.is_whole
    assert (found.count, found.begun) == (len(numbers(hall)), ())
    assert found.forgotten == numbers(hall)[0] - 1
    assert found.chain == log.said[found.forgotten - 1].chain


def test_a_log_of_which_nothing_is_left_goes_on_with_the_next_play(log, hall, months):
    log.say(5)
    weeks(11)
    assert (play_audit.audit_plays(hall).count, play_audit.audit_plays(hall).forgotten) == (0, 5)

    log.say(2)

    assert play_audit.audit_plays(hall).is_whole
    assert play_audit.audit_plays(hall).begun == ()


def test_the_oldest_that_is_left_cannot_be_changed_or_taken_out_unnoticed(log, hall, months):
    weeks(20, log)
    first = numbers(hall)[0]

    Kept.objects.filter(number=first).update(slide="another")
    assert play_audit.audit_plays(hall).broken == (first,)
    Kept.objects.filter(number__lte=first + 1).delete()
    assert play_audit.audit_plays(hall).missing == ((first, first + 1),)


def test_who_moves_the_beginning_breaks_the_chain(log, hall, months):
    weeks(20, log)
    first = numbers(hall)[0]

    Kept.objects.filter(number=first).delete()
    ScreenState.objects.update(plays_forgotten=first)

    assert play_audit.audit_plays(hall).broken == (first + 1,)


def test_the_command_says_what_was_forgotten(log, hall, months, capsys):
    weeks(20, log)

    assert main(["plays"]) == 0

    found = play_audit.audit_plays(hall)
    assert f"deleted by age: up to {found.forgotten}; the chain goes on from {found.chain}" in capsys.readouterr().out


# --- who says it


def test_who_changes_the_time_is_in_the_audit_trail(town, dora):
    town.plays_months = 13
    accounts.update_town(town, user=dora)

    event = AuditEvent.objects.filter(action="town-changed").latest("id")
    assert (event.actor, event.detail) == ("dora", {"model": "accounts.town", "changes": {"plays_months": [25, 13]}})
