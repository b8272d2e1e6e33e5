"""HTTP client for addresses that editors type in, guarded against server-side request forgery (OWASP SSRF).

Only addresses of the public Internet, or of networks that the operator allows, are connected to. A host name is
resolved once, every address that it resolves to is checked, and the connection is made to one of those addresses. A
second resolution could give another answer (DNS rebinding), so there is none. Each redirect is a new connection and is
checked the same way.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any, NoReturn, Self

import requests
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

RESPONSE_LIMIT = 2 * 1024 * 1024
"""Bytes of a response body at most."""
CONNECT_S, READ_S, DEADLINE_S = 5.0, 10.0, 30.0
"""Seconds to connect, to wait for the next piece, and for the whole request: a slow server may send single bytes."""
MAX_REDIRECTS = 4
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""The well-known prefix of RFC 6052: an IPv6 address within it leads to the IPv4 address in its last 32 bits."""


class FetchError(Exception):
    """An address cannot be fetched; the message says why, for people."""


class _PrivateAddressError(OSError):
    """A host has an address that is not on the public Internet."""


def fetch_url(address: str, headers: Mapping[str, str] | None = None, *, limit: int | None = None) -> bytes:
    """Return the response body of an address on the Internet.

    Args:
        address: An ``http`` or ``https`` URL.
        headers: Sent with the request and with each redirect.
        limit: Bytes of the body at most; by default ``RESPONSE_LIMIT``.

    Raises:
        FetchError: there is no usable answer, or the address may not be fetched.
    """
    if not address.startswith(("http://", "https://")):
        raise FetchError(_("The address must begin with https://."))
    try:
        return _fetch_within_deadline(address, headers or {}, limit or RESPONSE_LIMIT)
    except requests.exceptions.SSLError as error:
        raise FetchError(_("Its certificate is not valid: the page may belong to someone else.")) from error
    except requests.Timeout as error:
        raise FetchError(_("It did not respond in time.")) from error
    except requests.TooManyRedirects as error:
        raise FetchError(_("It redirects too many times.")) from error
    except requests.ConnectionError as error:
        # urllib3 and requests wrap the cause several times, and keep it only in their text.
        if _PrivateAddressError.__name__ in repr(error):
            raise FetchError(
                _(
                    "The address is in a private network. The person who runs the server can allow it: "
                    "BEFFROI_FEED_NETWORKS."
                )
            ) from error
        raise FetchError(_("No connection: is the address correct?")) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise FetchError(_("The response could not be understood. Is the address correct?")) from error


class _RequestDeadline:
    """Deadline of one request: shuts its connections down after ``DEADLINE_S``, whatever they wait for.

    The timeouts of ``requests`` count from one received byte to the next, so a server that sends a byte every few
    seconds would hold the thread for ever. A timer of its own thread ends that. The connection is made far below, in
    urllib3, and finds the deadline of its request through a context variable.
    """

    current: ContextVar[_RequestDeadline] = ContextVar("patience")

    def __init__(self) -> None:
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


def _fetch_within_deadline(address: str, headers: Mapping[str, str], limit: int) -> bytes:
    with _RequestDeadline() as patience:
        try:
            content = _request_body(address, headers, limit)
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            if not patience.has_expired:
                raise
        # Without a length, a body that was cut off looks like a complete one.
        if patience.has_expired:
            raise requests.Timeout
        return content


def _request_body(address: str, headers: Mapping[str, str], limit: int) -> bytes:
    with requests.Session() as session:
        # A proxy of the environment would resolve the name by itself, past every check.
        session.trust_env = False
        session.max_redirects = MAX_REDIRECTS
        session.headers["User-Agent"] = f"Beffroi/{version('beffroi')} ({settings.PUBLIC_URL})"
        for scheme in ("http://", "https://"):
            session.mount(scheme, _CheckedAdapter())
        with session.get(address, headers=dict(headers), timeout=(CONNECT_S, READ_S), stream=True) as answer:
            if answer.status_code != requests.codes.ok:
                raise FetchError(_("It responded with error %(code)d.") % {"code": answer.status_code})
            content = bytearray()
            for chunk in answer.iter_content(65_536):
                content += chunk
                if len(content) > limit:
                    raise FetchError(_size_message(limit))
            return bytes(content)


def _size_message(limit: int) -> str:
    return _(
        "It is larger than %(limit)d MB, more than is read. Look for an address with less in it: many services offer "
        "one with the coming months, the newest items or one service of the town only."
    ) % {"limit": max(1, limit // 1024**2)}


def is_address_allowed(address: str) -> bool:
    """Return whether the server may connect to an IP address.

    Allowed are global unicast addresses, and those within ``FEED_NETWORKS``. An IPv6 address that leads to an IPv4
    address counts as that one.
    """
    found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(found, ipaddress.IPv6Address) and (inner := _embedded_ipv4(found)) is not None:
        found = inner
    if any(found in network for network in settings.FEED_NETWORKS if network.version == found.version):
        return True
    return found.is_global and not found.is_multicast


def _embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to (mapped, 6to4, Teredo, NAT64), or None."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _connect_checked(connection: Any) -> socket.socket:
    """Return a socket connected to the first reachable address of a host.

    Raises:
        _PrivateAddressError: one of its addresses is not allowed. One is enough: whoever owns the name could have the
            others fail.
        OSError: no address answers.
    """
    infos = socket.getaddrinfo(connection._dns_host, connection.port, type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in infos]
    if not addresses or not all(is_address_allowed(address) for address in addresses):
        raise _PrivateAddressError(f"{connection.host} is not on the Internet")
    problem: OSError | None = None
    for address in addresses:
        try:
            made = socket.create_connection((address, connection.port), connection.timeout)
        except OSError as error:
            problem = error
            continue
        _RequestDeadline.current.get().watch_connection(made)
        return made
    assert problem is not None
    raise problem


def _raise_connection_error(connection: Any, error: OSError) -> NoReturn:
    if isinstance(error, TimeoutError):
        raise urllib3.exceptions.ConnectTimeoutError(connection, "no connection in time") from error
    raise urllib3.exceptions.NewConnectionError(connection, repr(error)) from error


class _CheckedConnection:
    """Mixin for urllib3's connections: the socket goes to a checked address."""

    def _new_conn(self) -> socket.socket:
        try:
            return _connect_checked(self)
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


class _CheckedAdapter(HTTPAdapter):
    """Transport adapter of ``requests`` with pools of checked connections."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _CheckedHTTPPool, "https": _CheckedHTTPSPool}
