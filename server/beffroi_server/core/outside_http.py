"""HTTP client for addresses that people type in, guarded against server-side request forgery (OWASP SSRF).

Only addresses of the public Internet, or of networks that the caller allows, are connected to. A host name is
resolved once, every address that it resolves to is checked, and the connection is made to one of those addresses. A
second resolution could give another answer (DNS rebinding), so there is none. Each redirect is a new connection and is
checked the same way. Where the town has a proxy, that connects instead, and resolves names once more: what it lets
through is its own affair, see ``checked_addresses.proxy_for``.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, NoReturn, Self

import requests
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from beffroi_server.core.checked_addresses import Networks, PrivateAddressError, connect_checked, proxy_for
from beffroi_server.core.tls import client_context

CONNECT_S, READ_S, DEADLINE_S = 5.0, 10.0, 30.0
"""Seconds to connect, to wait for the next piece, and for the whole request: a slow server may send single bytes."""
MAX_REDIRECTS = 4


class OutsideRequestError(Exception):
    """An address gives no usable answer, or may not be asked; the message says why, for people."""


@dataclass(frozen=True, slots=True)
class AllowedNetworks:
    """Private networks that a kind of request may go to.

    Args:
        networks: Such as ``10.1.2.0/24``; the Internet is always allowed.
        setting: Name of the variable by which the operator allows more of them, for the message of a refusal.
    """

    networks: Networks
    setting: str


@dataclass(frozen=True, slots=True)
class OutsideResponse:
    """Answer of a server outside."""

    status: int
    headers: Mapping[str, str]
    """By name, in any case."""
    body: bytes


def send_request(
    method: str, address: str, *, allowed: AllowedNetworks, headers: Mapping[str, str] | None = None,
    body: bytes | None = None, limit: int, is_cut: bool = False, redirects: int = MAX_REDIRECTS,
) -> OutsideResponse:  # fmt: skip
    """Send a request to an address outside, and return the answer whatever its status is.

    Args:
        method: Such as ``GET``.
        address: An ``http`` or ``https`` URL.
        allowed: Private networks that it may be in.
        headers: Sent with the request and with each redirect.
        body: Bytes to send.
        limit: Bytes of the answer's body at most.
        is_cut: Whether a longer body is cut there, instead of being an error; that of an error page always is.
        redirects: Redirects that are followed at most; with 0 a redirect is the answer.

    Raises:
        OutsideRequestError: there is no answer, or the address may not be asked.
    """
    if not address.startswith(("http://", "https://")):
        raise OutsideRequestError(_("The address must begin with https://."))
    try:
        with _RequestLimits(allowed.networks) as limits:
            return _receive_within_deadline(
                limits, lambda: _send_once(method, address, headers or {}, body, redirects, limit, is_cut)
            )
    except requests.exceptions.SSLError as error:
        raise OutsideRequestError(_("Its certificate is not valid: the page may belong to someone else.")) from error
    except requests.Timeout as error:
        raise OutsideRequestError(_("It did not respond in time.")) from error
    except requests.TooManyRedirects as error:
        raise OutsideRequestError(_("It redirects too many times.")) from error
    except requests.exceptions.ProxyError as error:
        raise OutsideRequestError(
            _("The proxy of the town does not answer, or does not let this address through (BEFFROI_PROXY).")
        ) from error
    except requests.ConnectionError as error:
        raise OutsideRequestError(_connection_problem(error, allowed)) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise OutsideRequestError(_("The response could not be understood. Is the address correct?")) from error


def _connection_problem(error: requests.ConnectionError, allowed: AllowedNetworks) -> str:
    # urllib3 and requests wrap the cause several times, and keep it only in their text.
    if PrivateAddressError.__name__ in repr(error):
        return private_address_message(allowed.setting)
    return _("No connection: is the address correct?")


class _RequestLimits:
    """Limits of one request: the networks it may go to, and a deadline that shuts its connections down.

    The timeouts of ``requests`` count from one received byte to the next, so a server that sends a byte every few
    seconds would hold the thread for ever. A timer of its own thread ends that. The connection is made far below, in
    urllib3, and finds the limits of its request through a context variable.
    """

    current: ContextVar[_RequestLimits] = ContextVar("request-limits")

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self._connections: list[socket.socket] = []
        self._timer = threading.Timer(DEADLINE_S, self._shut_down_connections)
        self.has_expired = False

    def watch_connection(self, connection: socket.socket) -> None:
        """Shut this connection down at the deadline too."""
        # TLS detaches the socket that it wraps; a duplicate of the descriptor still reaches the connection.
        self._connections.append(connection.dup())
        if self.has_expired:
            self._shut_down_connections()

    def __enter__(self) -> Self:
        self._token = self.current.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self.current.reset(self._token)
        for connection in self._connections:
            connection.close()

    def _shut_down_connections(self) -> None:
        self.has_expired = True
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _receive_within_deadline(limits: _RequestLimits, send: Callable[[], OutsideResponse]) -> OutsideResponse:
    try:
        response = send()
    except (requests.RequestException, urllib3.exceptions.HTTPError):
        if limits.has_expired:
            raise requests.Timeout from None
        raise
    # Without a length, a body that was cut off looks like a complete one.
    if limits.has_expired:
        raise requests.Timeout
    return response


def _send_once(
    method: str, address: str, headers: Mapping[str, str], body: bytes | None, redirects: int, limit: int, is_cut: bool
) -> OutsideResponse:
    with requests.Session() as session:
        # A proxy of the environment would be asked past every check; that of the town has a setting.
        session.trust_env = False
        # requests works the next address out even where it does not go there, and counts it.
        session.max_redirects = max(1, redirects)
        session.headers["User-Agent"] = f"Beffroi/{version('beffroi')} ({settings.PUBLIC_URL})"
        for scheme in ("http://", "https://"):
            session.mount(scheme, _CheckedAdapter())
        with session.request(
            method, address, headers=dict(headers), data=body, timeout=(CONNECT_S, READ_S), stream=True,
            allow_redirects=redirects > 0,
        ) as answer:  # fmt: skip
            cuts = is_cut or answer.status_code != requests.codes.ok
            return OutsideResponse(answer.status_code, answer.headers, _read_body(answer, limit, is_cut=cuts))


def _read_body(answer: requests.Response, limit: int, *, is_cut: bool) -> bytes:
    content = bytearray()
    for chunk in answer.iter_content(65_536):
        content += chunk
        if len(content) > limit:
            if is_cut:
                return bytes(content[:limit])
            raise OutsideRequestError(_size_message(limit))
    return bytes(content)


def _size_message(limit: int) -> str:
    return _(
        "It is larger than %(limit)d MB, more than is read. Look for an address with less in it: many services offer "
        "one with the coming months, the newest items or one service of the town only."
    ) % {"limit": max(1, limit // 1024**2)}


def private_address_message(setting: str) -> str:
    """Return that an address is in a private network, and by which setting it can be allowed."""
    return _("The address is in a private network. The person who runs the server can allow it: %(setting)s.") % {
        "setting": setting
    }


def _raise_connection_error(connection: Any, error: OSError) -> NoReturn:
    if isinstance(error, TimeoutError):
        raise urllib3.exceptions.ConnectTimeoutError(connection, "no connection in time") from error
    raise urllib3.exceptions.NewConnectionError(connection, repr(error)) from error


class _CheckedConnection:
    """Mixin for urllib3's connections: the socket goes to a checked address."""

    def _new_conn(self) -> socket.socket:
        try:
            connection: Any = self
            limits = _RequestLimits.current.get()
            made = connect_checked(connection._dns_host, connection.port, limits.networks, connection.timeout)
            limits.watch_connection(made)
            return made
        except OSError as error:
            _raise_connection_error(self, error)


