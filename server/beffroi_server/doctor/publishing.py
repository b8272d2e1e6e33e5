"""How documents reach the players: signing keys, key list, broker, outbox."""

from __future__ import annotations

import datetime as dt
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings

from beffroi_content.findings import Finding
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery.broker_accounts import managed_broker
from beffroi_server.delivery.broker_control import BrokerNotReached, ControlConnection, PluginMissing
from beffroi_server.delivery.key_state import KeyState, KeyTask
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.delivery.plain_publisher import PlainBroker

STUCK_AFTER = dt.timedelta(minutes=5)
"""A document that the broker has not acknowledged by then is stuck, as long as there is a broker."""
CONNECT_S = 5.0


_KEY_CODES = {
    KeyTask.MISSING: "key-list-missing",
    KeyTask.KEY_LOST: "keys-missing",
    KeyTask.ENDED: "key-list-ended",
    KeyTask.ENDING_SOON: "key-list-ending",
    KeyTask.ENDING: "key-list-ending",
    KeyTask.ROOTS_HERE: "root-keys-here",
}


def check_keys(state: KeyState) -> Iterator[Finding]:
    """Yield what is to be done about the keys."""
    values = {
        "day": state.ends_at.date().isoformat() if state.ends_at else "1970-01-01",
        "names": ", ".join(state.root_files),
        "roles": ", ".join(state.lost_roles),
    }
    yield from (Finding(_KEY_CODES[task], values) for task in state.tasks)


@dataclass(frozen=True, slots=True)
class BrokerFacts:
    """The broker, as this machine reaches it."""

    address: str
    is_embedded: bool
    away: str = ""
    """Why it is not reached, or refuses the server."""
    plugin: str = ""
    """Why the server cannot manage its accounts."""


def read_broker() -> BrokerFacts:
    """Connect to the broker as the server does; to one within the server, as a player does."""
    host = settings.MQTT_HOST or "127.0.0.1"
    address = f"{host}:{settings.MQTT_PORT}"
    if not settings.MQTT_HOST:
        return BrokerFacts(address, True, away=_connection_problem(host, settings.MQTT_PORT))
    broker = PlainBroker(
        host, settings.MQTT_PORT, settings.MQTT_USERNAME, settings.MQTT_PASSWORD, tls=settings.MQTT_TLS
    )
    manages = managed_broker() is not None
    try:
        with ControlConnection(broker) as connection:
            if manages:
                connection.execute([{"command": "getDefaultACLAccess"}])
    except BrokerNotReached as error:
        return BrokerFacts(address, False, away=str(error))
    except PluginMissing as error:
        # One that is told its accounts by files need not have it.
        return BrokerFacts(address, False, plugin=str(error) if manages else "")
    return BrokerFacts(address, False)


def check_broker(facts: BrokerFacts, *, is_running: bool) -> Iterator[Finding]:
    """Yield what is wrong with the broker.

    Args:
        facts: What was read.
        is_running: Whether the server runs: the embedded broker runs with it.
    """
    values = {"address": facts.address, "problem": facts.away or facts.plugin}
    if facts.away and (is_running or not facts.is_embedded):
        yield Finding("broker-away", values)
    if facts.plugin:
        yield Finding("broker-accounts", values)


@dataclass(frozen=True, slots=True)
class OutboxFacts:
    """Documents that the broker has not acknowledged for a while."""

    stuck: int
    topics: tuple[str, ...] = ()
    """Of the first of them."""


def read_outbox(now: dt.datetime) -> OutboxFacts:
    """Read what waits. A sequence is the time at which it was given out; one that lies ahead proves nothing."""
    before = unix_ms(now - STUCK_AFTER)
    rows = OutboxDocument.objects.filter(sent_at=None, expires_at__gt=now, sequence__lte=before).order_by("sequence")
    return OutboxFacts(rows.count(), tuple(rows.values_list("topic", flat=True)[:3]))


def check_outbox(facts: OutboxFacts, *, is_running: bool) -> Iterator[Finding]:
    """Yield what is stuck; nothing where the server is not running, and so sends nothing."""
    if facts.stuck and is_running:
        yield Finding("outbox-stuck", {"count": facts.stuck, "topics": ", ".join(facts.topics)})


def _connection_problem(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), CONNECT_S):
            return ""
    except OSError as error:
        return error.strerror or str(error)
