"""The MQTT client against a scripted broker, which says byte by byte what a broker of MQTT 3.1.1 may say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from tests.support.player_harness import until
from tests.support.scripted_broker import DOWN, UP, ScriptedBroker, text
from tests.support.signing_town import PASSWORD, SCREEN, TOKEN, SigningTown

from beffroi_content.trust import TrustState, concerned_topics
from beffroi_content.wire.broker_accounts import client_identifier
from beffroi_content.wire.messages import PLAYS, RECEIPTS, SCREENSHOT, STATUS
from beffroi_content.wire.reports import PlayerStatus
from beffroi_content.wire.topics import Topic
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.transport import mqtt_client, subscriptions
from beffroi_player.agent.transport.mqtt_client import (
    ConnectionHistory,
    PlayerMqttClient,
    broker_host,
)


class ConnectedClient:
    """A client of that broker, and what it has called."""

    def __init__(self, town: SigningTown, broker: ScriptedBroker, groups: tuple[str, ...]) -> None:
        self.topics: Sequence[Topic] = concerned_topics(TrustState(anchor=town.anchor, groups=groups))
        self.received: list[ReceivedDocument] = []
        self.refused: list[tuple[str, str]] = []
        self.changes = 0
        self.client = PlayerMqttClient(
            town.enrolment(port=broker.port), "127.0.0.1", "start1", lambda: self.topics, self.received.append,
            lambda topic, reason: self.refused.append((topic, reason)), self._note_change,
        )  # fmt: skip

    def _note_change(self) -> None:
        self.changes += 1


@pytest.fixture
def town() -> SigningTown:
    return SigningTown()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a client come back at once."""
    monkeypatch.setattr(mqtt_client, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(mqtt_client, "LONGEST_RETRY_SECONDS", 0.01)


@pytest.fixture
def connected(town: SigningTown) -> Iterator[Callable[..., Any]]:
    """Return a context with a broker and a client that has subscribed to all topics."""

    @contextmanager
    def connect(
        groups: tuple[str, ...] = (), forbidden: str = "nothing"
    ) -> Iterator[tuple[ConnectedClient, ScriptedBroker]]:
        broker = ScriptedBroker(forbidden)
        player = ConnectedClient(town, broker, groups)
        player.client.start()
        try:
            until("no subscriptions", lambda: player.client.is_connected and player.client._subscriptions.is_answered)
            until("topics are missing", lambda: len(broker.topics) == len(player.topics))
            yield player, broker
        finally:
            player.client.stop()
            broker.close()

    return connect


# --- connecting


def test_keys_are_subscribed_to_first_and_every_topic_once(connected: Any) -> None:
    with connected(groups=("schools",)) as (player, broker):
        assert broker.topics == [str(topic) for topic in player.topics]
        assert broker.topics[0] == f"{DOWN}/all/keys"
        assert f"{DOWN}/g-schools/alerts" in broker.topics
        assert player.client.is_fully_subscribed
        assert player.client.history == ConnectionHistory(connected=1, lost=0)


def test_a_topic_that_is_refused_is_reported_and_the_connection_not_believed(connected: Any) -> None:
    with connected(groups=("schools",), forbidden="g-schools") as (player, _):
        assert player.client.is_connected
        assert not player.client.is_fully_subscribed
        refused = {topic for topic, _ in player.refused}
        assert refused == {f"{DOWN}/g-schools/{leaf}" for leaf in ("alerts", "scenarios")}


def test_a_topic_that_is_refused_for_a_moment_is_granted_later(connected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "FIRST_REFUSED_SECONDS", 0.01)
    with connected(forbidden="/alerts") as (player, broker):
        assert not player.client.is_fully_subscribed
        broker.forbidden = "nothing"
        until("it is not asked for again", lambda: player.client.is_fully_subscribed)
        assert player.client.history == ConnectionHistory(connected=1, lost=0)


def test_a_connection_on_which_topics_stay_refused_is_given_up(connected: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "LONGEST_REFUSED_SECONDS", 0.01)
    monkeypatch.setattr(subscriptions, "MAX_REFUSED_ROUNDS", 1)
    with connected(forbidden="/alerts") as (player, broker):
        until("it is believed", lambda: player.client.history.lost >= 1)
        broker.forbidden = "nothing"
        until("it does not come back", lambda: player.client.is_fully_subscribed)


def test_the_player_logs_in_with_its_account_and_leaves_a_will(connected: Any) -> None:
    with connected() as (_, broker):
        (login,) = broker.logins
        assert text(f"s-{SCREEN}") + text(PASSWORD) in login
        assert TOKEN.encode() not in login
        # Another client with the same identifier would push it off: nobody can guess it.
        assert text(client_identifier(PASSWORD)) in login
        assert len(client_identifier(PASSWORD)) == 23
        assert client_identifier("another password") != client_identifier(PASSWORD)
        assert text(f"{UP}/status") in login
        assert b'"online":false' in login


def test_it_says_that_it_is_online_and_at_its_end_that_it_is_not(connected: Any) -> None:
    with connected() as (player, broker):
        until("no status", lambda: broker.messages("status"))
        player.client.stop()
        until("no goodbye", lambda: broker.goodbyes)
        statuses = [PlayerStatus.model_validate_json(payload) for payload in broker.messages("status")]
    assert [(status.online, status.boot, status.connection) for status in statuses] == [
        (True, "start1", 1),
        (False, "start1", 1),
    ]


def test_a_connection_that_is_lost_is_made_again_with_its_subscriptions(connected: Any) -> None:
    with connected() as (player, broker):
        count = len(broker.topics)
        broker.hang_up()
        until("it does not come back", lambda: player.client.history == ConnectionHistory(connected=2, lost=1))
        until("topics are missing", lambda: len(broker.topics) == 2 * count)
        until("no status", lambda: len(broker.messages("status")) == 2)
        last = PlayerStatus.model_validate_json(broker.messages("status")[-1])
        assert last.connection == 2


def test_topics_that_have_changed_are_subscribed_to_at_once(connected: Any, town: SigningTown) -> None:
    with connected() as (player, broker):
        count, changes = len(broker.topics), player.changes
        player.topics = concerned_topics(TrustState(anchor=town.anchor, groups=("schools",)))
        player.client.request_subscriptions()
        until("no subscriptions", lambda: len(broker.topics) == count + len(player.topics))
        until("nobody is told", lambda: player.changes > changes)
        assert f"{DOWN}/g-schools/alerts" in broker.topics[count:]
        assert broker.left == []
        player.topics = concerned_topics(TrustState(anchor=town.anchor, groups=()))
        player.client.request_subscriptions()
        until("the group is not left", lambda: f"{DOWN}/g-schools/alerts" in broker.left)
        assert all("/g-schools/" in topic for topic in broker.left)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_a_broker_that_refuses_the_login_is_asked_again_and_nothing_is_sent(town: SigningTown, code: int) -> None:
    broker = ScriptedBroker(code=code)
    player = ConnectedClient(town, broker, ())
    player.client.start()
    try:
        until("it gives up", lambda: len(broker.logins) >= 2)
        assert not player.client.is_connected
        assert not player.client.publish(RECEIPTS, b"{}")
        assert broker.topics == []
    finally:
        player.client.stop()
        broker.close()


def test_nothing_waits_for_the_acknowledgement_of_something_else(
    connected: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[socket.socket] = []
    connect = socket.create_connection

    def recorded(*how: Any, **more: Any) -> socket.socket:
        opened.append(connect(*how, **more))
        return opened[-1]

    monkeypatch.setattr(socket, "create_connection", recorded)
    with connected():
        assert opened[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


# --- receiving


@pytest.mark.parametrize("retained", [False, True])
def test_a_document_is_live_unless_the_broker_had_retained_it(connected: Any, retained: bool) -> None:
    with connected() as (player, broker):
        broker.send(f"{DOWN}/all/beat", b"payload", retained=retained)
        until("nothing comes", lambda: player.received)
        (document,) = player.received
        assert (document.topic, document.payload, document.live) == (f"{DOWN}/all/beat", b"payload", not retained)


def test_a_retained_message_that_was_deleted_says_nothing(connected: Any) -> None:
    with connected() as (player, broker):
        broker.send(f"{DOWN}/all/alerts", b"")
        broker.send(f"{DOWN}/all/alerts", b"next")
        until("nothing comes", lambda: player.received)
        assert [document.payload for document in player.received] == [b"next"]


def test_documents_come_in_their_order(connected: Any) -> None:
    with connected() as (player, broker):
        for number in range(50):
            broker.send(f"{DOWN}/all/alerts", str(number).encode())
        until("some are missing", lambda: len(player.received) == 50)
        assert [int(document.payload) for document in player.received] == list(range(50))


def test_whoever_fails_to_receive_one_document_gets_the_next(
    connected: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with connected() as (player, broker):
        taken: list[bytes] = []

        def receive(document: ReceivedDocument) -> None:
            if document.payload == b"bad":
                raise ValueError
            taken.append(document.payload)

        monkeypatch.setattr(player.client, "_receive", receive)
        broker.send(f"{DOWN}/all/alerts", b"bad")
        broker.send(f"{DOWN}/all/alerts", b"good")
        until("nothing comes", lambda: taken)
        assert taken == [b"good"]
        assert player.client.history.lost == 0
        assert "a message is lost" in caplog.text


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x30\xff\xff\xff\x7f", id="a packet of 256 MiB"),
        pytest.param(b"\x30\xff\xff\xff\xff\x01", id="a length of five bytes"),
        pytest.param(b"\x00\x00", id="a kind that does not exist"),
    ],
)
def test_a_broker_that_speaks_no_mqtt_is_hung_up_on(connected: Any, data: bytes) -> None:
    with connected() as (player, broker):
        broker.send_raw(data + b"x" * 1_000)
        until("it stays", lambda: player.client.history.lost == 1, 5)
        until("it does not come back", lambda: player.client.is_fully_subscribed)


# --- sending


@pytest.mark.parametrize("message", [RECEIPTS, PLAYS, SCREENSHOT, STATUS])
def test_a_message_is_sent_as_the_table_declares_it(connected: Any, message: Any) -> None:
    with connected() as (player, broker):
        until("no status", lambda: broker.published)
        broker.published.clear()
        assert player.client.publish(message, b"payload")
        until("nothing is sent", lambda: broker.published)
        assert broker.published == [(f"{UP}/{message.leaf}", b"payload", message.quality, message.retained)]


def test_whoever_asks_is_told_once_the_broker_has_a_message(connected: Any) -> None:
    with connected() as (player, _):
        acknowledged = threading.Event()
        assert player.client.publish(PLAYS, b"{}", acknowledged.set)
        assert acknowledged.wait(10)


def test_without_an_acknowledgement_nobody_is_told(connected: Any) -> None:
    with connected() as (player, broker):
        broker.acknowledges = False
        told: list[str] = []
        assert player.client.publish(PLAYS, b"{}", lambda: told.append("plays"))
        until("nothing is sent", lambda: broker.messages("plays"))
        broker.hang_up()
        until("it does not come back", lambda: player.client.history.connected == 2)
        assert told == []


def test_without_a_connection_a_message_is_dropped(town: SigningTown) -> None:
    broker = ScriptedBroker()
    broker.close()
    player = ConnectedClient(town, broker, ())
    player.client.start()
    try:
        assert not player.client.publish(RECEIPTS, b"{}")
    finally:
        player.client.stop()
    assert player.client.history == ConnectionHistory(0, 0)


@pytest.mark.parametrize(("host", "expected"), [("", "town.example"), ("broker.example", "broker.example")])
def test_the_broker_is_on_the_host_of_the_server_unless_it_has_one(town: SigningTown, host: str, expected: str) -> None:
    address = town.enrolment().mqtt.replace(host=host)
    assert broker_host(address, "town.example") == expected
