"""Database and audit trail: whether they are whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection

from beffroi_content.findings import Finding
from beffroi_server.accounts import audit

_ACCEPTED_WARNINGS = frozenset({"security.W021"})
"""W021 asks to preload HSTS, which binds every name of the town's domain: not ours to decide."""
_DETAIL_LENGTH = 200


def unusable(problem: str) -> Finding:
    """Return the finding of a database that refuses, by its kind: what to do about it is another thing for each."""
    values = {"problem": problem[:_DETAIL_LENGTH], "database": str(connection.settings_dict["NAME"])}
    return Finding("database-file-unusable" if connection.vendor == "sqlite" else "database-unusable", values)


@dataclass(frozen=True, slots=True)
class IntegrityFacts:
    """What a look at the whole database has found."""

    damage: str = ""
    """Of its file or tables; empty where it is whole, or the database does not tell."""
    broken_event: str = ""
    """First event of the audit trail that is not as it was written."""


def read_integrity() -> IntegrityFacts:
    """Look at every page of the database, and at every event of the audit trail. Takes seconds for a large one."""
    damage = _sqlite_damage() if connection.vendor == "sqlite" else _postgresql_damage()
    if damage:
        return IntegrityFacts(damage)
    broken = audit.first_broken_event()
    return IntegrityFacts(broken_event="" if broken is None else str(broken))


def check_integrity(facts: IntegrityFacts) -> Iterator[Finding]:
    """Yield what is damaged, or was changed by somebody."""
    if facts.damage:
        yield Finding("database-damaged", {"problem": facts.damage})
    if facts.broken_event:
        yield Finding("audit-altered", {"event": facts.broken_event})


@dataclass(frozen=True, slots=True)
class SettingFacts:
    """Settings, as far as they protect the pages."""

    url: str
    is_encrypted: bool
    said: tuple[str, ...]
    """What Django says against them."""


def read_settings() -> SettingFacts:
    """Read the settings, and what Django says against them for a server in service."""
    found = checks.run_checks(include_deployment_checks=True)
    said = tuple(f"{each.id}: {each.msg}" for each in found if each.id not in _ACCEPTED_WARNINGS)
    return SettingFacts(settings.PUBLIC_URL, bool(settings.USE_HTTPS), said)


def check_settings(facts: SettingFacts) -> Iterator[Finding]:
    """Yield one finding for all settings; without encryption, nothing else counts."""
    if not facts.is_encrypted:
        yield Finding("pages-plain", {"url": facts.url})
    elif facts.said:
        yield Finding("settings", {"problem": " ".join(facts.said)})


def _sqlite_damage() -> str:
    try:
        with connection.cursor() as cursor:
            rows = cursor.execute("PRAGMA quick_check(3)").fetchall()
    except DatabaseError as error:
        return str(error)[:_DETAIL_LENGTH]
    said = "; ".join(str(row[0]) for row in rows)
    return "" if said == "ok" else said[:_DETAIL_LENGTH]


def _postgresql_damage() -> str:
    """Return the pages whose checksum was wrong since statistics began, where PostgreSQL counts them."""
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()")
        row = cursor.fetchone()
        if row and row[0]:
            return f"checksum_failures = {row[0]}"
    return ""
