"""Who counts as there: by what was received, and by what was fetched."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import uuid

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from beffroi_content.timeline import ClockState
from beffroi_content.wire.messages import REPORT, STATUS
from beffroi_content.wire.reports import ConnectionState, PlayerReport, PlayerStatus
from beffroi_server.alerts import receipts
from beffroi_server.alerts.models import Alert
from beffroi_server.delivery.inbound_queue import InboundMessage
from beffroi_server.fleet import inbound_messages, presence
from beffroi_server.fleet.models import Screen, ScreenState
from beffroi_server.fleet.presence import REACHABLE_WITHIN, PollLog, is_reachable
from beffroi_server.monitoring import screen_overview

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
JUST, LONG_AGO = NOW - dt.timedelta(seconds=5), NOW - REACHABLE_WITHIN - dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("online", "seen_at", "polled_at", "reachable"),
    [
        pytest.param(True, JUST, None, True, id="reports"),
        pytest.param(True, LONG_AGO, None, False, id="died with its broker: no will came"),
        pytest.param(True, LONG_AGO, JUST, True, id="broker frozen, polls"),
        pytest.param(True, LONG_AGO, LONG_AGO, False, id="neither any more"),
        pytest.param(False, JUST, None, False, id="the will came"),
        pytest.param(False, JUST, JUST - dt.timedelta(seconds=1), False, id="the will came after the last poll"),
        pytest.param(False, JUST, NOW, True, id="lost its broker and polls since"),
        pytest.param(True, NOW + dt.timedelta(hours=3), None, False, id="spoke before the clock was set back"),
        pytest.param(True, NOW + dt.timedelta(seconds=2), None, True, id="the writer's clock is ahead a little"),
        pytest.param(False, LONG_AGO, LONG_AGO + dt.timedelta(milliseconds=500), False, id="polled long ago"),
    ],
)
def test_a_player_is_there_by_what_came_last(online, seen_at, polled_at, reachable):
    assert is_reachable(ScreenState(online=online, seen_at=seen_at, polled_at=polled_at), NOW) is reachable


def test_a_player_that_never_came_is_not_there():
    assert not is_reachable(None, NOW)


def test_the_database_says_the_same(db, led):
    moments = (None, LONG_AGO, JUST, JUST + dt.timedelta(seconds=1), NOW + dt.timedelta(hours=3))
    kinds = list(itertools.product((True, False), moments, moments))
    rows = Screen.objects.bulk_create(
        Screen(slug=f"s{number}", name=f"S{number}", screen_class=led) for number in range(len(kinds) + 1)
    )
    states = [
        ScreenState(screen=screen, online=online, seen_at=seen_at, polled_at=polled_at)
        for screen, (online, seen_at, polled_at) in zip(rows, kinds, strict=False)
    ]
    ScreenState.objects.bulk_create(states)

    there = {state.screen_id for state in states if is_reachable(state, NOW)}

    assert set(Screen.objects.filter(presence.reachable_condition(NOW)).values_list("pk", flat=True)) == there
    assert 0 < len(there) < len(kinds)


@pytest.mark.django_db
class TestPolls:
    def test_are_written_together(self, hall, quay):
        ScreenState.objects.create(screen=hall, online=True)
        polls = PollLog()
        polls.note_poll(hall, LONG_AGO)
        polls.note_poll(hall, NOW)
        polls.note_poll(quay, NOW)
        assert (polls.write(), polls.write()) == (2, 0)
        assert set(ScreenState.objects.values_list("screen__slug", "online", "polled_at")) == {
            ("hall", True, NOW), ("quay", False, NOW),
        }  # fmt: skip

    def test_are_not_lost_where_the_database_is_locked(self, hall, monkeypatch):
        polls = PollLog()
        polls.note_poll(hall, NOW)
        with monkeypatch.context() as locked:
            locked.setattr(presence.transaction, "atomic", _fail)
            with pytest.raises(OperationalError):
                polls.write()
        assert polls.write() == 1

    def test_end_when_the_server_stops(self):
        stopping = threading.Event()
        stopping.set()
        PollLog().run_until(stopping)


def _fail() -> None:
    raise OperationalError("database is locked")


@pytest.mark.django_db
class TestARestart:
    """The server was off while a player died, and the broker hands out again what it retains of it."""

    @pytest.fixture
    def restarted(self, hall, keyring):
        hall.enrolled_at = LONG_AGO
        hall.save()
        birth = PlayerStatus(online=True, boot="b1", connection=4)
        said = [InboundMessage("hall", STATUS, birth), InboundMessage("hall", REPORT, report(8, LONG_AGO))]
        with transaction.atomic():
            inbound_messages.prepare_messages(said, LONG_AGO)()
        with transaction.atomic():
            inbound_messages.prepare_messages(said, NOW)()
        return hall

    def test_a_player_that_died_meanwhile_is_silent_on_every_page(self, restarted, monkeypatch):
        screen = Screen.objects.select_related("state").get()
        assert screen.state.seen_at == LONG_AGO
        assert not is_reachable(screen.state, NOW)
        overview = screen_overview.overview_all(NOW)[0]
        assert (overview.state, overview.silent_since) == ("offline", LONG_AGO)
        monkeypatch.setattr(timezone, "now", lambda: NOW)
        alert = Alert(pk=uuid.uuid4(), everywhere=True, settled=True, ends_at=NOW + dt.timedelta(hours=1))
        assert [each.state for each in receipts.receipts_of(alert)] == ["offline"]

    def test_it_is_there_again_with_the_first_thing_that_it_says_itself(self, restarted):
        said = [InboundMessage("hall", REPORT, report(9, NOW))]
        with transaction.atomic():
            inbound_messages.prepare_messages(said, NOW)()
        assert is_reachable(ScreenState.objects.get(), NOW)


def report(number: int, at: dt.datetime) -> PlayerReport:
    return PlayerReport(
        boot="b1",
        number=number,
        at_ms=round(at.timestamp() * 1000),
        clock=ClockState.TRUSTED,
        link=ConnectionState.LIVE,
    )  # fmt: skip
