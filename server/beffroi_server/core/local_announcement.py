"""Announcement of the server on the local network (mDNS and DNS-SD), so that new players find it without an address.

It proves nothing, and players believe nothing by it: see docs/decisions/0055-pairing.md.
"""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

import ifaddr
from zeroconf import ServiceInfo, Zeroconf

logger = logging.getLogger(__name__)
SERVICE_TYPE = "_beffroi._tcp.local."
ADDRESS_PROPERTY = "url"


class LocalAnnouncement:
    """Announces the address of the server until it is stopped.

    Args:
        url: The address at which players reach the server.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._zeroconf: Zeroconf | None = None
        self._is_stopped = False

    def start(self) -> None:
        """Begin, in a thread: it takes two seconds until the name is known to be free."""
        threading.Thread(target=self._announce, name="announcement", daemon=True).start()

    def stop(self) -> None:
        """Take the announcement back."""
        with self._lock:
            self._is_stopped = True
            if self._zeroconf is not None:
                with suppress(Exception):
                    self._zeroconf.unregister_all_services()
                    self._zeroconf.close()
                self._zeroconf = None

    def _announce(self) -> None:
        try:
            with self._lock:
                if self._is_stopped:
                    return
                self._zeroconf = announcer = Zeroconf()
            announcer.register_service(self._service(), allow_name_change=True)
        except Exception as error:  # noqa: BLE001 - whatever the network does, pages are served
            logger.warning("this server is not announced on the local network: %s", error)

    def _service(self) -> ServiceInfo:
        parts = urlsplit(self._url)
        host = socket.gethostname().partition(".")[0] or "beffroi"
        return ServiceInfo(
            SERVICE_TYPE, f"Beffroi {host}.{SERVICE_TYPE}", server=f"{host}.local.",
            port=parts.port or (443 if parts.scheme == "https" else 80), properties={ADDRESS_PROPERTY: self._url},
            parsed_addresses=own_addresses(),
        )  # fmt: skip


def own_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine on its networks."""
    found = [str(each.ip) for adapter in ifaddr.get_adapters() for each in adapter.ips if each.is_IPv4]
    return [address for address in found if not address.startswith("127.")] or ["127.0.0.1"]
