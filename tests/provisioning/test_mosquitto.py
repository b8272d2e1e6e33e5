"""The rendered files, read by a real Mosquitto, against clients that try what they must not."""

import contextlib
import getpass
import queue
import shutil
import subprocess

import pytest
from paho.mqtt import client as mqtt
from tests.support.waiting import PATIENCE_S, free_port, listens, until

from beffroi_content.wire.limits import packet_limit
from beffroi_provisioning import mosquitto
from beffroi_provisioning.__main__ import main

SITE = "saint-aubin"
ROOT = f"beffroi/1/{SITE}"
PASSWORDS = {"server": "of the server", "s-hall": "of the hall", "s-market": "of the market"}
BROKER = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin")

needs_mosquitto = pytest.mark.skipif(BROKER is None, reason="Mosquitto is not installed")


def password_file(folder):
    path = folder / "passwords"
    path.write_text("".join(f"{user}:{password}\n" for user, password in PASSWORDS.items()))
    path.chmod(0o600)
    subprocess.run(["mosquitto_passwd", "-U", path], check=True)
    return path


def rendered(folder, port, *more):
    passwords = password_file(folder)
    given = ["mosquitto", "--site", SITE, "--out", folder, "--port", port, "--host", "127.0.0.1"]
    given += ["--password-file", passwords, "--persistence", folder, "--account", getpass.getuser(), *more]
    assert main([str(word) for word in given]) == 0
    return folder / "mosquitto.conf"


