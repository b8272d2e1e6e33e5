"""A backup tried out: loaded into a data folder of its own, and looked at by this program as its server would."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import Town
from beffroi_server.backups import database_copies, key_archive
from beffroi_server.backups.layout import BackupFault, Engine
from beffroi_server.delivery import key_files, signing_keys
from beffroi_server.fleet.models import Screen
from beffroi_server.library.models import Announcement, Asset

SHA256 = re.compile(r"[0-9a-f]{64}")
LOOK_COMMAND = "backup-look"
_LOOK_TIMEOUT_S = 1800


@dataclass(frozen=True, slots=True)
class TriedBackup:
    """What the database of a backup holds."""

    site: str
    screens: int
    announcements: int
    media: frozenset[str]
    """SHA-256 of the files that it names."""
    is_older: bool
    """Whether it is of an earlier version, and is brought up to date where it is restored."""


def try_backup(database: Path, keys: Path, folder: Path) -> TriedBackup:
    """Load a database and keys into a data folder of their own, and look at them as a server would.

    Args:
        database: A copy, as ``copy_database`` writes it; it stays.
        keys: An archive of keys; it stays.
        folder: The data folder to make.

    Raises:
        BackupFault: a server could not run on them; the message says why.
    """
    folder.mkdir(mode=0o700, parents=True)
    key_archive.put_keys_back(key_archive.read_key_archive(keys), folder / "keys", folder)
    environment = {name: value for name, value in os.environ.items() if name not in {"BEFFROI_KEYS"}}
    environment |= {"BEFFROI_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "beffroi_server.settings"}
    if database_copies.current_engine() is Engine.SQLITE:
        database_copies.check_sqlite_file(database)
        shutil.copyfile(database, folder / "beffroi.sqlite3")
        return _look(environment)
    name = f"{settings.DATABASES['default']['NAME']}_backup_trial"
    database_copies.drop_scratch(name)
    try:
        database_copies.restore_into_scratch(database, name)
        return _look({**environment, "BEFFROI_POSTGRES_NAME": name})
    finally:
        database_copies.drop_scratch(name)


def look() -> TriedBackup:
    """Return what the database of this process holds, once its keys, its version and its audit trail are right.

    Raises:
        BackupFault: something of it is not.
    """
    loader = MigrationLoader(connection)
    later = sorted(name for app, name in loader.applied_migrations if app in loader.migrated_apps
                   and (app, name) not in loader.disk_migrations)  # fmt: skip
    if later:
        raise BackupFault("it was made by a later version: install that one first")
    is_older = any(key not in loader.applied_migrations for key in loader.graph.nodes)
    if is_older:
        return TriedBackup("", 0, 0, frozenset(), is_older=True)
    try:
        signing_keys.check_private_keys()
    except key_files.KeysMissing as error:
        raise BackupFault(str(error)) from error
    if not audit.verify_chain():
        raise BackupFault("its audit trail was changed: compare it with an older backup")
    return TriedBackup(
        site=Town.objects.get().site,
        screens=Screen.objects.count(),
        announcements=Announcement.objects.count(),
        media=frozenset(Asset.objects.values_list("pk", flat=True)),
        is_older=False,
    )


def print_look() -> None:
    """Write what ``look`` returns as one line of JSON: the other end of ``_look``."""
    found = look()
    values = {name: getattr(found, name) for name in TriedBackup.__slots__}
    sys.stdout.write(json.dumps({**values, "media": sorted(found.media)}) + "\n")


def _look(environment: dict[str, str]) -> TriedBackup:
    """Look at a data folder in a process of its own: this one has its database already."""
    command = [sys.executable, "-m", "beffroi_server", LOOK_COMMAND]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, env=environment, capture_output=True, text=True, timeout=_LOOK_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BackupFault("the copy was looked at for half an hour without an end") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        reason = lines[-1].removeprefix("beffroi-server: ") if lines else f"exit code {done.returncode}"
        raise BackupFault(f"a server could not run on this backup: {reason}")
    values = json.loads(done.stdout)
    return TriedBackup(**{**values, "media": frozenset(values["media"])})
