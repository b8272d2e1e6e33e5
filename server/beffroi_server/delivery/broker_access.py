"""Devices that may connect to the broker, as a package above registers them.

Which topics a device may read and write is said by :mod:`beffroi_content.wire.access`; that and this is what the
embedded broker asks, and what is told to other brokers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from django.db import transaction

from beffroi_content.wire.broker_accounts import BrokerAccount


class DeviceRegistry(Protocol):
    """The enrolled players."""

    def account_of(self, username: str) -> BrokerAccount | None:
        """Return the account of an enrolled player by its user name (``s-<screen>``)."""

    def accounts(self) -> Iterator[BrokerAccount]:
        """Yield the account of every enrolled player, by user name."""

    def revoked_after(self, mark: int | None) -> tuple[int, list[str]]:
        """Return the user names of players that lost their credentials after a mark, and the mark of the last one.

        Args:
            mark: As it was returned before; None: nobody's name is returned.
        """

    def groups_of(self, screen: str) -> frozenset[str]:
        """Return the identifiers of the groups that a screen belongs to."""


_devices: DeviceRegistry | None = None
_follower: Callable[[str], object] | None = None


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


def follow_accounts(follower: Callable[[str], object] | None) -> None:
    """Have something called with the user name of each account that has changed; None ends that.

    The follower is called in the thread of whoever made the change, and must not wait for anything.
    """
    global _follower  # noqa: PLW0603 - one broker for the process
    _follower = follower


def note_account_change(username: str) -> None:
    """Have the broker follow the account of a player, once the present transaction is committed."""
    transaction.on_commit(lambda: _follower(username) if _follower is not None else None)


class RevocationWatch:
    """Has the broker follow revocations by other processes, such as a command; those of this process come at once."""

    def __init__(self) -> None:
        self._mark: int | None = None

    def look(self) -> None:
        """Have the accounts followed that were taken away since the last look."""
        self._mark, usernames = registered_devices().revoked_after(self._mark)
        if _follower is not None:
            for username in usernames:
                _follower(username)
