"""A copied memory card is noticed, and a restart is not taken for one."""

from __future__ import annotations

import datetime as dt

import pytest

from beffroi_content.wire.reports import PlayerStatus
from beffroi_server.fleet import identity_watch
from beffroi_server.fleet.identity_watch import CLASH_HOLDS, IdentityWatch, has_clash, note_statuses
from beffroi_server.fleet.models import ScreenState

NOW = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)


def clashes(*said: tuple[str, int] | tuple[str, int, bool]) -> bool:
    watch = IdentityWatch()
    statuses = [
        PlayerStatus(boot=boot, connection=number, online=not gone) for boot, number, *gone in said
    ]  # fmt: skip
    return True in [watch.is_clash("hall", status) for status in statuses]


@pytest.mark.parametrize(
    ("said", "clash"),
    [
        pytest.param([("a", 1), ("a", 2), ("a", 3)], False, id="one player, bad line"),
        pytest.param([("a", 1), ("b", 1), ("c", 1)], False, id="restarts"),
        pytest.param([("a", 1), ("b", 1), ("a", 1)], False, id="the broker hands out an old status again"),
        pytest.param([("a", 5), ("b", 1), ("a", 4)], False, id="late, by another way"),
        pytest.param([("a", 1), ("b", 1), ("a", 1, True)], False, id="the will of the start before"),
        pytest.param([("a", 1), ("b", 1), ("a", 2)], True, id="a start that comes back"),
        pytest.param([("a", 1), ("b", 1), ("a", 1, True), ("b", 2), ("a", 2)], True, id="in turn, with wills"),
    ],
)
def test_two_players_come_in_turn(said, clash):
    assert clashes(*said) is clash


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(identity_watch, "_MAX_SCREENS", 3)
    watch = IdentityWatch()
    for screen in range(10):
        for boot in range(20):
            watch.is_clash(f"s{screen}", PlayerStatus(boot=f"b{boot}", connection=1, online=True))
    assert [len(starts) for starts in watch._starts.values()] == [8, 8, 8]


@pytest.mark.django_db
def test_it_is_written_down_at_most_once_a_minute_and_holds_for_a_while(hall, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(identity_watch, "watch", IdentityWatch())
    ScreenState.objects.create(screen=hall)
    statuses = [PlayerStatus(boot=boot, connection=1, online=True) for boot in ("a", "b")]
    with django_assert_num_queries(0):
        note_statuses(hall.pk, "hall", statuses, NOW)
    for number in range(2, 5):
        again = PlayerStatus(boot="ab"[number % 2], connection=number, online=True)
        note_statuses(hall.pk, "hall", [again], NOW + dt.timedelta(seconds=number))
    state = ScreenState.objects.get()
    assert state.clash_at == NOW + dt.timedelta(seconds=2)
    assert has_clash(state, NOW + CLASH_HOLDS)
    assert not has_clash(state, NOW + CLASH_HOLDS + dt.timedelta(minutes=1))
