"""Search for servers on the local network (mDNS and DNS-SD, RFC 6762 and 6763).

Anybody on the network can announce one: what is found is only asked for a code. See docs/decisions/0055-pairing.md.
"""

from __future__ import annotations

import logging
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from zeroconf import Zeroconf

log = logging.getLogger(__name__)

SERVICE_TYPE = "_beffroi._tcp.local."
ADDRESS_PROPERTY = b"url"
MOST_SERVERS = 3
"""Servers whose codes are shown in turn; others are not asked."""
MOST_NAMES = 16
ANSWER_MS = 3_000
RENEWED_S = 60.0
"""While nothing is found it is begun anew so often: the network may have come up since."""


class ServerSearch:
    """Looks for servers until it is closed, and tells their addresses, in the order in which they were found."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, str] = {}
        self._zeroconf: Zeroconf | None = None
        self._begun_s = -RENEWED_S

    def addresses(self, uptime_s: float) -> list[str]:
        """Return what was found until now, ``MOST_SERVERS`` at most."""
        with self._lock:
            found = list(dict.fromkeys(self._found.values()))[:MOST_SERVERS]
        if not found and uptime_s - self._begun_s >= RENEWED_S:
            self._begun_s = uptime_s
            self._begin()
        return found

    def close(self) -> None:
        """Stop looking."""
        if self._zeroconf is not None:
            with suppress(Exception):
                self._zeroconf.close()
            self._zeroconf = None

    def _begin(self) -> None:
        # Only a player that was told no address needs it.
        from zeroconf import ServiceBrowser, Zeroconf  # noqa: PLC0415

        self.close()
        try:
            self._zeroconf = Zeroconf()
            ServiceBrowser(self._zeroconf, SERVICE_TYPE, self)  # type: ignore[arg-type]  # what it needs of a listener
        except Exception as error:  # noqa: BLE001 - whatever the network does, the search goes on
            log.info("no server can be looked for on the local network: %s", error)

    # --- called by zeroconf, in its thread

    def add_service(self, zeroconf: Any, kind: str, name: str) -> None:
        """Take in a server."""
        info = zeroconf.get_service_info(kind, name, timeout=ANSWER_MS)
        # Case does not count in keys (RFC 6763, 6.4), and of one that is there twice only the first does.
        said = (value for key, value in info.properties.items() if key.lower() == ADDRESS_PROPERTY) if info else ()
        address = announced_address(next(iter(said), None))
        with self._lock:
            if address and len(self._found) < MOST_NAMES:
                self._found[name] = address

    def update_service(self, zeroconf: Any, kind: str, name: str) -> None:
        """Take in another address of a server."""
        self.add_service(zeroconf, kind, name)

    def remove_service(self, _zeroconf: Any, _kind: str, name: str) -> None:
        """Forget a server that went away."""
        with self._lock:
            self._found.pop(name, None)


def announced_address(text: bytes | None) -> str:
    """Return the address of a server as it is announced, without a slash at its end; empty where it is none."""
    with suppress(ValueError):
        address = (text or b"").decode("ascii").rstrip("/")
        parts = urlsplit(address)
        if parts.scheme in ("http", "https") and parts.hostname and not parts.query and len(address) <= 200:
            return address
    return ""
