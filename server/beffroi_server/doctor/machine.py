"""Machine of the server: its clock, the disk of the data folder, who can read what is in it, and how it draws."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from beffroi_content.findings import Finding
from beffroi_content.zone_data import zone_data_version
from beffroi_server.core import disk_space, machine_clock, sandbox_probe
from beffroi_server.core.disk_space import DiskState
from beffroi_server.delivery import key_files

RELEASED_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
"""A clock before this is certainly wrong."""
UNSYNCHRONISED_AFTER_S = 900
"""Seconds after boot in which a clock may still be waiting for the network."""


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """The wall clock of this machine."""

    now: dt.datetime
    is_disciplined: bool
    uptime_s: int
    zone_data: str


def read_clock() -> ClockFacts:
    """Read the clock."""
    return ClockFacts(
        dt.datetime.now(dt.UTC), machine_clock.is_disciplined(), machine_clock.uptime_ms() // 1000, zone_data_version()
    )


def check_clock(facts: ClockFacts) -> Iterator[Finding]:
    """Yield what is wrong with the clock as this machine knows it; players tell more: see ``screens``."""
    if facts.now < RELEASED_AT:
        yield Finding("clock-wrong", {"now": facts.now.date().isoformat()})
    elif not facts.is_disciplined and facts.uptime_s >= UNSYNCHRONISED_AFTER_S:
        yield Finding("clock-free")


@dataclass(frozen=True, slots=True)
class DiskFacts:
    """The disk of the data folder."""

    folder: str
    state: DiskState
    free_mb: int
    problem: str = ""
    """Why nothing can be written there; empty where something can."""


def read_disk() -> DiskFacts:
    """Read how full the disk is, and try to write to it."""
    folder, problem = Path(settings.DATA), ""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        problem = error.strerror or str(error)
    try:
        free = disk_space.free_bytes() // 1024**2
    except OSError:
        free = 0
    return DiskFacts(str(folder), disk_space.disk_state(), free, problem)


def check_disk(facts: DiskFacts) -> Iterator[Finding]:
    """Yield what is wrong with the disk."""
    values: dict[str, str | int] = {"folder": facts.folder, "free_mb": facts.free_mb, "problem": facts.problem}
    if facts.state is DiskState.SCARCE:
        yield Finding("disk-full", values)
    elif facts.problem:
        yield Finding("data-not-written", values)
    elif facts.state is DiskState.LOW:
        yield Finding("disk-low", values)


@dataclass(frozen=True, slots=True)
class AccessFacts:
    """Who may read what others must not."""

    exposed: tuple[str, ...]
    """Files and folders that more accounts can read than should."""


def read_access() -> AccessFacts:
    """Read the permissions of keys, secrets, database and media."""
    exposed = [str(path) for path in key_files.exposed_files()]
    exposed += [str(path) for path, forbidden in _guarded_files() if path.exists() and path.stat().st_mode & forbidden]
    return AccessFacts(tuple(dict.fromkeys(exposed)))


def check_access(facts: AccessFacts) -> Iterator[Finding]:
    """Yield what others could read."""
    if facts.exposed:
        yield Finding("files-exposed", {"paths": " ".join(facts.exposed)})


def _guarded_files() -> Iterator[tuple[Path, int]]:
    yield Path(settings.DATA) / "secret_key", 0o077
    yield Path(settings.MEDIA_STORE), 0o002
    yield Path(settings.DATA), 0o002
    if settings.BACKUP_FOLDER:
        yield Path(settings.BACKUP_FOLDER), 0o007
    database = settings.DATABASES["default"]
    if str(database["ENGINE"]).endswith("sqlite3"):
        yield Path(str(database["NAME"])), 0o007


@dataclass(frozen=True, slots=True)
class ConfinementFacts:
    """What a process reaches that opens files of strangers."""

    reached: tuple[str, ...]
    problem: str = ""
    """Why that could not be tried."""


def read_confinement() -> ConfinementFacts:
    """Run a confined process that tries what it must not be able to do. Takes about a second."""
    with tempfile.TemporaryDirectory(prefix="beffroi-doctor-") as name:
        secret, folder = Path(name) / "secret", Path(name) / "folder"
        secret.write_bytes(b"")
        folder.mkdir()
        try:
            return ConfinementFacts(tuple(sandbox_probe.reachable_things(secret, folder)))
        except (OSError, ValueError, subprocess.TimeoutExpired) as error:
            return ConfinementFacts((), str(error))


def check_confinement(facts: ConfinementFacts) -> Iterator[Finding]:
    """Yield what could be done through a fault of a decoder."""
    if facts.problem:
        yield Finding("confinement-unknown", {"problem": facts.problem})
    if facts.reached:
        yield Finding("confinement-open", {"names": ", ".join(facts.reached)})
