"""Whom the server believes when it speaks TLS to others."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
from tests.support.private_authority import Authority
from tests.support.waiting import PATIENCE_S, until

from beffroi_server.core.tls import client_context
from beffroi_server.delivery.mqtt_client import MqttClient

CONNECT = 0x10
"""The first byte of the first packet of MQTT."""


@pytest.fixture
def authority() -> Authority:
    """One whose certificates lack the extensions that Python 3.13 asks for by itself."""
    return Authority("the town")


@pytest.fixture
def heard() -> list[bytes]:
    """What the first clients said that believed the server."""
    return []


@pytest.fixture
def port(authority: Authority, heard: list[bytes], tmp_path) -> Iterator[int]:
    listener = socket.create_server(("127.0.0.1", 0))
    context = authority.server_context(tmp_path)

    def listen() -> None:
        while True:
            try:
                plain, _address = listener.accept()
            except OSError:
                return
            plain.settimeout(PATIENCE_S)
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    heard.append(connection.recv(1))
            except OSError:
                plain.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(PATIENCE_S)


def speak(port: int, context: ssl.SSLContext) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(b"x")


def test_the_authorities_of_the_town_are_believed_beside_those_of_the_machine(port, authority, settings, heard):
    with pytest.raises(ssl.SSLCertVerificationError):
        speak(port, client_context())
    settings.AUTHORITIES = (Authority("another").pem, authority.pem)
    speak(port, client_context())
    until("nothing was said", lambda: heard == [b"x"])
    assert client_context().cert_store_stats()["x509_ca"] >= 2


def test_certificates_that_are_named_count_alone(port, authority, settings):
    settings.AUTHORITIES = (authority.pem,)
    with pytest.raises(ssl.SSLCertVerificationError):
        speak(port, client_context(Authority("another").pem))
    speak(port, client_context(authority.pem))


def test_the_broker_of_the_server_is_one_that_the_town_vouches_for(port, authority, settings, heard):
    settings.AUTHORITIES = (authority.pem,)
    client = MqttClient("127.0.0.1", port, tls=True)
    client.start()
    try:
        until("it is not believed", lambda: heard and heard[0][0] == CONNECT)
    finally:
        client.stop()
