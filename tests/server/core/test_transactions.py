"""Serialised transactions: who waits for them, and who does not."""

from __future__ import annotations

import threading

import pytest
from django.db import transaction
from tests.support.waiting import PATIENCE_S

from beffroi_server.core.transactions import counted_as_serialised, serialised, wait_for_serialised


@pytest.mark.django_db(transaction=True)
def test_what_runs_after_a_commit_does_not_wait_for_its_own_transaction():
    came = []
    with serialised():
        transaction.on_commit(lambda: came.append(wait_for_serialised(PATIENCE_S)))
        transaction.on_commit(lambda: came.append(wait_for_serialised(0)))
    assert came == [True, True]


def test_others_are_waited_for():
    begun, may_end = threading.Event(), threading.Event()

    def act() -> None:
        with counted_as_serialised():
            begun.set()
            may_end.wait(PATIENCE_S)

    other = threading.Thread(target=act)
    other.start()
    begun.wait(PATIENCE_S)
    assert not wait_for_serialised(0)
    may_end.set()
    other.join(PATIENCE_S)
    assert wait_for_serialised(0)
