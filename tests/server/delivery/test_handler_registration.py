"""Tests of handlers of inbound messages: packages above register them, the queue calls them by batch."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import pytest

from beffroi_content.wire.messages import PLAYS, REPORT, STATUS
from beffroi_server.delivery import broker_access, inbound_queue
from beffroi_server.delivery.inbound_queue import BadMessage, InboundMessage, InboundQueue, StoreFunction

pytestmark = pytest.mark.django_db
SITE = "saint-aubin"


def status(screen: str = "hall", connection: int = 1) -> tuple[str, bytes]:
    body = {"online": True, "boot": "b", "connection": connection}
    return f"beffroi/1/{SITE}/up/s-{screen}/status", json.dumps(body).encode()


def plays() -> tuple[str, bytes]:
    return f"beffroi/1/{SITE}/up/s-hall/plays", b'{"plays": []}'


@pytest.fixture
def batches(monkeypatch) -> list[list[str]]:
    """The screens of each batch that the handler of this test was called with; no other handler is registered."""
    found: list[list[str]] = []

    def handle(messages: Sequence[InboundMessage], _now: dt.datetime) -> StoreFunction:
        return lambda: found.append([f"{each.screen}/{each.message.leaf}" for each in messages])

    monkeypatch.setattr(inbound_queue, "_handlers", {})
    inbound_queue.register_handler((STATUS, REPORT), handle)
    return found


def test_a_handler_is_called_once_for_a_batch_in_its_order(batches):
    assert InboundQueue(SITE).write_batch([status("quay"), status("hall"), status("quay", 2)]) == 3

    assert batches == [["quay/status", "hall/status", "quay/status"]]


def test_a_message_without_a_handler_is_refused(batches):
    with pytest.raises(BadMessage, match="no handler"):
        inbound_queue.parse_message(SITE, *plays())
    assert InboundQueue(SITE).write_batch([plays()]) == 0
    assert batches == []


def test_each_handler_gets_its_own_messages(batches):
    others: list[str] = []
    inbound_queue.register_handler(
        (PLAYS,), lambda messages, _now: lambda: others.extend(each.screen for each in messages)
    )

    InboundQueue(SITE).write_batch([status(), plays(), status("quay")])

    assert (batches, others) == ([["hall/status", "quay/status"]], ["hall"])


def test_the_server_subscribes_to_what_has_a_handler(batches):
    assert inbound_queue.topic_filters(SITE) == (
        (f"beffroi/1/{SITE}/up/+/status", STATUS.quality),
        (f"beffroi/1/{SITE}/up/+/report", REPORT.quality),
    )


def test_a_handler_that_fails_on_one_message_gets_the_others_alone(monkeypatch, caplog):
    stored: list[str] = []

    def handle(messages: Sequence[InboundMessage], _now: dt.datetime) -> StoreFunction:
        def store() -> None:
            if any(each.screen == "quay" for each in messages):
                raise RuntimeError("not this one")
            stored.extend(each.screen for each in messages)

        return store

    monkeypatch.setattr(inbound_queue, "_handlers", {})
    inbound_queue.register_handler((STATUS,), handle)

    assert InboundQueue(SITE).write_batch([status("hall"), status("quay"), status("square")]) == 2
    assert stored == ["hall", "square"]
    assert [record.getMessage() for record in caplog.records] == [
        "1 messages of quay were refused (unstorable): RuntimeError('not this one')"
    ]


def test_a_broker_without_a_registry_of_devices_says_so(monkeypatch):
    monkeypatch.setattr(broker_access, "_devices", None)

    with pytest.raises(LookupError, match="register_devices"):
        broker_access.registered_devices()
