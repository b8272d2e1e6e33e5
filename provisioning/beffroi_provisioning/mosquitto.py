"""Configuration of Mosquitto. Pure: settings in, the text of its files out.

Every line has a measured reason: with Mosquitto's own defaults a fleet of some thousand players loses
acknowledgements and the state of half the screens at each start, and an alert to 10,000 players takes three times
as long. The options are those of 2.0, which Debian 12 and 13 have; 2.1 still knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from beffroi_content.model import Identifier
from beffroi_content.wire.access import mosquitto_lines
from beffroi_content.wire.limits import packet_limit

SERVER_USER = "server"
"""The user name of the server; that of a player is the scope of its screen, such as ``s-hall``."""

_KEEPALIVE_LIMIT = 60
"""Seconds. A player that lost its power is known to be gone after one and a half times its own keepalive."""


@dataclass(frozen=True, slots=True)
class BrokerCertificates:
    """Certificate files of the broker, in PEM."""

    certificate: Path
    key: Path
    authority: Path
    """The certificate of the authority that players are given."""


@dataclass(frozen=True, slots=True)
class AccountPlugin:
    """Mosquitto's dynamic-security plugin, by which the server manages the accounts of players."""

    library: Path
    account_file: Path
    """Written by Mosquitto, in a folder that its account may write to."""


@dataclass(frozen=True)
class MosquittoSettings:
    """Settings of the Mosquitto of one town."""

    site: Identifier
    host: str = ""
    """The address to listen on; empty: every one, of IPv4 and IPv6."""
    port: int = 1883
    password_file: Path = Path("/etc/mosquitto/beffroi/passwords")
    access_file: Path = Path("/etc/mosquitto/beffroi/access")
    persistence: Path = Path("/var/lib/mosquitto")
    """The folder in which retained messages survive a restart."""
    certificates: BrokerCertificates | None = None
    """None: unencrypted. Documents are signed all the same; passwords can then be overheard."""
    account: str = "mosquitto"
    """The account of the machine that the broker runs as when root starts it."""
    plugin: AccountPlugin | None = None
    """None: all accounts are in the password file, which somebody writes after each change."""
    is_drop_in: bool = False
    """Whether Debian's own file says where the log and the retained messages go, and includes this one."""


def configuration_text(broker: MosquittoSettings) -> str:
    """Return the whole of ``mosquitto.conf``."""
    sections = [
        _listener_section(broker),
        _access_section(broker),
        _queue_section(),
        # Mosquitto refuses to start where these are said twice.
        *(() if broker.is_drop_in else (_persistence_section(broker), _log_section())),
    ]
    return "# Written by beffroi-provisioning: change its options rather than this file.\n\n" + "\n".join(sections)


def access_list_text(site: Identifier) -> str:
    """Return the access list: for each topic of the message table, who may read and write it."""
    return _join_lines(mosquitto_lines(site, SERVER_USER))


def _listener_section(broker: MosquittoSettings) -> str:
    lines = [f"listener {broker.port} {broker.host}".rstrip()]
    if broker.certificates is not None:
        lines += [
            f"certfile {broker.certificates.certificate}",
            f"keyfile {broker.certificates.key}",
            f"cafile {broker.certificates.authority}",
            "tls_version tlsv1.2",
        ]
    lines += [
        "# An alert is one small packet: it must not wait for a second one to fill the segment.",
        "set_tcp_nodelay true",
        f"max_keepalive {_KEEPALIVE_LIMIT}",
        "# The largest message that is declared, and its topic.",
        f"max_packet_size {packet_limit()}",
    ]
    return _join_lines(lines)


def _access_section(broker: MosquittoSettings) -> str:
    lines = [] if broker.is_drop_in else [f"user {broker.account}"]
    lines += [
        "allow_anonymous false",
        f"password_file {broker.password_file}",
        f"acl_file {broker.access_file}",
    ]
    if broker.plugin is not None:
        lines += [
            "# The server tells it which players there are. What each may read and write is in the access list.",
            f"plugin {broker.plugin.library}",
            f"plugin_opt_config_file {broker.plugin.account_file}",
        ]
    return _join_lines(lines)


def _queue_section() -> str:
    return _join_lines([
        "# Before 2.1, looking for duplicates costs the square of the number of players.",
        "allow_duplicate_messages true",
        "# 0 is no limit: with the default of 1,000 the receipts of a large fleet are dropped without a word.",
        "max_queued_messages 0",
        "max_inflight_messages 0",
        "# Seconds. After a power cut the server publishes again whatever is missing.",
        "autosave_interval 60",
    ])  # fmt: skip


def _persistence_section(broker: MosquittoSettings) -> str:
    return _join_lines([
        "persistence true",
        # Mosquitto appends the file name as it is.
        f"persistence_location {broker.persistence}/",
    ])  # fmt: skip


def _log_section() -> str:
    return _join_lines(["log_dest stderr", "log_type error", "log_type warning", "log_type notice"])


def _join_lines(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
