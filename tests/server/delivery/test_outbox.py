"""The outbox: sent at once, repaired after a crash, all of it again at every connection."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from tests.support.waiting import PATIENCE_S, free_port, listens, until

from beffroi_server.alerts import services as alerts
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import broker_files, outbox
from beffroi_server.delivery.models import OutboxDocument, TopicSequence
from beffroi_server.delivery.mqtt_client import MqttClient
from beffroi_server.delivery.outbox import OutboxPublisher
from beffroi_server.fleet import services as screens
from beffroi_server.fleet.device_credentials import broker_account, token_sha256
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.targets import EVERYWHERE
from beffroi_server.library import services as library
from beffroi_server.schedule import publication
from beffroi_server.schedule import services as programme


class FakeBroker:
    """Takes messages and acknowledges them when it is told to."""

    def __init__(self) -> None:
        self.up = True
        self.messages: list[tuple[str, bytes]] = []
        self.refused = 0
        self.retained: dict[str, bytes] = {}

    def publish(self, topic: str, payload: bytes, *, quality: int, retained: bool) -> int | None:
        if not self.up:
            self.refused += 1
            return None
        self.messages.append((topic, payload))
        if retained:
            self.retained[topic] = payload
        return len(self.messages)

    def acknowledge(self, sender: OutboxPublisher) -> None:
        for number in range(1, len(self.messages) + 1):
            sender.note_acknowledged(number)
        sender.process_events()

    @property
    def leaves(self) -> list[str]:
        return [topic.split("/down/")[1] for topic, _ in self.messages]


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


@pytest.fixture
def sender(broker, keyring) -> Iterator[OutboxPublisher]:
    sender = OutboxPublisher(broker)
    outbox.install_publisher(sender)
    yield sender
    outbox.install_publisher(None)


@pytest.fixture
def crashed(keyring) -> None:
    """No publisher runs: whatever is committed stays where it is."""
    outbox.install_publisher(None)


def flood() -> None:
    alerts.broadcast_alert(
        level="emergency", title="Flood", source="Town hall", targets=EVERYWHERE, duration_min=60, user=None
    )


def minute_passes(monkeypatch) -> None:
    now, monotonic = timezone.now() + dt.timedelta(minutes=1), time.monotonic() + 60
    monkeypatch.setattr(timezone, "now", lambda: now)
    monkeypatch.setattr(outbox.time, "monotonic", lambda: monotonic)


@pytest.mark.django_db(transaction=True)
class TestOutbox:
    def test_sends_at_once(self, broker, sender):
        flood()

        assert broker.leaves == ["all/alerts"]

    def test_notes_the_acknowledgement(self, broker, sender):
        flood()
        assert OutboxDocument.objects.get(topic__endswith="alerts").sent_at is None

        broker.acknowledge(sender)

        assert OutboxDocument.objects.get(topic__endswith="alerts").sent_at is not None

    def test_forgets_a_command_that_arrived(self, broker, sender, hall):
        screens.identify_screen(hall)
        broker.acknowledge(sender)

        assert not OutboxDocument.objects.filter(retained=False).exists()

    def test_an_acknowledgement_of_an_older_document_does_not_count_for_the_newer(self, broker, sender):
        flood()
        first = len(broker.messages)
        flood()

        sender.note_acknowledged(first)
        sender.process_events()

        assert OutboxDocument.objects.get(topic__endswith="alerts").sent_at is None

    def test_an_acknowledgement_may_come_before_the_note_of_sending(self, broker, sender):
        sender.note_acknowledged(1)
        sender.process_events()
        flood()
        sender.process_events()

        assert OutboxDocument.objects.get(topic__endswith="alerts").sent_at is not None

    def test_repairs_what_a_crash_left_behind(self, crashed, broker, monkeypatch):
        flood()
        sender = OutboxPublisher(broker)
        minute_passes(monkeypatch)

        assert sender.resend_unacknowledged() == 2
        broker.acknowledge(sender)
        assert set(broker.leaves) == {"all/keys", "all/alerts"}
        assert sender.resend_unacknowledged() == 0

    def test_repairs_what_was_sealed_after_the_clock_had_been_ahead(self, crashed, broker):
        flood()
        TopicSequence.objects.filter(topic__endswith="alerts").update(sequence=unix_ms(timezone.now()) + 3_600_000)
        flood()
        OutboxPublisher(broker).resend_unacknowledged()

        assert "all/alerts" in broker.leaves

    def test_leaves_alone_what_is_on_its_way(self, broker, sender):
        flood()
        sender.resend_unacknowledged()

        assert broker.leaves.count("all/alerts") == 1

    def test_sends_again_what_nobody_acknowledged(self, broker, sender, monkeypatch):
        flood()
        minute_passes(monkeypatch)
        sender.resend_unacknowledged()

        assert broker.leaves.count("all/alerts") == 2

    def test_does_not_send_a_command_that_is_too_old(self, crashed, broker, hall, monkeypatch):
        screens.identify_screen(hall)
        minute_passes(monkeypatch)
        OutboxPublisher(broker).resend_unacknowledged()

        assert broker.leaves == ["all/keys"]
        assert not OutboxDocument.objects.filter(retained=False).exists()

    def test_keeps_what_is_committed_while_there_is_no_connection(self, broker, sender, monkeypatch):
        broker.up = False
        flood()
        minute_passes(monkeypatch)
        assert sender.resend_unacknowledged() == 0

        broker.up = True
        assert sender.resend_unacknowledged() == 2

    def test_reads_no_programmes_while_there_is_no_connection(self, broker, sender, hall, quay, playlist,
                                                                               monkeypatch):  # fmt: skip
        publication.publish_due_programmes()
        minute_passes(monkeypatch)
        broker.up = False
        sender.resend_unacknowledged()

        assert broker.refused == 1

    def test_repairs_alerts_before_programmes(self, crashed, broker, hall, playlist, monkeypatch):
        publication.publish_due_programmes()
        flood()
        minute_passes(monkeypatch)
        OutboxPublisher(broker).resend_unacknowledged()

        assert broker.leaves == ["all/keys", "all/alerts", "s-hall/programme"]

    def test_sends_everything_at_each_connection_alerts_before_programmes(self, broker, sender, hall, playlist):
        publication.publish_due_programmes()
        flood()
        broker.acknowledge(sender)
        broker.messages.clear()

        sender.note_connected()
        sender.process_events()

        assert broker.leaves == ["all/keys", "all/alerts", "s-hall/programme"]

    def test_hands_out_few_at_once_so_that_an_alert_overtakes_many_programmes(self, broker, sender):
        later = timezone.now() + dt.timedelta(days=1)
        OutboxDocument.objects.bulk_create(
            OutboxDocument(topic=f"beffroi/1/saint-aubin/down/s-{number}/programme", sequence=1, payload=b"",
                           quality=1, retained=True, expires_at=later)
            for number in range(300)
        )  # fmt: skip
        waiting: list[int] = []

        def acknowledge_late(_timeout: float) -> set[int]:
            # Whoever asks has handed out what it wanted to: the broker takes a part of that.
            waiting.append(len(broker.messages) - sum(acknowledged))
            newest = range(sum(acknowledged) + 1, sum(acknowledged) + 21)
            acknowledged.append(20)
            return set(newest)

        acknowledged: list[int] = []
        sender._drain_events, drain = acknowledge_late, sender._drain_events  # type: ignore[method-assign]
        sender.send_all_retained()
        sender._drain_events = drain  # type: ignore[method-assign]

        assert len(broker.messages) == 301
        assert max(waiting) == outbox.BULK_WINDOW
        assert not OutboxDocument.objects.filter(topic__endswith="s-0/programme", sent_at=None).exists()

    def test_a_change_publishes_the_screens_that_it_concerns(self, broker, sender, hall, playlist, announcement):
        before = broker.leaves.count("s-hall/programme")
        library.save_announcement(announcement, user=None, title="La piscine ferme")

        assert broker.leaves.count("s-hall/programme") == before + 1
        hall.refresh_from_db()
        assert hall.programme_due_at is None
        assert b"piscine" not in broker.retained["beffroi/1/saint-aubin/down/s-hall/programme"]  # compressed
        manifest = publication.published_manifest(hall)
        assert manifest is not None
        assert [slide.name for slide in manifest.slides] == ["La piscine ferme"]

    def test_a_change_that_changes_nothing_publishes_nothing(self, broker, sender, hall, playlist):
        before = len(broker.messages)
        programme.save_rule(playlist.rules.get(), user=None)

        assert len(broker.messages) == before


# The real broker.


class Mosquitto:
    """A Mosquitto of our own, with the files that the server writes."""

    def __init__(self, folder: Path, port: int) -> None:
        self._configuration = folder / "mosquitto.conf"
        self._configuration.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous false\nuser root\n"
            f"password_file {folder}/passwords\nacl_file {folder}/access\n"
        )
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["/usr/sbin/mosquitto", "-c", str(self._configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until("the broker listens", lambda: listens(self.port))

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE_S)


@pytest.fixture
def mosquitto(keyring, hall, quay, tmp_path, settings) -> Iterator[Mosquitto]:
    settings.MQTT_PASSWORD = "of the server"
    for screen in (hall, quay):
        screen.token_sha256 = token_sha256(f"token of {screen.slug}")
        screen.save()
    broker_files.write_broker_files(tmp_path, "mosquitto")
    broker = Mosquitto(tmp_path, free_port())
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def link(mosquitto) -> Iterator[MqttClient]:
    link = MqttClient("127.0.0.1", mosquitto.port, username="server", password="of the server")
    yield link
    link.stop()


class Listener:
    """A client of the broker that keeps what it hears."""

    def __init__(self, port: int, screen: Screen, *filters: str) -> None:
        account = broker_account(screen)
        self.heard: list[tuple[str, bytes, float]] = []
        self.client = Client(CallbackAPIVersion.VERSION2, account.client_id)
        self.client.username_pw_set(account.username, account.password)
        self.ready = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe([(name, 1) for name in filters])
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = lambda _c, _d, m: self.heard.append((m.topic, m.payload, time.perf_counter()))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.ready.wait(PATIENCE_S)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def topics(self) -> set[str]:
        return {topic.split("/saint-aubin/")[1] for topic, _, _ in self.heard}


def serve(link: MqttClient, stopping: threading.Event) -> threading.Thread:
    sender = OutboxPublisher(link)
    link.on_connected(sender.note_connected)
    link.on_acknowledged(sender.note_acknowledged)
    outbox.install_publisher(sender)
    thread = threading.Thread(target=sender.run_until, args=(stopping,))
    thread.start()
    link.start()
    return thread


def test_no_message_waits_for_the_acknowledgement_of_another(link, monkeypatch):
    opened: list[socket.socket] = []
    connect = socket.create_connection

    def recorded(*how: Any, **more: Any) -> socket.socket:
        opened.append(connect(*how, **more))
        return opened[-1]

    monkeypatch.setattr(socket, "create_connection", recorded)
    link.start()
    until("the link is up", link.is_connected)

    assert opened[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.django_db(transaction=True)
class TestRealBroker:
    @pytest.fixture(autouse=True)
    def working(self, mosquitto, link) -> Iterator[None]:
        stopping = threading.Event()
        thread = serve(link, stopping)
        until("the link is up", link.is_connected)
        yield
        outbox.install_publisher(None)
        stopping.set()
        thread.join(PATIENCE_S)

    def test_an_alert_reaches_a_player_and_the_outbox_knows(self, mosquitto, hall):
        player = Listener(mosquitto.port, hall, "beffroi/1/saint-aubin/down/all/alerts")
        flood()

        until("the player hears of it", lambda: player.heard)
        alert = OutboxDocument.objects.filter(topic__endswith="alerts")
        until("its arrival is noted", lambda: alert.get().sent_at is not None)
        player.stop()

    def test_a_broker_that_lost_everything_gets_it_again(self, mosquitto, link, hall, playlist):
        flood()
        publication.publish_due_programmes()
        until("everything has arrived", lambda: not OutboxDocument.objects.filter(sent_at=None).exists())

        mosquitto.stop()
        until("the link is lost", lambda: not link.is_connected())
        mosquitto.start()

        player = Listener(
            mosquitto.port, hall,
            *(f"beffroi/1/saint-aubin/down/{stream}" for stream in ("all/keys", "all/alerts", "s-hall/programme")),
        )  # fmt: skip
        everything = {"down/all/keys", "down/all/alerts", "down/s-hall/programme"}
        until("the player has everything again", lambda: player.topics() == everything)
        player.stop()

    def test_the_files_keep_players_where_they_belong(self, mosquitto, hall, quay):
        player = Listener(mosquitto.port, hall, "#", "beffroi/1/saint-aubin/down/s-quay/command")
        screens.identify_screen(quay)
        player.client.publish("beffroi/1/saint-aubin/down/all/alerts", b"forged", 0, True)
        flood()

        until("the player hears of it", lambda: player.heard)
        assert all(payload != b"forged" for _, payload, _ in player.heard)
        assert not any("s-quay" in topic for topic in player.topics())
        player.stop()

    def test_what_players_say_is_heard(self, mosquitto, link, hall):
        heard: list[tuple[str, bytes]] = []
        link.subscribe(
            (("beffroi/1/saint-aubin/up/+/status", 1),), lambda topic, payload: heard.append((topic, payload))
        )
        player = Listener(mosquitto.port, hall, "beffroi/1/saint-aubin/down/all/beat")

        def say() -> bool:
            player.client.publish("beffroi/1/saint-aubin/up/s-hall/status", b"{}", 1)
            return bool(heard)

        until("the server hears the player", say)
        player.stop()

    def test_a_callback_that_fails_does_not_end_the_link(self, link, mosquitto, caplog):
        answers: list[bytes] = []

        def fail(_topic: str, payload: bytes) -> None:
            answers.append(payload)
            raise RuntimeError("a fault in a callback")

        link.subscribe((("beffroi/1/saint-aubin/x", 0),), fail)

        def twice() -> bool:
            link.publish("beffroi/1/saint-aubin/x", b"again", quality=0, retained=False)
            return len(answers) > 1

        until("the link still works", twice)
        assert "a callback of the MQTT client failed" in caplog.text


def test_the_sequence_is_the_time_of_sealing(keyring):
    row = OutboxDocument.objects.get()

    assert abs(row.sequence - unix_ms(timezone.now())) < 60_000
