"""The broker inside the process, with real clients: who is let in, and where."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from tests.support.waiting import PATIENCE_S, free_port, until

from beffroi_server.delivery.embedded_broker import BrokerNotStarted, EmbeddedBroker
from beffroi_server.fleet import services as screens

pytestmark = pytest.mark.django_db(transaction=True)
SITE = "beffroi/1/saint-aubin"


class Visitor:
    """A client that knows what it was answered."""

    def __init__(self, port: int, username: str | None, password: str | None, name: str = "", will: str = "") -> None:
        self.client = Client(CallbackAPIVersion.VERSION2, name or f"x-{username}")
        if username is not None:
            self.client.username_pw_set(username, password)
        if will:
            self.client.will_set(will, b"dead", 1, True)
        self.answered = threading.Event()
        self.connected = False
        self.granted: list[int] = []
        self.subscribed = threading.Event()
        self.heard: list[tuple[str, bytes]] = []
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = lambda _c, _d, message: self.heard.append((message.topic, message.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.answered.wait(PATIENCE_S)

    def _on_connect(self, _client, _data, _flags, reason, _properties) -> None:
        self.connected = not reason.is_failure
        self.answered.set()

    def _on_subscribe(self, _client, _data, _number, reasons, _properties) -> None:
        self.granted = [reason.value for reason in reasons]
        self.subscribed.set()

    def subscribe(self, *topics: str) -> list[bool]:
        self.subscribed.clear()
        self.client.subscribe([(topic, 1) for topic in topics])
        assert self.subscribed.wait(PATIENCE_S)
        return [code < 0x80 for code in self.granted]

    def publish(self, topic: str, payload: bytes = b"x", *, retained: bool = False) -> None:
        self.client.publish(topic, payload, 1, retained).wait_for_publish(PATIENCE_S)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def token(keyring, hall) -> str:
    return screens.enrol_player(screens.open_enrolment(hall)[0])["token"]


@pytest.fixture
def other(keyring, quay) -> str:
    return screens.enrol_player(screens.open_enrolment(quay)[0])["token"]


@pytest.fixture
def port(token, other) -> Iterator[int]:
    port = free_port()
    broker = EmbeddedBroker("127.0.0.1", port, username="server", password="of the server")
    broker.start()
    yield port
    broker.stop()


@pytest.fixture
def visit(port) -> Iterator[Callable[..., Visitor]]:
    visitors: list[Visitor] = []

    def visit(*credentials: str | None, **values: str) -> Visitor:
        visitors.append(Visitor(port, *credentials, **values))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.leave()


class TestDoor:
    def test_is_open_for_an_enrolled_player(self, visit, token):
        assert visit("s-hall", token).connected

    @pytest.mark.parametrize(
        ("username", "password"),
        [
            (None, None),
            ("s-hall", ""),
            ("s-hall", "wrong"),
            ("hall", "TOKEN"),
            ("s-quay", "TOKEN"),
            ("server", "wrong"),
        ],
    )
    def test_is_closed_for_others(self, visit, token, username, password):
        assert not visit(username, token if password == "TOKEN" else password).connected

    def test_is_closed_for_a_player_that_was_sent_away(self, visit, token, hall):
        screens.revoke_player(hall)

        assert not visit("s-hall", token).connected

    def test_is_closed_for_one_who_bears_the_name_of_another(self, visit, token):
        assert not visit("s-hall", token, name="s-quay").connected
        assert visit("s-hall", token, name="s-hall").connected

    def test_is_closed_for_one_whose_last_will_is_not_its_own(self, visit, token):
        assert not visit("s-hall", token, will=f"{SITE}/up/s-quay/status").connected
        assert not visit("s-hall", token, will=f"{SITE}/down/all/alerts").connected
        assert visit("s-hall", token, will=f"{SITE}/up/s-hall/status").connected


class TestRooms:
    def test_a_player_reads_what_concerns_it(self, visit, other):
        streams = ("all/keys", "all/alerts", "all/beat", "g-harbour/alerts", "s-quay/programme", "s-quay/command")

        assert all(visit("s-quay", other).subscribe(*(f"{SITE}/down/{stream}" for stream in streams)))

    @pytest.mark.parametrize(
        "topic",
        [
            "#", "+/#", f"{SITE}/#", f"{SITE}/down/#", f"{SITE}/down/+/alerts", f"{SITE}/up/#",
            f"{SITE}/up/s-hall/report",
            f"{SITE}/down/s-quay/programme", f"{SITE}/down/g-harbour/alerts", f"{SITE}/down/g-harbour/#", "$SYS/#",
            "beffroi/1/elsewhere/down/all/alerts", f"{SITE}/down/all",
        ],
    )  # fmt: skip
    def test_a_player_does_not_read_what_concerns_others(self, visit, token, topic):
        assert visit("s-hall", token).subscribe(topic) == [False]

    def test_a_player_speaks_for_itself_only(self, visit, token):
        server, player = visit("server", "of the server"), visit("s-hall", token)
        server.subscribe(f"{SITE}/#")

        for topic in ("up/s-quay/status", "up/s-hall/gossip", "up/s-hall/status/more", "down/all/alerts"):
            player.publish(f"{SITE}/{topic}", b"forged", retained=True)
        player.publish(f"{SITE}/up/s-hall/status", b"genuine")

        until("the server hears something", lambda: server.heard)
        assert server.heard == [(f"{SITE}/up/s-hall/status", b"genuine")]

    def test_what_is_retained_awaits_who_comes_later(self, visit, token):
        visit("server", "of the server").publish(f"{SITE}/down/all/alerts", b"set", retained=True)
        player = visit("s-hall", token)
        player.subscribe(f"{SITE}/down/all/alerts")

        until("the player hears something", lambda: player.heard)
        assert player.heard == [(f"{SITE}/down/all/alerts", b"set")]

    def test_what_is_retained_for_others_stays_with_them(self, visit, token, other):
        server, quay = visit("server", "of the server"), visit("s-quay", other)
        quay.subscribe(f"{SITE}/down/s-quay/programme")
        server.publish(f"{SITE}/down/s-quay/programme", b"for the quay", retained=True)
        server.publish(f"{SITE}/down/s-hall/programme", b"for the hall", retained=True)

        hall = visit("s-hall", token)
        hall.subscribe(f"{SITE}/down/s-hall/programme")

        until("the hall hears something", lambda: hall.heard)
        assert hall.heard == [(f"{SITE}/down/s-hall/programme", b"for the hall")]

    def test_what_is_too_large_is_not_read(self, visit, token):
        server, player = visit("server", "of the server"), visit("s-hall", token)
        server.subscribe(f"{SITE}/up/+/plays")
        lost = threading.Event()
        player.client.on_disconnect = lambda *_: lost.set()

        player.client.publish(f"{SITE}/up/s-hall/plays", b"x" * 400_000, 0)

        assert lost.wait(PATIENCE_S)
        assert server.heard == []


def test_a_port_that_is_taken_is_named(keyring):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        with pytest.raises(BrokerNotStarted, match=str(port)):
            EmbeddedBroker("127.0.0.1", port, username="server", password="x").start()
