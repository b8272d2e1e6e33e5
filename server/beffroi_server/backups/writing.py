"""Making a backup: database, keys and media of a server that runs, each checked before the backup counts.

The database goes first and the media after it: a file that the database names was there then, and one that came later
does no harm. Everything lies in a folder that begins with a dot until it is whole.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

from beffroi_server.accounts.models import Town
from beffroi_server.backups import database_copies, encryption, key_archive, layout, trial
from beffroi_server.backups.layout import BackupFault, BackupRecord, list_backups, media_file, read_record
from beffroi_server.core.folder_sync import sync_folder

logger = logging.getLogger(__name__)
DEFAULT_KEPT = 14
"""Backups that stay in a folder."""
SCRATCH_PREFIX = ".backup-"
_INCOMPLETE_KEPT = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class BackupOutcome:
    """What a backup that was made holds."""

    path: Path
    record: BackupRecord
    missing: tuple[str, ...]
    """SHA-256 of files that the database names and the media folder does not have."""
    root_keys_left_out: bool
    new_media: int
    removed: tuple[Path, ...]
    """Older backups that were removed."""


def make_backup(
    folder: Path, now: dt.datetime, *, recipient: str = "", keep: int = DEFAULT_KEPT,
    progress: Callable[[str], None] = logger.info,
) -> BackupOutcome:  # fmt: skip
    """Back the server up into a folder, and remove older backups from it.

    Args:
        folder: Holds backups of this town only; it is made if it is missing.
        now: The present instant, of which the backup gets its name.
        recipient: Public key (``age1…``) for which everything is encrypted; empty: it is not.
        keep: Backups that stay.
        progress: Is told what is done now.

    Raises:
        BackupFault: there is no backup; the message says why and what to do.
        OSError: the folder cannot be written.
    """
    if recipient:
        encryption.check_recipient(recipient)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder), scratch_folder() as scratch:
        town = Town.objects.get()
        _refuse_other_town(folder, town)
        progress("copying the database")
        database = scratch / layout.DATABASE_NAMES[database_copies.current_engine()]
        database_copies.copy_database(database)
        keys = scratch / layout.KEYS_NAME
        left_out = key_archive.write_key_archive(keys, with_root_keys=bool(recipient))
        progress("trying the copy")
        found = trial.try_backup(database, keys, scratch / "trial")
        part = folder / f"{layout.INCOMPLETE_PREFIX}{layout.backup_name(now)}"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        record = BackupRecord(
            format=layout.FORMAT,
            made_at=now,
            version=version("beffroi"),
            site=town.site,
            town=town.name,
            url=settings.PUBLIC_URL,
            engine=database_copies.current_engine(),
            recipient=recipient,
            database=_store(database, part, recipient),
            keys=_store(keys, part, recipient),
            media={},
        )
        media, new_media = _store_media(folder, recipient, progress)
        record = record.model_copy(update={"media": media})
        _write_whole(part / layout.RECORD_NAME, record.model_dump_json(indent=1).encode())
        path = folder / layout.backup_name(now)
        part.replace(path)
        sync_folder(folder)
        missing = tuple(sorted(found.media - media.keys()))
        removed = remove_older(folder, keep)
    return BackupOutcome(path, record, missing, left_out, new_media, tuple(removed))


def remove_older(folder: Path, keep: int) -> list[Path]:
    """Remove all backups of a folder but the newest, and files of media that none of those names; return the former.

    While a record cannot be read, no file of the media goes: nobody knows what it names.
    """
    backups = list_backups(folder)
    removed, kept = backups[:-keep], backups[-keep:]
    for path in removed:
        # The record first: what is half removed is no backup any more.
        (path / layout.RECORD_NAME).unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)
    try:
        named = {
            media_file(folder, record.recipient, sha256)
            for record in map(read_record, kept)
            for sha256 in record.media
        }  # fmt: skip
    except BackupFault as error:
        logger.warning("no media are removed from %s: %s", folder, error)
        return removed
    for path in folder.glob("media*/[0-9a-f][0-9a-f]/*"):
        if path not in named:
            path.unlink(missing_ok=True)
    return removed


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder beside the data of the server, for its own account alone, that is gone afterwards."""
    data = Path(settings.DATA)
    for left in data.glob(f"{SCRATCH_PREFIX}*"):
        if left.stat().st_mtime < dt.datetime.now(dt.UTC).timestamp() - _INCOMPLETE_KEPT.total_seconds():
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=data) as name:
        yield Path(name)


def _refuse_other_town(folder: Path, town: Town) -> None:
    backups = list_backups(folder)
    if not backups:
        return
    try:
        site = read_record(backups[-1]).site
    except BackupFault:
        return
    if site != town.site:
        raise BackupFault(f"{folder} holds backups of {site}, not of {town.site}: give each town a folder of its own")


def _store(source: Path, part: Path, recipient: str) -> layout.StoredFile:
    name = source.name + layout.ENCRYPTED_SUFFIX if recipient else source.name
    return encryption.store_file(source, part / name, recipient)


def _store_media(folder: Path, recipient: str, progress: Callable[[str], None]) -> tuple[dict[str, int], int]:
    """Copy the files that the folder does not have; return all with their bytes, and how many were copied."""
    found: dict[str, int] = {}
    copied = 0
    for path in sorted(Path(settings.MEDIA_STORE).glob("[0-9a-f][0-9a-f]/*")):
        if not trial.SHA256.fullmatch(path.name):
            continue
        target = media_file(folder, recipient, path.name)
        try:
            size = path.stat().st_size
            if not target.exists():
                stored = encryption.store_file(path, target, recipient)
                if not recipient and stored.sha256 != path.name:
                    target.unlink()
                    logger.warning("%s is damaged: it is left out of the backup", path)
                    continue
                copied += 1
                if copied % 100 == 0:
                    progress(f"copied {copied} files of the media")
        except FileNotFoundError:
            # Removed since the folder was listed: nobody used it any more.
            continue
        found[path.name] = size
    return found, copied


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder against a second backup, and against a verification that would miss what is removed."""
    with (folder / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BackupFault(f"another backup to {folder} is being made: wait until it has ended") from error
        for left in folder.glob(f"{layout.INCOMPLETE_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _write_whole(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
