"""Way to the server and the broker, step by step: name, address, connection, certificate, answer.

Whoever stands before a screen without new content wants to know whose fault it is: that of the machine, of the network
between, or of the server. Each step has a code of its own.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from beffroi_player.agent.transport import trusted_authorities

TIMEOUT_S = 5.0
_ANSWER_BYTES = 4096
_CERTIFICATE_TIMES = {9, 10}
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED."""
Result = TypeVar("Result")


class ReachProblem(Exception):
    """A step failed; ``code`` is one of the reasons of ``texts``."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True, slots=True)
class ReachFacts:
    """Whether one address is reached, and where the way ends if it is not."""

    service: str
    """``server`` or ``broker``."""
    address: str
    code: str = ""
    """Empty: it is reached."""
    detail: str = ""


def reach_server(url: str) -> ReachFacts:
    """Ask the server whether it is well, as a browser would. Takes ``TIMEOUT_S`` a step at most."""
    parts = urlsplit(url)
    host, is_encrypted = parts.hostname or "localhost", parts.scheme == "https"
    port = parts.port or (443 if is_encrypted else 80)
    try:
        plain = _connect(host, port)
        with plain, _secure(plain, host) if is_encrypted else plain as connection:
            _expect_health(connection, host, parts.path)
    except ReachProblem as problem:
        return ReachFacts("server", url, problem.code, problem.detail)
    return ReachFacts("server", url)


def reach_broker(host: str, port: int, *, tls: bool) -> ReachFacts:
    """Connect to the broker, without signing in: the agent is the one to do that."""
    address = f"{host}:{port}"
    try:
        plain = _connect(host, port)
        with plain, _secure(plain, host) if tls else plain:
            return ReachFacts("broker", address)
    except ReachProblem as problem:
        return ReachFacts("broker", address, problem.code, problem.detail)


def _connect(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ReachProblem("no-name", str(error)) from error
    problem = ReachProblem("no-name")
    for family, kind, protocol, _name, address in found[:4]:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            problem = _connection_problem(error)
        else:
            return connection
    raise problem


def _connection_problem(error: OSError) -> ReachProblem:
    detail = error.strerror or str(error)
    if isinstance(error, TimeoutError):
        return ReachProblem("no-answer", detail)
    return ReachProblem("refused" if isinstance(error, ConnectionRefusedError) else "no-route", detail)


def _secure(plain: socket.socket, host: str) -> ssl.SSLSocket:
    try:
        return trusted_authorities.tls_context().wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        code = "certificate-time" if error.verify_code in _CERTIFICATE_TIMES else "certificate-untrusted"
        raise ReachProblem(code, error.verify_message) from error
    except TimeoutError as error:
        # The name was found and somebody accepted: only larger packets do not come through.
        raise ReachProblem("stalls", str(error)) from error
    except OSError as error:
        raise ReachProblem("no-tls", error.strerror or str(error)) from error


def _expect_health(connection: socket.socket, host: str, path: str) -> None:
    request = f"GET {path.rstrip('/')}/health HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"

    def ask() -> tuple[int, bytes]:
        connection.sendall(request.encode("ascii", "ignore"))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read(_ANSWER_BYTES)

    status, body = _within_limits(ask)
    said = None
    with suppress(ValueError):
        said = json.loads(body)
    if not isinstance(said, dict) or "status" not in said:
        # A network that wants a sign-in answers everything itself: with a redirection, or with its own page.
        raise ReachProblem("captive-portal" if status < 500 else "server-error", f"HTTP {status}")


def _within_limits(ask: Callable[[], Result]) -> Result:
    try:
        return ask()
    except TimeoutError as error:
        raise ReachProblem("stalls", str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        raise ReachProblem("server-error", str(error)) from error
