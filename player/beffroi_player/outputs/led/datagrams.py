"""Sending of datagrams without waiting for the receiver or for name resolution."""

from __future__ import annotations

import ipaddress
import logging
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

log = logging.getLogger(__name__)

RESOLVE_INTERVAL_S = 30.0
"""Interval after which a name is resolved again: its address may have changed, or be known by now."""

Address = tuple[str, int] | str


class ResolvedHost:
    """A host whose name is resolved in a thread: an answer may take half a minute.

    Args:
        name: Host name or IPv4 address.
        resolve: Returns the address of a name, or raises OSError.
    """

    def __init__(self, name: str, resolve: Callable[[str], str] = socket.gethostbyname) -> None:
        self._name, self._ask = name, resolve
        self._asked_s: float | None = None
        self._is_known = True
        self._address: str | None = None
        with suppress(ValueError):
            self._address = str(ipaddress.IPv4Address(name))
            # An address is never resolved.
            self._asked_s = float("inf")

    def current_address(self) -> str | None:
        """Return the last resolved address at once; None before the first answer."""
        now = time.monotonic()
        if self._asked_s is None or now - self._asked_s >= RESOLVE_INTERVAL_S:
            # The interval counts from the answer on, so that only one thread resolves at a time.
            self._asked_s = float("inf")
            threading.Thread(target=self._resolve_name, name="address", daemon=True).start()
        return self._address

    def _resolve_name(self) -> None:
        try:
            self._address = self._ask(self._name)
            self._is_known = True
        except OSError as error:
            if self._is_known:
                log.warning("the panel at %s is not reached: %s", self._name, error)
            self._is_known = False
        self._asked_s = time.monotonic()


def send_datagrams(port: socket.socket, datagrams: Iterable[tuple[Address, bytes]], patience_s: float) -> bool:
    """Send datagrams, waiting a bounded time where the network is slower.

    Args:
        port: A non-blocking socket.
        datagrams: Each with its address.
        patience_s: Longest time to wait in all, in seconds.

    Returns:
        Whether all of them were sent; the rest is dropped.

    Raises:
        OSError: the address cannot be reached.
    """
    left_s = patience_s
    for address, datagram in datagrams:
        while True:
            try:
                port.sendto(datagram, address)
                break
            except BlockingIOError:
                if left_s <= 0:
                    return False
                began = time.monotonic()
                select.select([], [port], [], left_s)
                left_s -= time.monotonic() - began
    return True