@contextlib.contextmanager
def started(configuration, port):
    with (configuration.parent / "log").open("w") as log:
        process = subprocess.Popen([BROKER, "-c", configuration], stderr=log, stdout=log)
    try:
        until("the broker listens, or has ended", lambda: listens(port) or process.poll() is not None)
        assert process.poll() is None, (configuration.parent / "log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    port = free_port()
    with started(rendered(tmp_path_factory.mktemp("broker"), port), port):
        yield port


class BrokerClient:
    """A client that keeps what it received."""

    def __init__(self, port, user=None, password=None):
        self.messages = queue.Queue()
        self.answers = queue.Queue()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        if user is not None:
            self.client.username_pw_set(user, PASSWORDS[user] if password is None else password)
        self.client.on_connect = lambda *answer: self.answers.put(str(answer[3]))
        self.client.on_subscribe = lambda *answer: self.answers.put("subscribed")
        self.client.on_publish = lambda *answer: self.answers.put(str(answer[3]))
        self.client.on_message = lambda client, data, message: self.messages.put((message.topic, message.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.answer = self.answers.get(timeout=PATIENCE_S)

    def subscribe(self, topic):
        self.client.subscribe(topic, 1)
        assert self.answers.get(timeout=PATIENCE_S) == "subscribed"

    def publish(self, topic, payload, *, retain=False):
        self.client.publish(topic, payload, 1, retain)
        return self.answers.get(timeout=PATIENCE_S)

    def received(self, number):
        return [self.messages.get(timeout=PATIENCE_S) for _ in range(number)]

    def disconnect(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def connect(port):
    with contextlib.ExitStack() as leaving:

        def connect(user=None, password=None):
            client = BrokerClient(port, user, password)
            leaving.callback(client.disconnect)
            return client

        yield connect


def test_the_broker_accepts_the_largest_packet_of_the_message_table():
    text = mosquitto.configuration_text(mosquitto.MosquittoSettings(site=SITE))
    assert f"\nmax_packet_size {packet_limit()}\n" in text


def test_a_comment_never_follows_a_value():
    text = mosquitto.configuration_text(mosquitto.MosquittoSettings(site=SITE))
    assert [line for line in text.splitlines() if "#" in line[1:] and not line.startswith("#")] == []


@pytest.mark.parametrize("wrong", ["Saint-Aubin", "a/b", "+", ""])
def test_a_site_that_is_no_identifier_is_refused(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["mosquitto", "--site", wrong, "--out", str(tmp_path)])
    assert "lower-case letters" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["0", "65536", "mqtt"])
def test_a_port_that_is_none_is_refused(wrong, tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["mosquitto", "--site", SITE, "--out", str(tmp_path), "--port", wrong])
    assert "65535" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_said_in_a_line(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["mosquitto", "--site", SITE, "--out", str(tmp_path / "file" / "folder")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@needs_mosquitto
def test_nobody_connects_without_a_name(connect):
    assert connect().answer == "Not authorized"


@needs_mosquitto
@pytest.mark.parametrize("password", ["of the market", ""])
def test_nobody_connects_with_a_wrong_password(connect, password):
    assert connect("s-hall", password).answer == "Not authorized"


@needs_mosquitto
def test_a_player_receives_what_is_for_all_for_groups_and_for_itself(connect):
    hall, server = connect("s-hall"), connect("server")
    hall.subscribe("#")
    told = ["down/all/keys", "down/all/alerts", "down/g-river/alerts", "down/s-hall/alerts", "down/s-hall/programme"]
    for leaf in told:
        assert server.publish(f"{ROOT}/{leaf}", leaf) in {"Success", "Granted QoS 0"}
    assert hall.received(len(told)) == [(f"{ROOT}/{leaf}", leaf.encode()) for leaf in told]


@needs_mosquitto
def test_a_player_receives_nothing_of_another_town_or_another_screen(connect):
    hall, market, server = connect("s-hall"), connect("s-market"), connect("server")
    hall.subscribe("#")
    hall.subscribe(f"{ROOT}/down/s-market/programme")
    hall.subscribe(f"{ROOT}/up/s-market/report")
    server.publish(f"{ROOT}/down/s-market/programme", "secret")
    market.publish(f"{ROOT}/up/s-market/report", "secret")
    server.publish("beffroi/1/elsewhere/down/all/alerts", "of another town")
    server.publish(f"{ROOT}/down/all/beat", "last")
    assert hall.received(1) == [(f"{ROOT}/down/all/beat", b"last")]


@needs_mosquitto
@pytest.mark.parametrize(
    "topic", ["down/all/alerts", "down/s-hall/programme", "down/s-market/alerts", "up/s-market/report", "up/all/report"]
)
def test_a_player_cannot_publish_for_anybody_else(connect, topic):
    forger, witness, server = connect("s-hall"), connect("server"), connect("server")
    witness.subscribe(f"{ROOT}/#")
    assert forger.publish(f"{ROOT}/{topic}", "forged", retain=True) == "Not authorized"
    server.publish(f"{ROOT}/down/all/beat", "last")
    assert witness.received(1) == [(f"{ROOT}/down/all/beat", b"last")]


@needs_mosquitto
def test_a_player_reports_to_the_server(connect):
    server, hall = connect("server"), connect("s-hall")
    server.subscribe(f"{ROOT}/up/+/report")
    assert hall.publish(f"{ROOT}/up/s-hall/report", "well") == "Success"
    assert server.received(1) == [(f"{ROOT}/up/s-hall/report", b"well")]


@needs_mosquitto
def test_a_burst_of_receipts_arrives_whole(connect):
    server, hall = connect("server"), connect("s-hall")
    server.subscribe(f"{ROOT}/up/+/receipts")
    for number in range(3_000):
        hall.client.publish(f"{ROOT}/up/s-hall/receipts", str(number), 1)
    assert [int(payload) for _, payload in server.received(3_000)] == list(range(3_000))


@needs_mosquitto
def test_what_is_retained_survives_a_restart_of_the_broker(tmp_path):
    port = free_port()
    configuration = rendered(tmp_path, port)
    with started(configuration, port):
        server = BrokerClient(port, "server")
        server.publish(f"{ROOT}/down/all/alerts", "flood", retain=True)
        server.disconnect()
    with started(configuration, port):
        hall = BrokerClient(port, "s-hall")
        hall.subscribe(f"{ROOT}/down/all/alerts")
        assert hall.received(1) == [(f"{ROOT}/down/all/alerts", b"flood")]
        hall.disconnect()
