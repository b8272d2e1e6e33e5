"""Copies of the database while the server runs, and the way back into it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connection

from beffroi_server.backups.layout import BackupFault, Engine

DUMP_TIMEOUT_S = 4 * 3600
_SQLITE_COMPANIONS = ("-wal", "-shm", "-journal")


def current_engine() -> Engine:
    """Return which database this server uses."""
    return Engine.POSTGRESQL if connection.vendor == "postgresql" else Engine.SQLITE


def sqlite_path() -> Path:
    """Return the file of the database."""
    return Path(str(settings.DATABASES["default"]["NAME"]))


def copy_database(target: Path) -> None:
    """Write the database as it is at one instant to a new file, without holding anybody up.

    Raises:
        BackupFault: it cannot be copied, or the copy is damaged.
    """
    if current_engine() is Engine.POSTGRESQL:
        _run_tool(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}", *_address()])
        return
    try:
        # One read transaction: with a write-ahead log nobody who writes waits for it.
        with closing(sqlite3.connect(f"{sqlite_path().as_uri()}?mode=ro", uri=True, timeout=20)) as source:
            source.execute("VACUUM INTO ?", [str(target)])
    except sqlite3.Error as error:
        raise BackupFault(f"the database cannot be copied: {error}") from error
    target.chmod(0o600)
    check_sqlite_file(target)


def check_sqlite_file(path: Path) -> None:
    """Check every page and every reference of a database.

    Raises:
        BackupFault: something in it is damaged.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(3)") if row[0] != "ok"]
            found += [f"a row of {row[0]} refers to nothing" for row in database.execute("PRAGMA foreign_key_check")][
                :3
            ]
    except sqlite3.Error as error:
        found = [str(error)]
    if found:
        raise BackupFault(f"the database is damaged: {'; '.join(found)}")


def put_database_back(source: Path, replaced: Path | None) -> None:
    """Put a database where that of this server is.

    Args:
        source: The copy; it is moved.
        replaced: Folder that the present database goes to; none: there is no present one.

    Raises:
        BackupFault: it could not be done; the present database is still there.
    """
    if current_engine() is Engine.POSTGRESQL:
        if replaced is not None:
            copy_database(replaced / "database.dump")
        _run_tool(
            ["pg_restore", "--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-owner",
             "--no-privileges", *_address(), str(source)]
        )  # fmt: skip
        return
    path = sqlite_path()
    connection.close()
    # The write-ahead log belongs to the file that goes: it would be applied to the new one.
    for suffix in ("", *_SQLITE_COMPANIONS):
        old = path.with_name(path.name + suffix)
        if old.exists() and replaced is not None:
            old.replace(replaced / old.name)
        elif old.exists():
            old.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    source.replace(path)


def restore_into_scratch(source: Path, name: str) -> None:
    """Load a dump into a new database of PostgreSQL, beside that of this server.

    Raises:
        BackupFault: it could not be made or loaded.
    """
    _run_tool(["createdb", *_server(), name])
    _run_tool(
        ["pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", *_server(), f"--dbname={name}", str(source)]
    )


def drop_scratch(name: str) -> None:
    """Remove a database that was made to try a dump."""
    _run_tool(["dropdb", "--if-exists", *_server(), name])


def _server() -> list[str]:
    values = settings.DATABASES["default"]
    found = [("--host", values["HOST"]), ("--port", values["PORT"]), ("--username", values["USER"])]
    return ["--no-password", *(f"{option}={value}" for option, value in found if value)]


def _address() -> list[str]:
    return [*_server(), f"--dbname={settings.DATABASES['default']['NAME']}"]


def _run_tool(command: Sequence[str]) -> None:
    password = str(settings.DATABASES["default"].get("PASSWORD") or "")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    try:
        done = subprocess.run(  # noqa: S603 - tools of PostgreSQL, with what the settings say
            command, env=environment, capture_output=True, text=True, timeout=DUMP_TIMEOUT_S, check=False
        )  # fmt: skip
    except FileNotFoundError as error:
        raise BackupFault(f"{command[0]} is missing: install it (on Debian: apt install postgresql-client)") from error
    except subprocess.TimeoutExpired as error:
        raise BackupFault(f"{command[0]} took longer than {DUMP_TIMEOUT_S // 3600} hours and was ended") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise BackupFault(f"{command[0]} failed: {lines[-1] if lines else f'exit code {done.returncode}'}")
