"""Fetching what others publish, without becoming their way into the town hall's network.

A name is looked up once, each of its addresses is checked, and the connection goes to an address that was checked:
what the name says a moment later changes nothing. Redirections go the same way.
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
"""Bytes of an answer."""
CONNECT_S, READ_S, DEADLINE_S = 5.0, 10.0, 30.0
"""For a connection, for each piece that comes, and for all of it: a piece may be a single byte."""
MAX_REDIRECTS = 4
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class FetchError(Exception):
    """It cannot be fetched; the message is for people."""


class _PrivateAddressError(OSError):
    """The address is one of our own network."""


def fetch_url(address: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return what is at an address of the Internet.

    Raises:
        Unreachable: it cannot be had, or may not be asked for.
    """
    if not address.startswith(("http://", "https://")):
        raise FetchError(_("The address must begin with https://."))
    try:
        return _fetch_within_deadline(address, headers or {})
    except requests.exceptions.SSLError as error:
        raise FetchError(_("Its certificate is not valid: the page may belong to someone else.")) from error
    except requests.Timeout as error:
        raise FetchError(_("It did not respond in time.")) from error
    except requests.TooManyRedirects as error:
        raise FetchError(_("It redirects too many times.")) from error
    except requests.ConnectionError as error:
        if "_Forbidden" in repr(error):
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
    """Cuts the connections of this thread off after ``WHOLE_S``, whatever they are waiting for."""

    current: ContextVar[_RequestDeadline] = ContextVar("patience")

    def __init__(self) -> None:
        self._connections: list[socket.socket] = []
        self._timer = threading.Timer(DEADLINE_S, self._shut_down_connections)
        self.has_expired = False

    def watch_connection(self, connection: socket.socket) -> None:
        """Include a connection. The copy stays open when TLS takes the original over."""
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


def _fetch_within_deadline(address: str, headers: Mapping[str, str]) -> bytes:
    with _RequestDeadline() as patience:
        try:
            content = _request_body(address, headers)
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            if not patience.has_expired:
                raise
        # An answer that was cut off may look like a whole one.
        if patience.has_expired:
            raise requests.Timeout
        return content


def _request_body(address: str, headers: Mapping[str, str]) -> bytes:
    with requests.Session() as session:
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
                if len(content) > RESPONSE_LIMIT:
                    raise FetchError(_("It is larger than 2 MB. Choose a smaller feed."))
            return bytes(content)


def is_address_allowed(address: str) -> bool:
    """Tell whether the server may ask an IP address: one of the Internet, or of a network that was allowed."""
    found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(found, ipaddress.IPv6Address) and (inner := _embedded_ipv4(found)) is not None:
        found = inner
    if any(found in network for network in settings.FEED_NETWORKS if network.version == found.version):
        return True
    return found.is_global and not found.is_multicast


def _embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address to which an IPv6 address leads (mapped, 6to4, Teredo, NAT64); None: to none."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def _connect_checked(connection: Any) -> socket.socket:
    """Connect to the first address of the host that may be asked."""
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
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _CheckedHTTPPool, "https": _CheckedHTTPSPool}
