"""The way back from a backup: verification of one, and restoration of a server."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection

from beffroi_server.backups import database_copies, encryption, key_archive, layout, restoration_note, trial
from beffroi_server.backups.layout import BackupFault, BackupRecord, media_file, read_record
from beffroi_server.backups.writing import scratch_folder
from beffroi_server.core import leadership
from beffroi_server.core.database import is_database_missing
from beffroi_server.library.media.uploads import media_path

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RestoredBackup:
    """What was found in a backup, or restored from it."""

    record: BackupRecord
    tried: trial.TriedBackup
    damaged: tuple[str, ...]
    """SHA-256 of files of the media that are missing or damaged."""
    replaced: Path | None = None
    """Folder in which what was there before lies now."""


def verify_backup(
    backup: Path, identity: encryption.Identity | None, progress: Callable[[str], None] = logger.info
) -> RestoredBackup:
    """Restore a backup into a folder of its own, look at it as a server would, and read every file of its media.

    Raises:
        BackupFault: a server could not be restored from it.
        OSError: it cannot be read.
    """
    record = _read_openable(backup, identity)
    with scratch_folder() as scratch:
        tried = _take_out_and_try(backup, record, identity, scratch, progress)
    progress(f"reading {len(record.media)} files of the media")
    damaged = []
    opened_with = identity if record.recipient else None
    for sha256 in record.media:
        try:
            path = media_file(backup.parent, record.recipient, sha256)
            if encryption.read_through(path, opened_with).sha256 != sha256:
                damaged.append(sha256)
        except (OSError, BackupFault):
            damaged.append(sha256)
    damaged += sorted(tried.media - record.media.keys())
    return RestoredBackup(record, tried, tuple(damaged))


def restore_backup(
    backup: Path, identity: encryption.Identity | None, now: dt.datetime, *, replace: bool = False,
    progress: Callable[[str], None] = logger.info,
) -> RestoredBackup:  # fmt: skip
    """Make this server what it was when the backup was made. It must not run meanwhile.

    What was there before is moved into a folder beside it. Copies of alert sets that were sent stay: they tell the
    server which alerts began or ended since.

    Args:
        backup: Its folder.
        identity: The private key, if it is encrypted.
        now: The present instant, of which the folder of what was there before gets its name.
        replace: Whether a town that is there already may be put aside.
        progress: Is told what is done now.

    Raises:
        BackupFault: nothing was changed; the message says why.
        OSError: a file cannot be read or written.
    """
    record = _read_openable(backup, identity)
    engine = database_copies.current_engine()
    if record.engine is not engine:
        raise BackupFault(
            f"the backup is of {record.engine.value}, this server uses {engine.value}: set or unset "
            "BEFFROI_POSTGRES_NAME"
        )
    is_there = _has_town()
    if is_there and not replace:
        raise BackupFault(
            f"{settings.DATA} already holds a town. With --replace it is put aside, and the backup takes its place"
        )
    Path(settings.DATA).mkdir(mode=0o750, parents=True, exist_ok=True)
    lock = leadership.create_leader_lock() if is_there else None
    if lock is not None and not lock.acquire():
        raise BackupFault("the server is running: stop it first (systemctl stop beffroi-server)")
    try:
        with scratch_folder() as scratch:
            tried = _take_out_and_try(backup, record, identity, scratch, progress)
            progress(f"restoring {len(record.media)} files of the media")
            damaged = _restore_media(backup, record, identity)
            replaced = Path(settings.DATA) / f"replaced-{layout.backup_name(now)}" if is_there else None
            if replaced is not None:
                replaced.mkdir(mode=0o700)
            progress("putting the database back")
            files = key_archive.read_key_archive(scratch / layout.KEYS_NAME)
            database_copies.put_database_back(scratch / record.database_name, replaced)
            if replaced is not None:
                _put_keys_aside(replaced)
            key_archive.put_keys_back(files, Path(settings.KEYS), Path(settings.DATA))
            _note_restoration(backup, record, now, replaced)
            if tried.is_older:
                progress("bringing the database of an earlier version up to date")
                call_command("migrate", verbosity=0, interactive=False)
            restoration_note.record_noted()
    finally:
        if lock is not None:
            lock.release()
    damaged += [sha256 for sha256 in sorted(tried.media - record.media.keys()) if not media_path(sha256).exists()]
    return RestoredBackup(record, tried, tuple(damaged), replaced)


def _read_openable(backup: Path, identity: encryption.Identity | None) -> BackupRecord:
    record = read_record(backup)
    if record.recipient and identity is None:
        raise BackupFault(f"{backup} is encrypted for {record.recipient}: give the file of its key with --identity")
    return record


def _take_out_and_try(
    backup: Path, record: BackupRecord, identity: encryption.Identity | None, scratch: Path,
    progress: Callable[[str], None],
) -> trial.TriedBackup:  # fmt: skip
    progress("trying the backup in a folder of its own")
    opened_with = identity if record.recipient else None
    for name, stored in ((record.database_name, record.database), (layout.KEYS_NAME, record.keys)):
        path = backup / record.stored_name(name)
        if encryption.read_back(path) != stored:
            raise BackupFault(f"{path} is damaged: it is not what was written. Take another backup")
        encryption.take_out(path, scratch / name, opened_with)
    (scratch / layout.KEYS_NAME).chmod(0o600)
    (scratch / record.database_name).chmod(0o600)
    return trial.try_backup(scratch / record.database_name, scratch / layout.KEYS_NAME, scratch / "trial")


def _restore_media(backup: Path, record: BackupRecord, identity: encryption.Identity | None) -> list[str]:
    """Put back what the media store does not have; return what cannot be had."""
    damaged = []
    opened_with = identity if record.recipient else None
    for sha256 in record.media:
        target = media_path(sha256)
        if target.exists():
            continue
        part = target.with_name(f".{sha256}.part")
        try:
            if (
                encryption.take_out(media_file(backup.parent, record.recipient, sha256), part, opened_with).sha256
                != sha256
            ):
                raise BackupFault(f"{sha256} is damaged")
            part.replace(target)
        except (FileNotFoundError, BackupFault) as error:
            part.unlink(missing_ok=True)
            logger.warning("a file of the media cannot be restored: %s", error)
            damaged.append(sha256)
    return damaged


def _put_keys_aside(replaced: Path) -> None:
    if Path(settings.KEYS).is_dir():
        Path(settings.KEYS).rename(replaced / "keys")
    secret = Path(settings.DATA) / key_archive.SECRET_NAME
    if secret.exists():
        secret.rename(replaced / secret.name)


def _note_restoration(backup: Path, record: BackupRecord, now: dt.datetime, replaced: Path | None) -> None:
    restoration_note.leave_note(
        restoration_note.RestorationNote(
            restored_at=now,
            backup_of=record.made_at,
            backup=str(backup.absolute()),
            put_aside=str(replaced) if replaced is not None else "",
        )
    )


def _has_town() -> bool:
    if is_database_missing():
        return False
    try:
        return "accounts_town" in connection.introspection.table_names()
    except DatabaseError as error:
        if connection.vendor == "sqlite":
            return True  # a file that is damaged is what a restoration is for: it is put aside
        raise BackupFault(f"the database cannot be used: {error}") from error
