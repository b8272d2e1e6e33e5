"""Accounts of players at Mosquitto, kept as the database wants them, by its dynamic-security plugin.

What the database says is the wanted state, and whatever differs at the broker is suspected and put right: at once after
an enrolment or a revocation, and as a whole when the connection to the broker was made and every few minutes. So a
broker that is new, was emptied or restored heals by itself. Which topics an account may use is in Mosquitto's access
list, which knows players by their names and need never change: see ``beffroi_content.wire.access``.

Each change makes the plugin write all of its accounts, and the broker stands still meanwhile (a tenth of a second at
ten thousand). So changes go in batches that take ``BUSY_S`` at most, with pauses in which the broker does its work.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.conf import settings

from beffroi_content.wire.broker_accounts import BrokerAccount
from beffroi_content.wire.scopes import user_screen
from beffroi_server.core import database
from beffroi_server.delivery import broker_access
from beffroi_server.delivery.broker_control import BrokerNotReached, Command, ControlConnection, PluginMissing
from beffroi_server.delivery.plain_publisher import PlainBroker

logger = logging.getLogger(__name__)
COMPARE_EVERY_S = 300.0
FIRST_RETRY_S, LONGEST_RETRY_S = 2.0, 60.0
PAGE_SIZE = 500
"""Accounts that the broker is asked for at once: an answer of some 50 kB."""
FIRST_BATCH, LARGEST_BATCH = 10, 200
BUSY_S = 0.25
"""For how long a batch may keep the broker from its work: an alert may be waiting."""
TOLD_FROM = 100
"""So many differences are said in the log, since it takes a while until the last is put right."""
accounts_due = threading.Event()
"""Set when there may be something to do; the thread of this process waits for it."""
_DENIED_BY_DEFAULT = ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")


def account_differs(found: Mapping[str, Any] | None, wanted: BrokerAccount | None) -> bool:
    """Tell whether an account at the broker is not as it is wanted.

    Args:
        found: As the plugin describes it; None where there is none.
        wanted: None where there should be none.
    """
    if found is None or wanted is None:
        return (found is None) != (wanted is None)
    # The identifier says with which password the account was made. Roles and groups would give it more than is its due.
    return (
        found.get("clientid") != wanted.client_id
        or bool(found.get("disabled"))
        or bool(found.get("roles"))
        or bool(found.get("groups"))
    )


def repair_commands(username: str, found: Mapping[str, Any] | None, wanted: BrokerAccount | None) -> list[Command]:
    """Return the commands that make an account as it is wanted; the broker ends the connection of a deleted one."""
    if not account_differs(found, wanted):
        return []
    commands: list[Command] = []
    if found is not None:
        commands.append({"command": "deleteClient", "username": username})
    if wanted is not None:
        commands.append({
            "command": "createClient",
            "username": username,
            "password": wanted.password,
            "clientid": wanted.client_id,
        })  # fmt: skip
    return commands


class BrokerAccounts:
    """Keeps the accounts at the broker as they are wanted, in a thread of its own.

    Args:
        broker: And how the server signs in there.
    """

    def __init__(self, broker: PlainBroker) -> None:
        self._broker = broker
        self._lock = threading.Lock()
        # In order, and each once.
        self._changed: dict[str, None] = {}
        self._suspected: dict[str, None] = {}
        self._compare_at: float | None = None
        self._failures = 0
        self.problem = ""
        """``accounts`` where the broker lets the server manage no accounts; for pages."""

    def note_change(self, username: str) -> None:
        """Have an account put right at once. From any thread; waits for nothing."""
        with self._lock:
            self._changed[username] = None
        accounts_due.set()

    def compare_soon(self) -> None:
        """Have all accounts compared, now and every ``COMPARE_EVERY_S``. From any thread; waits for nothing."""
        with self._lock:
            self._compare_at = time.monotonic()
        accounts_due.set()

    def stop_comparing(self) -> None:
        """Compare no more: another process leads. Changes of this process are still followed."""
        with self._lock:
            self._compare_at = None
            self._suspected.clear()

    def note_connected(self) -> None:
        """Note that the server is connected to the broker, which may have forgotten everything."""
        with self._lock:
            is_leading = self._compare_at is not None
        if is_leading:
            self.compare_soon()
        else:
            accounts_due.set()

    @database.close_connection_after()
    def run_until(self, stopping: threading.Event) -> None:
        """Follow changes and compare, until ``stopping`` is set."""
        while not stopping.is_set():
            accounts_due.wait(self._seconds_to_next())
            accounts_due.clear()
            if stopping.is_set() or not self._has_work():
                continue
            try:
                database.with_fresh_connection(lambda: self.work(stopping))
                self._failures, self.problem = 0, ""
            except Exception as error:  # noqa: BLE001 - whatever it was, it is told, and tried again
                self._note_failure(error)
                stopping.wait(min(FIRST_RETRY_S * 2.0 ** min(self._failures - 1, 10), LONGEST_RETRY_S))
                accounts_due.set()

    def work(self, stopping: threading.Event) -> None:
        """Do what is due, over one connection.

        Raises:
            BrokerNotReached: the broker is away, or went away.
            PluginMissing: it has no plugin that answers.
        """
        with ControlConnection(self._broker) as connection:
            if self._is_comparison_due():
                self._suspected = dict.fromkeys(_find_suspects(connection))
                with self._lock:
                    if self._compare_at is not None:
                        self._compare_at = time.monotonic() + COMPARE_EVERY_S
                if len(self._suspected) >= TOLD_FROM:
                    logger.warning("%d accounts at the broker are not as they should be", len(self._suspected))
            size = FIRST_BATCH
            while not stopping.is_set() and (batch := self._next_batch(size)):
                began = time.monotonic()
                try:
                    _repair(connection, batch)
                except Exception:
                    for username in batch:
                        self.note_change(username)
                    raise
                took = time.monotonic() - began
                size = max(1, min(LARGEST_BATCH, 2 * size, int(size * BUSY_S / max(took, 0.001))))
                if self._suspected and not self._changed:
                    stopping.wait(min(took, 1.0))

    def _next_batch(self, size: int) -> list[str]:
        with self._lock:
            batch = list(dict.fromkeys([*self._changed, *self._suspected][:size]))
            for username in batch:
                self._changed.pop(username, None)
                self._suspected.pop(username, None)
            return batch

    def _has_work(self) -> bool:
        return bool(self._changed or self._suspected) or self._is_comparison_due()

    def _is_comparison_due(self) -> bool:
        return self._compare_at is not None and time.monotonic() >= self._compare_at

    def _seconds_to_next(self) -> float:
        due = self._compare_at
        return max(0.0, due - time.monotonic()) if due is not None else COMPARE_EVERY_S

    def _note_failure(self, error: Exception) -> None:
        self._failures += 1
        if isinstance(error, PluginMissing):
            if self.problem != "accounts":
                logger.error("%s: enrolments and revocations do not reach it (docs/installation.md)", error)
            self.problem = "accounts"
        elif isinstance(error, BrokerNotReached):
            # The client of this process says so as well, and pages by it.
            logger.info("the accounts at the broker wait: %s", error)
        else:
            logger.error("the accounts at the broker could not be compared", exc_info=error)


def managed_broker() -> PlainBroker | None:
    """Return the broker whose accounts the server manages; None where it is in this process, or works by files."""
    if not settings.MQTT_HOST or settings.MQTT_ACCOUNTS != "plugin":
        return None
    return PlainBroker(
        settings.MQTT_HOST, settings.MQTT_PORT, settings.MQTT_USERNAME, settings.MQTT_PASSWORD, tls=settings.MQTT_TLS
    )


def _find_suspects(connection: ControlConnection) -> Iterator[str]:
    """Yield who has an account that differs: revoked ones first, since they could do harm meanwhile."""
    _deny_by_default(connection)
    wanted = {account.username: account for account in broker_access.registered_devices().accounts()}
    found = {str(each.get("username")): each for each in _listed_accounts(connection)}
    # Accounts of others, such as a technician's, are none of ours.
    yield from (name for name in found if user_screen(name) is not None and name not in wanted)
    yield from (name for name, account in wanted.items() if account_differs(found.get(name), account))


def _listed_accounts(connection: ControlConnection) -> Iterator[Mapping[str, Any]]:
    start = 0
    while True:
        (answer,) = connection.execute(
            [{"command": "listClients", "verbose": True, "count": PAGE_SIZE, "offset": start}]
        )
        page = answer.get("data", {}).get("clients", [])
        yield from page
        start += PAGE_SIZE
        if len(page) < PAGE_SIZE:
            return


def _deny_by_default(connection: ControlConnection) -> None:
    """Have the plugin grant nothing of its own: what an account may do is said by the access list."""
    (answer,) = connection.execute([{"command": "getDefaultACLAccess"}])
    if any(each.get("allow") for each in answer.get("data", {}).get("acls", [])):
        acls = [{"acltype": kind, "allow": False} for kind in _DENIED_BY_DEFAULT]
        connection.execute([{"command": "setDefaultACLAccess", "acls": acls}])


def _repair(connection: ControlConnection, usernames: Sequence[str]) -> None:
    """Put accounts right. What is wanted is read anew: a list made some minutes ago may be overtaken."""
    answers = connection.execute([{"command": "getClient", "username": name} for name in usernames])
    registry = broker_access.registered_devices()
    commands: list[Command] = []
    for name, answer in zip(usernames, answers, strict=True):
        commands += repair_commands(name, answer.get("data", {}).get("client"), registry.account_of(name))
    for command, answer in zip(commands, connection.execute(commands), strict=True):
        if "error" in answer:
            logger.error("the broker refuses %s of %s: %s", command["command"], command["username"], answer["error"])
