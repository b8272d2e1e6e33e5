"""Undoing: fifteen minutes, once, by the same user; what others changed meanwhile stays."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from beffroi_server.accounts import undo
from beffroi_server.accounts.models import AuditEvent, UndoEntry

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def restored():
    """A kind of act of whose things only the even ones can be restored; returns those that were."""
    found: list[int] = []

    def restore(entry: UndoEntry, _user: object) -> int:
        even = [number for number in entry.data["numbers"] if number % 2 == 0]
        found.extend(even)
        return len(even)

    undo.register_undo("counted", describe=lambda entry: f"Counted {entry.count}.", restore=restore)
    yield found
    undo._kinds.pop("counted")


def record(user, *numbers: int) -> UndoEntry:
    entry = undo.record_undo(user, "counted", numbers, numbers=numbers)
    assert entry is not None
    return entry


def test_restores_and_says_so_in_the_trail(alice, restored):
    result = undo.undo_act(record(alice, 2, 4).pk, alice)
    assert (restored, str(result)) == ([2, 4], "Undone: Counted 2.")
    assert AuditEvent.objects.get(action="act-undone").detail == {"kind": "counted", "count": 2}


def test_says_what_was_changed_in_the_meantime(alice, restored):
    assert "1 was changed in the meantime" in str(undo.undo_act(record(alice, 2, 3).pk, alice))


def test_of_which_nothing_is_left_is_refused(alice, restored):
    with pytest.raises(undo.UndoRefused, match="all of it was changed"):
        undo.undo_act(record(alice, 3).pk, alice)


def test_happens_once(alice, restored):
    entry = record(alice, 2)
    undo.undo_act(entry.pk, alice)
    with pytest.raises(undo.UndoRefused, match="already been undone"):
        undo.undo_act(entry.pk, alice)
    assert restored == [2]


def test_is_over_after_fifteen_minutes(alice, restored):
    entry = record(alice, 2)
    UndoEntry.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    with pytest.raises(undo.UndoRefused, match="more than 15 minutes"):
        undo.undo_act(entry.pk, alice)
    assert undo.undoable_entries(alice) == []


def test_is_for_who_did_it(alice, bob, restored):
    with pytest.raises(undo.UndoRefused):
        undo.undo_act(record(alice, 2).pk, bob)


def test_keeps_a_bounded_number(alice, restored):
    for number in range(undo.MAX_UNDOABLE + 3):
        record(alice, number)
    assert UndoEntry.objects.count() == undo.MAX_UNDOABLE
    assert undo.undoable_entries(alice)[0].data == {"numbers": [undo.MAX_UNDOABLE + 2]}


def test_what_the_server_did_is_not_recorded(restored, db):
    assert undo.record_undo(None, "counted", [1]) is None


def test_what_is_over_is_deleted(alice, restored):
    record(alice, 2)
    UndoEntry.objects.update(expires_at=timezone.now() - dt.timedelta(hours=1))
    undo.delete_expired()
    assert not UndoEntry.objects.exists()
