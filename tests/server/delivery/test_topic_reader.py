"""The reader of somebody else's broker, with a real Mosquitto: passwords, TLS, a session that survives, limits."""

from __future__ import annotations

import datetime as dt
import getpass
import ipaddress
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from paho.mqtt import publish
from tests.support.scripted_broker import ScriptedBroker
from tests.support.waiting import free_port, listens, until

from beffroi_server.delivery import topic_reader
from beffroi_server.delivery.topic_reader import ForeignBroker, TopicReader

PATH = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
MOSQUITTO, PASSWORDS = shutil.which("mosquitto", path=PATH), shutil.which("mosquitto_passwd", path=PATH)
HERE = [ipaddress.ip_network("127.0.0.0/8")]
WRITER = {"username": "writer", "password": "w"}


@pytest.fixture(autouse=True)
def soon_again(monkeypatch):
    monkeypatch.setattr(topic_reader, "FIRST_PAUSE_S", 0.02)


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory) -> Iterator[tuple[int, int, str]]:
    """A broker with one port without TLS and one with it, and the certificate of its authority."""
    assert MOSQUITTO, "Mosquitto is not installed: run scripts/prepare test"
    folder = tmp_path_factory.mktemp("broker")
    certificate = _write_certificate(folder)
    plain, secure = free_port(), free_port()
    (folder / "passwords").touch(mode=0o600)
    for name, password in (("reader", "r"), ("writer", "w")):
        subprocess.run([PASSWORDS, "-b", str(folder / "passwords"), name, password], check=True, capture_output=True)
    (folder / "mosquitto.conf").write_text(
        f"listener {plain} 127.0.0.1\nlistener {secure} 127.0.0.1\ncertfile {folder}/server.pem\n"
        f"keyfile {folder}/key.pem\nallow_anonymous false\npassword_file {folder}/passwords\nuser {getpass.getuser()}\n"
    )
    process = subprocess.Popen([MOSQUITTO, "-c", str(folder / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    until("the broker listens", lambda: listens(plain) and listens(secure))
    yield plain, secure, certificate
    process.terminate()
    process.wait()


def _write_certificate(folder: Path) -> str:
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    text = made.public_bytes(serialization.Encoding.PEM).decode()
    (folder / "server.pem").write_text(text)
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return text


class Reading:
    """What a reader has taken in and noted, while it runs."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.noted: list[str] = []
        self.before: Callable[[bytes], None] = lambda _payload: None

    def take(self, payload: bytes) -> None:
        self.before(payload)
        self.taken.append(payload)

    @contextmanager
    def of(self, broker: ForeignBroker, networks=HERE) -> Iterator[None]:
        stopping = threading.Event()
        reader = TopicReader(broker, networks, self.take, self.noted.append)
        thread = threading.Thread(target=reader.run, args=(stopping,), daemon=True)
        thread.start()
        yield
        stopping.set()
        thread.join(10)
        assert not thread.is_alive()


def broker_at(port: int, name: str, **values: object) -> ForeignBroker:
    known = ForeignBroker("localhost", port, False, f"cap/{name}/#", f"client-{name}", "reader", "r")
    return replace(known, **values)


def say(port: int, name: str, *payloads: bytes) -> None:
    messages = [{"topic": f"cap/{name}/35", "payload": payload, "qos": 1} for payload in payloads]
    publish.multiple(messages, hostname="127.0.0.1", port=port, auth=WRITER)


def test_messages_come_over_tls_and_what_came_while_nobody_read_comes_later(mosquitto):
    plain, secure, certificate = mosquitto
    broker, reading = broker_at(secure, "tls", tls=True, certificates=certificate), Reading()
    with reading.of(broker):
        until("it is granted", lambda: "" in reading.noted)
        say(plain, "tls", b"one")
        until("it has come", lambda: reading.taken == [b"one"])
    say(plain, "tls", b"two", b"three")
    with reading.of(broker):
        until("they come", lambda: list(dict.fromkeys(reading.taken)) == [b"one", b"two", b"three"])


def test_what_could_not_be_taken_in_is_sent_again_and_much_waits_at_the_broker(mosquitto):
    plain, _, _ = mosquitto
    reading, failed = Reading(), threading.Event()

    def fail_once(_payload: bytes) -> None:
        if not failed.is_set():
            failed.set()
            raise OSError("the database is locked")

    reading.before = fail_once
    with reading.of(broker_at(plain, "again")):
        until("it is granted", lambda: "" in reading.noted)
        say(plain, "again", *(b"%d" % number for number in range(60)))
        until("all have come", lambda: len(set(reading.taken)) == 60)


def test_a_message_that_is_too_large_is_said_and_costs_no_other(mosquitto):
    plain, _, _ = mosquitto
    reading = Reading()
    with reading.of(broker_at(plain, "large", limit=1_000)):
        until("it is granted", lambda: "" in reading.noted)
        say(plain, "large", b"x" * 2_000)
        until("it is said", lambda: "too-large" in reading.noted)
        say(plain, "large", b"y" * 16_000_000)
        until("it connects anew", lambda: reading.noted.count("") == 2)
        say(plain, "large", b"small")
        until("it has come", lambda: reading.taken == [b"small"])


@pytest.mark.parametrize(
    ("values", "networks", "code"),
    [
        ({"password": "wrong"}, HERE, "login"), ({"tls": True}, HERE, "certificate"), ({}, [], "private"),
        ({"port": 1}, HERE, "unreachable"),
    ],
)  # fmt: skip
def test_what_keeps_a_broker_from_being_read_has_a_code(mosquitto, values, networks, code):
    reading = Reading()
    broker = broker_at(mosquitto[1] if values.get("tls") else mosquitto[0], f"no-{code}")
    with reading.of(replace(broker, **values), networks):
        until("it is said", lambda: reading.noted)
    assert set(reading.noted) == {code}


def test_a_topic_that_is_refused_is_said_and_asked_for_again():
    broker, reading = ScriptedBroker(forbidden="cap/"), Reading()
    with reading.of(broker_at(broker.port, "refused")):
        until("it is said", lambda: "topic" in reading.noted)
        broker.forbidden = "nothing"
        until("it is granted", lambda: "" in reading.noted)
    broker.close()
