"""Examination of the server: every area is read and judged; what cannot be read is said, and the rest goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from beffroi_content import library_check
from beffroi_content.findings import Finding, in_order
from beffroi_content.zone_data import zone_data_version
from beffroi_server.accounts.models import Town
from beffroi_server.core.database import is_database_missing
from beffroi_server.delivery.key_state import read_key_state
from beffroi_server.doctor import certificates, database, machine, operation, publishing, screens
from beffroi_server.doctor.process_notes import read_json, write_json
from beffroi_server.monitoring.finding_texts import CODES, TEXTS

RECORD_NAME = "health.json"
THOROUGH_CODES = frozenset({
    "database-damaged", "audit-altered", "confinement-open", "confinement-unknown", "decoders-missing",
    "formats-missing", "fonts-broken", "fribidi-missing", "pages-plain", "settings",
})  # fmt: skip
"""What only a thorough examination looks for; others go on saying what the last thorough one has found."""
_NO_DATABASE = frozenset({"database-unusable", "database-file-unusable", "database-outdated", "town-missing"})
_PROBLEM_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found at an instant, the greatest harm first."""

    at: dt.datetime
    thorough_at: dt.datetime | None
    """When the whole database and everything else that takes time was last looked at."""
    findings: tuple[Finding, ...]
    readings: dict[str, Any] = field(default_factory=dict)
    """What is worth knowing though nothing is wrong with it: instants as ISO 8601, amounts as numbers."""


class _Examiner:
    """Goes through the areas and gathers."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.readings: dict[str, Any] = {}

    def look_at(self, area: str, look: Callable[[], Iterable[Finding]]) -> None:
        """Look at one area; one that cannot be looked at is a finding of its own."""
        try:
            self.findings += look()
        except Exception as error:  # noqa: BLE001 - whatever it was, it is told, and the other areas are looked at
            if isinstance(error, DatabaseError) and any(each.code in _NO_DATABASE for each in self.findings):
                return  # that says it all
            problem = f"{type(error).__name__}: {error}"[:_PROBLEM_LENGTH]
            self.findings.append(Finding("not-looked-at", {"area": area, "problem": problem}))


def examine(now: dt.datetime, *, is_thorough: bool) -> Examination:
    """Look at everything, and return what is wrong.

    Args:
        now: The present instant.
        is_thorough: Also look at the whole database and the whole audit trail, and try how files are opened.
    """
    run = _Examiner()
    run.readings = {"version": version("beffroi"), "zone_data": zone_data_version(), "database": connection.vendor}
    if is_database_missing():
        # Each further look would begin to fill a folder that may be the wrong one, and find everything else missing.
        missing = Finding("database-missing", {"database": str(connection.settings_dict["NAME"])})
        return Examination(now, None, (missing,), run.readings)
    run.look_at("disk", lambda: _look_at_disk(run))
    run.look_at("clock", lambda: machine.check_clock(machine.read_clock()))
    run.look_at("access", lambda: machine.check_access(machine.read_access()))
    process = operation.read_process()
    run.readings["is_running"] = process.is_running
    run.look_at("process", lambda: operation.check_process(process))
    run.look_at("database", _look_at_database)
    run.look_at("keys", lambda: _look_at_keys(run, now))
    run.look_at("broker", lambda: publishing.check_broker(publishing.read_broker(), is_running=process.is_running))
    run.look_at("outbox", lambda: publishing.check_outbox(publishing.read_outbox(now), is_running=process.is_running))
    run.look_at("certificates", lambda: _look_at_certificates(run, now))
    run.look_at("proxy", lambda: operation.check_proxy(operation.read_proxy()))
    run.look_at("mail", lambda: operation.check_mail(operation.read_mail(now)))
    run.look_at("backups", lambda: _look_at_backups(run, now))
    run.look_at("players", lambda: screens.check_players(screens.read_players(), version("beffroi")))
    before = read_examination()
    if is_thorough:
        run.look_at("integrity", lambda: database.check_integrity(database.read_integrity()))
        run.look_at("settings", lambda: database.check_settings(database.read_settings()))
        run.look_at("libraries", lambda: library_check.check_libraries(library_check.read_libraries()))
        run.look_at("confinement", lambda: machine.check_confinement(machine.read_confinement()))
    elif before is not None:
        run.findings += [each for each in before.findings if each.code in THOROUGH_CODES]
    thorough_at = now if is_thorough else before.thorough_at if before is not None else None
    return Examination(now, thorough_at, tuple(in_order(run.findings, CODES)), run.readings)


def record_examination(found: Examination) -> None:
    """Leave an examination in the data folder, for pages and interfaces.

    Raises:
        OSError: the disk does not let us.
    """
    rows = [asdict(each) for each in found.findings]
    at, thorough_at = found.at.isoformat(), found.thorough_at.isoformat() if found.thorough_at else None
    content = {"at": at, "thorough_at": thorough_at, "findings": rows, "readings": found.readings}
    write_json(Path(settings.DATA) / RECORD_NAME, content)


def read_examination() -> Examination | None:
    """Return the last examination that was left; None where there is none that can be read."""
    found = read_json(Path(settings.DATA) / RECORD_NAME)
    try:
        thorough_at = found["thorough_at"]
        rows = [Finding(str(each["code"]), dict(each["values"])) for each in found["findings"]]
        return Examination(
            dt.datetime.fromisoformat(found["at"]),
            dt.datetime.fromisoformat(thorough_at) if thorough_at else None,
            tuple(each for each in rows if each.code in TEXTS),
            dict(found["readings"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _look_at_database() -> Iterator[Finding]:
    try:
        executor = MigrationExecutor(connection)
        if not executor.loader.applied_migrations:
            yield Finding("town-missing", {"database": str(connection.settings_dict["NAME"])})
        elif executor.migration_plan(executor.loader.graph.leaf_nodes()):
            yield Finding("database-outdated")
        elif not Town.objects.exists():
            yield Finding("town-missing", {"database": str(connection.settings_dict["NAME"])})
    except DatabaseError as error:
        yield database.unusable(str(error))


def _look_at_disk(run: _Examiner) -> Iterator[Finding]:
    facts = machine.read_disk()
    run.readings["disk_free_mb"] = facts.free_mb
    return machine.check_disk(facts)


def _look_at_keys(run: _Examiner, now: dt.datetime) -> Iterator[Finding]:
    state = read_key_state(now)
    run.readings["key_list_ends_at"] = state.ends_at.isoformat() if state.ends_at else None
    return publishing.check_keys(state)


def _look_at_certificates(run: _Examiner, now: dt.datetime) -> Iterator[Finding]:
    found = certificates.read_certificates()
    for each in found:
        if each.ends_at is not None:
            run.readings[f"{each.service}_certificate_ends_at"] = each.ends_at.isoformat()
    return certificates.check_certificates(found, now)


def _look_at_backups(run: _Examiner, now: dt.datetime) -> Iterator[Finding]:
    facts = operation.read_backups()
    run.readings["last_backup_at"] = facts.last_good_at.isoformat() if facts.last_good_at else None
    return operation.check_backups(facts, now)