class _ProxyConnection:
    """Mixin for urllib3's connections: the socket goes to the town's proxy, which is in its own network as a rule."""

    def _new_conn(self) -> socket.socket:
        try:
            connection: Any = self
            made = socket.create_connection((connection._dns_host, connection.port), connection.timeout)
            _RequestLimits.current.get().watch_connection(made)
            return made
        except OSError as error:
            _raise_connection_error(self, error)


class _CheckedHTTPConnection(_CheckedConnection, HTTPConnection):
    pass


class _CheckedHTTPSConnection(_CheckedConnection, HTTPSConnection):
    pass


class _CheckedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _CheckedHTTPConnection


class _CheckedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedHTTPSConnection


class _ProxyHTTPConnection(_ProxyConnection, HTTPConnection):
    pass


class _ProxyHTTPSConnection(_ProxyConnection, HTTPSConnection):
    pass


class _ProxyHTTPPool(HTTPConnectionPool):
    ConnectionCls = _ProxyHTTPConnection


class _ProxyHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _ProxyHTTPSConnection


class _CheckedAdapter(HTTPAdapter):
    """Transport adapter of ``requests`` that checks where each request goes, and takes the town's proxy or none.

    The authorities of the town (``BEFFROI_AUTHORITIES``) count beside those that everybody knows: a proxy that reads
    along, or an intranet, has certificates of theirs.
    """

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=client_context())
        self.poolmanager.pool_classes_by_scheme = {"http": _CheckedHTTPPool, "https": _CheckedHTTPSPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs, ssl_context=client_context())
        manager.pool_classes_by_scheme = {"http": _ProxyHTTPPool, "https": _ProxyHTTPSPool}
        return manager

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        proxy = proxy_for(str(request.url))
        kwargs["proxies"] = {"http": proxy, "https": proxy} if proxy else {}
        return super().send(request, *args, **kwargs)
