"""Which addresses the server may connect to: those of the Internet, and of networks that somebody has allowed."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""The well-known prefix of RFC 6052: an IPv6 address within it leads to the IPv4 address in its last 32 bits."""
Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""Of names that mean something within a network only (RFC 6761, RFC 6762, RFC 8375, and what routers give)."""


class PrivateAddressError(OSError):
    """A host has an address that is not on the public Internet."""


def is_address_allowed(address: str, networks: Networks) -> bool:
    """Return whether the server may connect to an IP address.

    Allowed are global unicast addresses, and those within some networks. An IPv6 address that leads to an IPv4
    address counts as that one.
    """
    found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(found, ipaddress.IPv6Address) and (inner := _embedded_ipv4(found)) is not None:
        found = inner
    if any(found in network for network in networks if network.version == found.version):
        return True
    return found.is_global and not found.is_multicast


def _embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to (mapped, 6to4, Teredo, NAT64), or None."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def connect_checked(host: str, port: int, networks: Networks, timeout_s: float | None) -> socket.socket:
    """Return a socket connected to the first reachable address of a host.

    Args:
        host: Name or address.
        port: The port.
        networks: Private networks that it may be in.
        timeout_s: Seconds for each of its addresses.

    Raises:
        PrivateAddressError: one of its addresses is not allowed. One is enough: whoever owns the name could have the
            others fail.
        OSError: no address answers.
    """
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in infos]
    if not addresses or not all(is_address_allowed(address, networks) for address in addresses):
        raise PrivateAddressError(f"{host} is not on the Internet")
    problem: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout_s)
        except OSError as error:
            problem = error
    assert problem is not None
    raise problem


def proxy_for(address: str) -> str:
    """Return the proxy through which an address is asked (``BEFFROI_PROXY``); empty: it is asked directly.

    Directly asked, by a connection that is checked, is whatever may be within the town's own network: names of such a
    network, and hosts of which one address is not on the Internet. A name that the server cannot look up is left to
    the proxy, which often is the only one that can.

    Args:
        address: An ``http`` or ``https`` URL.
    """
    host = (urlsplit(address).hostname or "").rstrip(".")
    if not settings.OUTSIDE_PROXY or not host:
        return ""
    if not _is_number(host) and ("." not in host or host.lower().endswith(_LOCAL_ENDINGS)):
        return ""
    try:
        found = [str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
    except OSError:
        found = []
    return str(settings.OUTSIDE_PROXY) if all(is_address_allowed(each, ()) for each in found) else ""


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return True
