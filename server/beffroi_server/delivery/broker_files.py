"""Files for brokers that learn the accounts of players in no other way, written from the database.

Mosquitto with its dynamic-security plugin needs none of them: see :mod:`beffroi_server.delivery.broker_accounts`. The
file of that plugin is here for a new broker with thousands of players: to tell it of one after the other takes an hour.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from beffroi_content.wire.access import mosquitto_lines, nats_permissions
from beffroi_content.wire.broker_accounts import BrokerAccount, mosquitto_hash
from beffroi_server.delivery import broker_access, signing

NATS_CONSUMERS = 100_000
"""Each subscription of QoS 1 is one; by default NATS refuses those beyond a thousand, and players hear no alert."""
_DENIED = {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": False}


def write_broker_files(folder: Path, kind: str) -> list[Path]:
    """Write the files of a kind of broker into a folder; return their paths. Have the broker read them afterwards.

    The server's own password is BEFFROI_MQTT_PASSWORD. The files hold secrets: they are readable by their owner and
    group alone.

    Args:
        folder: Is made where it is missing.
        kind: A key of ``WRITERS``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = WRITERS[kind](list(broker_access.registered_devices().accounts()))
    for name, text in texts.items():
        _write_text(folder / name, text)
    return [folder / name for name in texts]


def mosquitto_texts(accounts: Iterable[BrokerAccount]) -> dict[str, str]:
    """Return Mosquitto's password file and access list."""
    known = [*_server_account(), *accounts]
    passwords = [f"{account.username}:{mosquitto_hash(account.password)}" for account in known]
    access = mosquitto_lines(signing.current_site(), settings.MQTT_USERNAME)
    return {"passwords": "\n".join(passwords) + "\n", "access": "\n".join(access) + "\n"}


def plugin_texts(accounts: Iterable[BrokerAccount]) -> dict[str, str]:
    """Return the file in which Mosquitto's dynamic-security plugin keeps its accounts."""
    clients = [_plugin_client(account) for account in accounts]
    document = {"defaultACLAccess": _DENIED, "clients": clients, "groups": [], "roles": []}
    return {"beffroi-accounts.json": json.dumps(document, indent=1) + "\n"}


def nats_texts(accounts: Iterable[BrokerAccount]) -> dict[str, str]:
    """Return a configuration of NATS, to be included in the main one: accounts, and what each may do."""
    site = signing.current_site()
    users = [_nats_user(account, nats_permissions(site, None)) for account in _server_account()]
    users += [_nats_user(account, nats_permissions(site, account.username)) for account in accounts]
    listed = "\n".join(f"      {json.dumps(user)}" for user in users)
    return {
        "beffroi-accounts.conf": f"""\
accounts {{
  BEFFROI {{
    jetstream: {{max_consumers: {NATS_CONSUMERS}}}
    users: [
{listed}
    ]
  }}
}}
"""
    }


WRITERS: Mapping[str, Callable[[list[BrokerAccount]], dict[str, str]]] = {
    "mosquitto": mosquitto_texts,
    "plugin": plugin_texts,
    "nats": nats_texts,
}
"""The kinds of brokers, by the name that is given on the command line."""


def _server_account() -> list[BrokerAccount]:
    return [BrokerAccount(settings.MQTT_USERNAME, settings.MQTT_PASSWORD)] if settings.MQTT_PASSWORD else []


def _plugin_client(account: BrokerAccount) -> dict[str, Any]:
    _empty, _version, iterations, salt, digest = mosquitto_hash(account.password).split("$")
    return {
        "username": account.username,
        "clientid": account.client_id,
        "roles": [],
        "password": digest,
        "salt": salt,
        "iterations": int(iterations),
    }


def _nats_user(account: BrokerAccount, permissions: dict[str, list[str]]) -> dict[str, Any]:
    return {"user": account.username, "password": account.password, "permissions": permissions}


def _write_text(path: Path, text: str) -> None:
    # Written beside and moved: the broker may read the file at any moment.
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "w", encoding="ascii") as file:
        file.write(text)
    fresh.replace(path)
