"""Authorities of the town: a server with a certificate of its own authority answers to a player that was told of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from tests.support.private_authority import Authority

from beffroi_player.agent.transport import trusted_authorities
from beffroi_player.agent.transport.http_client import ServerClient


@pytest.fixture
def authority() -> Iterator[Authority]:
    yield Authority("town")
    trusted_authorities.believe(())


@pytest.fixture
def server(authority: Authority, tmp_path: Path) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    context = authority.server_context(tmp_path)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_nobody_is_believed_before_the_town_has_signed_it(server: str) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        ServerClient(server, "token").post_json("/x", {})


def test_old_and_new_authority_are_believed_together(authority: Authority, server: str) -> None:
    client = ServerClient(server, "token")
    trusted_authorities.believe((Authority("former").pem, authority.pem))
    assert client.post_json("/x", {}) == {}
    trusted_authorities.believe((Authority("another").pem,))
    with pytest.raises(requests.exceptions.SSLError):
        client.post_json("/x", {})


def test_a_damaged_certificate_takes_the_others_nothing(authority: Authority, server: str) -> None:
    trusted_authorities.believe(("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n", authority.pem))
    assert ServerClient(server, "token").post_json("/x", {}) == {}
