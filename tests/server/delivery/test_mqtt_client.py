"""The server's MQTT client: brokers that refuse, that do not answer, and that hang up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.scripted_broker import ScriptedBroker
from tests.support.waiting import until

from beffroi_server.delivery import mqtt_client
from beffroi_server.delivery.mqtt_client import MqttClient, ReconnectPauses

FILTERS = (("beffroi/1/town/up/+/receipts", 1), ("beffroi/1/town/up/+/report", 1))


@pytest.fixture
def broker() -> Iterator[ScriptedBroker]:
    broker = ScriptedBroker()
    yield broker
    broker.close()


@pytest.fixture
def client(broker: ScriptedBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[MqttClient]:
    for name in ("FIRST_REFUSED_S", "LONGEST_REFUSED_S"):
        monkeypatch.setattr(mqtt_client, name, 0.02)
    client = MqttClient("127.0.0.1", broker.port)
    client.subscribe(FILTERS, lambda _topic, _payload: None)
    yield client
    client.stop()


def test_a_refused_subscription_is_asked_for_again_alone(broker: ScriptedBroker, client: MqttClient) -> None:
    broker.forbidden = "receipts"
    client.start()
    until("it is not known", lambda: client.refused_topics == {FILTERS[0][0]})
    until("it is not asked for again", lambda: broker.topics.count(FILTERS[0][0]) > 1)
    broker.forbidden = "nothing"
    until("it is not granted", lambda: not client.refused_topics)
    assert broker.topics.count(FILTERS[1][0]) == 1
    assert len(broker.logins) == 1


def test_subscriptions_that_stay_refused_end_the_connection(broker: ScriptedBroker, client: MqttClient) -> None:
    broker.forbidden = "receipts"
    client.start()
    until("the connection stays", lambda: len(broker.logins) > 1)
    assert broker.topics.count(FILTERS[0][0]) >= mqtt_client.MAX_REFUSED_ROUNDS
    broker.forbidden = "nothing"
    until("it is not granted", lambda: client.is_connected() and not client.refused_topics)


def test_nothing_of_a_lost_connection_goes_out_after_what_is_newer(broker: ScriptedBroker, client: MqttClient) -> None:
    topic = "beffroi/1/town/down/all/alerts"
    acknowledged: list[int] = []
    client.on_acknowledged(acknowledged.append)
    broker.acknowledges = False
    client.start()
    until("there is no connection", client.is_connected)
    client.publish(topic, b"older", quality=1, retained=True)
    until("nothing arrives", lambda: broker.published)

    client.on_connected(lambda: client.publish(topic, b"newer", quality=1, retained=True))
    broker.acknowledges = True
    broker.hang_up()
    until("there is no second connection", lambda: acknowledged)
    client.publish(topic, b"newest", quality=1, retained=True)
    until("it is not acknowledged", lambda: len(acknowledged) > 1)

    assert [payload for _topic, payload, _quality, _retained in broker.published] == [b"older", b"newer", b"newest"]


def test_an_answer_that_is_faster_than_the_question_counts(broker: ScriptedBroker) -> None:
    client = MqttClient("127.0.0.1", broker.port)
    is_connected, has_come, is_noted = threading.Event(), threading.Event(), threading.Event()
    client.on_connected(is_connected.set)
    client.start()
    assert is_connected.wait(10)
    ask, answer = client._client.subscribe, client._client.on_subscribe

    def ask_slowly(*wanted: Any) -> Any:
        found = ask(*wanted)
        assert has_come.wait(10)
        return found

    def note(*values: Any) -> None:
        has_come.set()
        answer(*values)
        is_noted.set()

    client._client.subscribe, client._client.on_subscribe = ask_slowly, note
    client.subscribe(FILTERS, lambda _topic, _payload: None)
    assert is_noted.wait(10)

    client._check_answered()

    assert client.refused_topics == frozenset()
    client.stop()


def test_a_broker_that_does_not_answer_has_not_granted(
    broker: ScriptedBroker, client: MqttClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt_client, "SUBACK_S", 0.02)
    broker.answers_subscriptions = False
    client.start()
    until("it is not known", lambda: client.refused_topics == {topic for topic, _quality in FILTERS})
    broker.answers_subscriptions = True
    until("it is not granted", lambda: not client.refused_topics)


class TestPauses:
    @pytest.fixture
    def line(self) -> Line:
        return Line()

    def test_grow_where_the_broker_hangs_up_and_begin_anew_after_a_good_connection(self, line: Line) -> None:
        pauses = [line.connect_for(0.5) for _ in range(10)]
        assert pauses == sorted(pauses)
        assert pauses[0] <= 2
        assert pauses[-1] == mqtt_client.LONGEST_PAUSE_S
        assert line.connect_for(mqtt_client.HELD_S) == 1

    def test_are_not_the_same_on_two_servers(self, line: Line) -> None:
        longest = [line.connect_for(0.5) for _ in range(10)][-1]
        line.share = 0.0
        assert line.connect_for(0.5) == longest / 2

    def test_never_let_an_alert_wait_long_for_a_broker_that_was_away(self, line: Line) -> None:
        line.connect_for(3_600)
        assert line.longest <= mqtt_client.LONGEST_SEARCH_S


class Line:
    """A connection that lasts as long as a test says."""

    def __init__(self) -> None:
        self.seconds, self.share, self.longest = 0.0, 1.0, 0
        self.pauses = ReconnectPauses(lambda: self.seconds, lambda: self.share)

    def connect_for(self, seconds: float) -> int:
        """Return the pause after a connection of so many seconds."""
        self.pauses.note_connected()
        self.seconds += seconds
        pause, self.longest = self.pauses.note_lost()
        return pause
