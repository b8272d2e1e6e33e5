"""Datagrams to another machine, without waiting for it or for whoever knows its address."""

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
"""After which the address of a name is asked for again: it may be another one by now, or be known by now."""

Address = tuple[str, int] | str


class ResolvedHost:
    """A machine with a name, of which the address is asked for in a thread: an answer may take half a minute.

    Args:
        name: Its name, or its address.
        ask: Returns the address of a name, or raises OSError.
    """

    def __init__(self, name: str, resolve: Callable[[str], str] = socket.gethostbyname) -> None:
        self._name, self._ask = name, resolve
        self._asked_s: float | None = None
        self._is_known = True
        self._address: str | None = None
        with suppress(ValueError):
            self._address = str(ipaddress.IPv4Address(name))
            # Nobody need be asked.
            self._asked_s = float("inf")

    def current_address(self) -> str | None:
        """Return the address as far as it is known, at once; None: it is not yet."""
        now = time.monotonic()
        if self._asked_s is None or now - self._asked_s >= RESOLVE_INTERVAL_S:
            # It is asked again from the answer on.
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
    """Send datagrams, and wait a little where they come faster than the network takes them.

    Args:
        port: A socket that does not block.
        datagrams: Each with its address.
        patience_s: How long may be waited altogether.

    Returns:
        Whether all of them were taken; the others are lost.

    Raises:
        OSError: there is no way to that address.
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
