"""Devices that may connect to the broker, as a package above registers them.

Which topics a device may read and write is said by :mod:`beffroi_content.wire.access`; that and this is what the
embedded broker asks. Mosquitto works by files instead: see :mod:`beffroi_server.delivery.mosquitto_files`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class DeviceRegistry(Protocol):
    """The enrolled players."""

    def authenticate(self, username: str, password: str) -> bool:
        """Tell whether this is the user name of an enrolled player (``s-<screen>``) and its password."""

    def groups_of(self, screen: str) -> frozenset[str]:
        """Return the identifiers of the groups that a screen belongs to."""

    def password_hashes(self) -> Iterator[tuple[str, str]]:
        """Yield user name and hash, as Mosquitto's password file holds it, of every enrolled player."""


_devices: DeviceRegistry | None = None


def register_devices(devices: DeviceRegistry) -> None:
    """Let the broker ask this registry for players."""
    global _devices  # noqa: PLW0603 - one registry for the process, set when Django starts
    _devices = devices


def registered_devices() -> DeviceRegistry:
    """Return the registry of devices.

    Raises:
        LookupError: none was registered.
    """
    if _devices is None:
        raise LookupError("no registry of devices: register_devices was not called")
    return _devices
