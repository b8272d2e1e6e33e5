"""Tests of events between packages."""

from __future__ import annotations

import pytest
from django.db import transaction

from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.events import town_changed
from beffroi_server.accounts.models import Town
from beffroi_server.core.events import Event


def test_handlers_are_called_in_the_order_of_subscription():
    event: Event[str] = Event("changed")
    calls: list[tuple[str, str]] = []
    event.subscribe(lambda subject: calls.append(("first", subject)))
    event.subscribe(lambda subject: calls.append(("second", subject)))

    event.send("screen")

    assert calls == [("first", "screen"), ("second", "screen")]


def test_a_handler_that_is_subscribed_twice_is_called_once():
    event: Event[str] = Event("changed")
    calls: list[str] = []
    event.subscribe(calls.append)
    event.subscribe(calls.append)

    event.send("screen")

    assert calls == ["screen"]


def test_an_event_without_handlers_does_nothing():
    Event("changed").send(None)


def test_the_error_of_a_handler_reaches_the_sender_and_later_handlers_are_not_called():
    event: Event[str] = Event("changed")
    calls: list[str] = []

    def fail(_subject: str) -> None:
        raise ValueError("no")

    event.subscribe(fail)
    event.subscribe(calls.append)

    with pytest.raises(ValueError, match="no"):
        event.send("screen")
    assert calls == []


def test_events_know_their_name():
    assert repr(Event("screen-changed")) == "Event('screen-changed')"


@pytest.mark.django_db(transaction=True)
def test_a_change_whose_effects_fail_is_not_stored(town, monkeypatch):
    def fail(_town: Town) -> None:
        raise RuntimeError("the programmes cannot be marked")

    monkeypatch.setattr(town_changed, "_handlers", [fail])
    town.name = "Elsewhere"

    with pytest.raises(RuntimeError):
        accounts.update_town(town, user=None)

    assert Town.objects.get().name == "Saint-Aubin"


@pytest.mark.django_db(transaction=True)
def test_handlers_run_inside_the_transaction_of_the_change(town, monkeypatch):
    inside: list[bool] = []
    monkeypatch.setattr(
        town_changed, "_handlers", [lambda _town: inside.append(transaction.get_connection().in_atomic_block)]
    )

    accounts.update_town(town, user=None)

    assert inside == [True]
