"""Who counts as there: by what was received, and by what was fetched."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import OperationalError

from beffroi_server.fleet import presence
from beffroi_server.fleet.models import ScreenState
from beffroi_server.fleet.presence import REACHABLE_WITHIN, PollLog, is_reachable

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
        pytest.param(False, LONG_AGO, LONG_AGO + dt.timedelta(milliseconds=500), False, id="polled long ago"),
    ],
)
def test_a_player_is_there_by_what_came_last(online, seen_at, polled_at, reachable):
    assert is_reachable(ScreenState(online=online, seen_at=seen_at, polled_at=polled_at), NOW) is reachable


def test_a_player_that_never_came_is_not_there():
    assert not is_reachable(None, NOW)


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
