"""What players of one site use to find each other on the local network: multicast questions and small HTTP servers.

No player knows the addresses of the others. Questions go to a multicast group that no router passes on, and only
addresses of a local network are answered.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

log = logging.getLogger(__name__)

GROUP = "239.255.66.69"
"""Of the administratively scoped addresses (RFC 2365): no router passes them on."""
ANSWER_WINDOW_S = 0.25
MAX_ANSWERS = 4
MAX_CLIENTS = 4
"""Peers that are served at the same time."""
MAX_DATAGRAM = 256


def town_mark(town: str) -> bytes:
    """Return the beginning of a digest of a town's name, so that two towns in one building do not talk."""
    return hashlib.sha256(town.encode()).hexdigest()[:16].encode()


def is_local_address(host: str) -> bool:
    """Tell whether an address is one of a local network."""
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return address.is_private or address.is_link_local
    return False


def open_listener(port: int, interface: str) -> socket.socket:
    """Return a socket on which what is sent to the group at a port comes in.

    Raises:
        OSError: the network does not allow it.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Bound to the group, not to all addresses: only questions to the group come in here.
        listener.bind((GROUP, port))
        joined = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(interface))
        listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        listener.settimeout(1.0)
    except OSError:
        listener.close()
        raise
    return listener


def send_to_group(text: bytes, port: int, interface: str) -> None:
    """Send a datagram to every player of the local network that listens at a port.

    Raises:
        OSError: there is no network.
    """
    with _group_socket(interface) as sender:
        sender.sendto(text, (GROUP, port))


def ask_group(question: bytes, port: int, interface: str) -> Iterator[tuple[bytes, str]]:
    """Ask every player of the local network; yield each answer with the address that it came from.

    It ends by itself, after ``ANSWER_WINDOW_S`` or ``MAX_ANSWERS``, whoever answers.
    """
    with suppress(OSError), _group_socket(interface) as asking:
        asking.sendto(question, (GROUP, port))
        end = time.monotonic() + ANSWER_WINDOW_S
        for _ in range(MAX_ANSWERS):
            if (left := end - time.monotonic()) <= 0:
                return
            asking.settimeout(left)
            answer, (host, _) = asking.recvfrom(MAX_DATAGRAM)
            yield answer, host


def _group_socket(interface: str) -> socket.socket:
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(interface))
    return sender


class PeerServer(ThreadingHTTPServer):
    """An HTTP server for a bounded number of peers of the local network."""

    daemon_threads = True
    request_queue_size = MAX_CLIENTS

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        self.client_slots = threading.BoundedSemaphore(MAX_CLIENTS)
        super().__init__(("", 0), handler)

    def verify_request(self, _request: object, client: object) -> bool:
        """Accept only peers of the local network."""
        return isinstance(client, tuple) and is_local_address(str(client[0]))

    def process_request(self, request: Any, client: Any) -> None:
        """Serve no more peers than there are slots: the others ask somebody else."""
        if self.client_slots.acquire(blocking=False):
            super().process_request(request, client)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client: Any) -> None:
        """Serve one peer, and free its slot."""
        try:
            super().process_request_thread(request, client)
        finally:
            self.client_slots.release()

    def handle_error(self, _request: object, client: object) -> None:
        """Log a peer that has closed its connection; that is no error."""
        log.debug("a peer is gone: %s", client)


def stop_server(server: ThreadingHTTPServer, *, runs: bool) -> None:
    """Stop a server in a thread of its own: it waits for its loop, and the caller goes on meanwhile."""
    threading.Thread(target=_shut_down_server, args=(server, runs), daemon=True).start()


def _shut_down_server(server: ThreadingHTTPServer, runs: bool) -> None:
    if runs:
        server.shutdown()
    server.server_close()
