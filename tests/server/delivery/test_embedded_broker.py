"""The broker inside the process, with real clients: who is let in, and where."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from tests.support.broker_visitor import Visitor
from tests.support.waiting import PATIENCE_S, free_port, until

from beffroi_content.wire.broker_accounts import client_identifier
from beffroi_server.delivery import broker_access
from beffroi_server.delivery.broker_access import RevocationWatch
from beffroi_server.delivery.embedded_broker import BrokerNotStarted, EmbeddedBroker
from beffroi_server.fleet import services as screens

pytestmark = pytest.mark.django_db(transaction=True)
SITE = "beffroi/1/saint-aubin"


@pytest.fixture
def password(keyring, hall) -> str:
    return screens.enrol_player(screens.open_enrolment(hall)[0])["mqtt"]["password"]


@pytest.fixture
def other(keyring, quay) -> str:
    return screens.enrol_player(screens.open_enrolment(quay)[0])["mqtt"]["password"]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def broker(password, other, port) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker("127.0.0.1", port, username="server", password="of the server")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def visit(port, broker) -> Iterator[Callable[..., Visitor]]:
    visitors: list[Visitor] = []

    def visit(*credentials: str | None, **values: str) -> Visitor:
        visitors.append(Visitor(port, *credentials, **values))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.leave()


class TestDoor:
    def test_is_open_for_an_enrolled_player(self, visit, password):
        assert visit("s-hall", password).connected

    @pytest.mark.parametrize(
        ("username", "given"),
        [
            (None, None),
            ("s-hall", ""),
            ("s-hall", "wrong"),
            ("hall", "OWN"),
            ("s-quay", "OWN"),
            ("server", "wrong"),
        ],
    )
    def test_is_closed_for_others(self, visit, password, username, given):
        assert not visit(username, password if given == "OWN" else given).connected

    def test_is_closed_for_a_player_that_was_sent_away(self, visit, password, hall):
        screens.revoke_player(hall)

        assert not visit("s-hall", password).connected

    def test_sends_away_at_the_next_look_whom_another_process_revoked(self, visit, broker, password, other, hall):
        watch = RevocationWatch()
        watch.look()
        player, kept = visit("s-hall", password), visit("s-quay", other)
        screens.revoke_player(hall)
        broker_access.follow_accounts(broker.end_former_connections)
        try:
            watch.look()
            until("it is sent away", player.lost.is_set)
        finally:
            broker_access.follow_accounts(None)

        assert not kept.lost.is_set()

    @pytest.mark.parametrize("of", ["quay", "nobody"])
    def test_is_closed_for_one_with_the_client_identifier_of_another(self, visit, password, other, of):
        assert not visit("s-hall", password, name=client_identifier(other if of == "quay" else "x")).connected

    def test_is_closed_for_one_whose_last_will_is_not_its_own(self, visit, password):
        assert not visit("s-hall", password, will=f"{SITE}/up/s-quay/status").connected
        assert not visit("s-hall", password, will=f"{SITE}/down/all/alerts").connected
        assert visit("s-hall", password, will=f"{SITE}/up/s-hall/status").connected


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
    def test_a_player_does_not_read_what_concerns_others(self, visit, password, topic):
        assert visit("s-hall", password).subscribe(topic) == [False]

    def test_a_player_speaks_for_itself_only(self, visit, password):
        server, player = visit("server", "of the server"), visit("s-hall", password)
        server.subscribe(f"{SITE}/#")

        for topic in ("up/s-quay/status", "up/s-hall/gossip", "up/s-hall/status/more", "down/all/alerts"):
            player.publish(f"{SITE}/{topic}", b"forged", retained=True)
        player.publish(f"{SITE}/up/s-hall/status", b"genuine")

        until("the server hears something", lambda: server.heard)
        assert server.heard == [(f"{SITE}/up/s-hall/status", b"genuine")]

    def test_what_is_retained_awaits_who_comes_later(self, visit, password):
        visit("server", "of the server").publish(f"{SITE}/down/all/alerts", b"set", retained=True)
        player = visit("s-hall", password)
        player.subscribe(f"{SITE}/down/all/alerts")

        until("the player hears something", lambda: player.heard)
        assert player.heard == [(f"{SITE}/down/all/alerts", b"set")]

    def test_what_is_retained_for_others_stays_with_them(self, visit, password, other):
        server, quay = visit("server", "of the server"), visit("s-quay", other)
        quay.subscribe(f"{SITE}/down/s-quay/programme")
        server.publish(f"{SITE}/down/s-quay/programme", b"for the quay", retained=True)
        server.publish(f"{SITE}/down/s-hall/programme", b"for the hall", retained=True)

        hall = visit("s-hall", password)
        hall.subscribe(f"{SITE}/down/s-hall/programme")

        until("the hall hears something", lambda: hall.heard)
        assert hall.heard == [(f"{SITE}/down/s-hall/programme", b"for the hall")]

    def test_what_is_too_large_is_not_read(self, visit, password):
        server, player = visit("server", "of the server"), visit("s-hall", password)
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
