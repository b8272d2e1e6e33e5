"""Authorities of the town: a server with a certificate of its own authority answers to a player that was told of it."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from beffroi_player.agent.transport import trusted_authorities
from beffroi_player.agent.transport.http_client import ServerClient


class Authority:
    """A certificate authority of a town."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = self._sign(self.name, self.key.public_key(), x509.BasicConstraints(True, None))
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def certify(self, folder: Path) -> Path:
        """Return the file of a key and a certificate for this machine."""
        key = ec.generate_private_key(ec.SECP256R1())
        host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        made = self._sign(name, key.public_key(), x509.BasicConstraints(False, None), host)
        path = folder / f"{made.serial_number}.pem"
        form = serialization.PrivateFormat.PKCS8
        path.write_bytes(
            key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
            + made.public_bytes(serialization.Encoding.PEM)
        )
        return path

    def _sign(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, *extensions: x509.ExtensionType
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        )  # fmt: skip
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self.key, hashes.SHA256())


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

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certify(tmp_path))
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
