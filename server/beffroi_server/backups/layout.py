"""Where the parts of backups lie in a folder of backups, and what a backup says of itself.

::

    FOLDER/
        2026-11-30T024000Z/         one backup
            backup.json             what it holds: BackupRecord
            database.sqlite3        or database.dump (PostgreSQL)
            keys.tar                signing keys, and the secret of the sessions
        media/ab/abcd…              files of the media store by SHA-256, each once, for all backups

Where backups are encrypted, database and keys end with ``.age``, and files of the media store lie in
``media-RECIPIENT`` (the end of the public key), one folder for each key that was ever used. The format is that of
https://age-encryption.org/v1: ``age --decrypt -i KEY database.sqlite3.age`` opens a part by hand.
"""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

RECORD_NAME = "backup.json"
KEYS_NAME = "keys.tar"
ENCRYPTED_SUFFIX = ".age"
INCOMPLETE_PREFIX = ".incomplete-"
FORMAT = 1
_NAME_FORMAT = "%Y-%m-%dT%H%M%SZ"
_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")
_RECORD_LIMIT = 64 * 1024 * 1024
"""Bytes of a record at most: half a million files of the media store."""
_DIGEST_PATTERN = r"^[0-9a-f]{64}$"


class BackupFault(Exception):
    """Reason why a backup, its verification or a restoration failed, with what to do about it."""


class Engine(StrEnum):
    """Database that a backup is of."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


DATABASE_NAMES = {Engine.SQLITE: "database.sqlite3", Engine.POSTGRESQL: "database.dump"}


class StoredFile(BaseModel):
    """A file of a backup as it lies there: encrypted, where backups are."""

    model_config = ConfigDict(frozen=True)

    sha256: str = Field(pattern=_DIGEST_PATTERN)
    size: int = Field(ge=0)


class BackupRecord(BaseModel):
    """What a backup holds. Fields of later versions are ignored."""

    model_config = ConfigDict(frozen=True)

    format: int
    made_at: dt.datetime
    version: str
    """Of the software that made it."""
    site: str
    town: str
    url: str
    engine: Engine
    recipient: str = ""
    """Public key for which it is encrypted; empty: it is not."""
    database: StoredFile
    keys: StoredFile
    media: dict[str, int]
    """SHA-256 of each file of the media store, with its bytes before encryption."""

    def stored_name(self, name: str) -> str:
        """Return what a part is called in the folder of the backup."""
        return name + ENCRYPTED_SUFFIX if self.recipient else name

    @property
    def database_name(self) -> str:
        """Name of the file of the database, not encrypted."""
        return DATABASE_NAMES[self.engine]


def backup_name(made_at: dt.datetime) -> str:
    """Return the name of the folder of a backup: UTC, without characters that a memory stick refuses."""
    return made_at.astimezone(dt.UTC).strftime(_NAME_FORMAT)


def media_folder(folder: Path, recipient: str) -> Path:
    """Return where the files of the media store lie in a folder of backups."""
    return folder / (f"media-{recipient[-12:]}" if recipient else "media")


def media_file(folder: Path, recipient: str, sha256: str) -> Path:
    """Return where one file of the media store lies."""
    name = sha256 + ENCRYPTED_SUFFIX if recipient else sha256
    return media_folder(folder, recipient) / sha256[:2] / name


def list_backups(folder: Path) -> list[Path]:
    """Return the complete backups of a folder, the oldest first."""
    return sorted(path for path in folder.glob("*Z") if _NAME.fullmatch(path.name) and (path / RECORD_NAME).is_file())


def read_record(backup: Path) -> BackupRecord:
    """Return what a backup says of itself.

    Raises:
        BackupFault: it is none, it is damaged, or it is of a later format.
    """
    path = backup / RECORD_NAME
    try:
        if path.stat().st_size > _RECORD_LIMIT:
            raise BackupFault(f"{path} is too large for the record of a backup")
        record = BackupRecord.model_validate_json(path.read_bytes())
    except OSError as error:
        hint = f". Name one of the backups in it: {_name_all(backup)}" if list_backups(backup) else ""
        raise BackupFault(f"{backup} is no backup: {error.strerror} ({RECORD_NAME}){hint}") from error
    except ValidationError as error:
        raise BackupFault(f"{path} is damaged: {error.errors()[0]['msg']}. Take another backup") from error
    if record.format > FORMAT:
        raise BackupFault(f"{backup} was made by a later version, {record.version}: install that version first")
    return record


def _name_all(folder: Path) -> str:
    return ", ".join(path.name for path in list_backups(folder)[-3:])
