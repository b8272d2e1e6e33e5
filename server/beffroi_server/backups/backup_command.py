"""Commands of backups: ``backup``, ``backup-list``, ``backup-verify``, ``backup-key``, ``restore``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from beffroi_server.accounts import audit
from beffroi_server.backups import encryption, layout, restoring, trial, writing
from beffroi_server.core import formatting

NAMED_AT_MOST = 10
"""Files of the media that are named one by one."""


def add_parsers(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to those of ``beffroi-server``."""
    backup = commands.add_parser(
        "backup",
        help="back database, media and keys up into a folder, while the server runs",
        description="Backs database, media and keys up into a folder, while the server runs. Each backup is tried in a "
        "folder of its own before it counts. Media are copied once for all backups.",
    )
    backup.add_argument("folder", type=Path, nargs="?", help="by default BEFFROI_BACKUP_FOLDER")
    backup.add_argument("--keep", type=_count_argument, help="backups that stay (by default BEFFROI_BACKUP_KEPT)")
    backup.add_argument(
        "--recipient", metavar="age1…", help="encrypt for this public key (by default BEFFROI_BACKUP_RECIPIENT)"
    )
    # Of the server itself: what it does every night is no act of anybody, and not for the audit trail.
    backup.add_argument("--of-the-night", action="store_true", help=argparse.SUPPRESS)
    listing = commands.add_parser("backup-list", help="list the backups of a folder")
    listing.add_argument("folder", type=Path, nargs="?", help="by default BEFFROI_BACKUP_FOLDER")
    verify = commands.add_parser("backup-verify", help="restore a backup into a folder of its own, and read all of it")
    key = commands.add_parser(
        "backup-key", help="make a key for backups: keep the file away from here, set BEFFROI_BACKUP_RECIPIENT"
    )
    key.add_argument("file", type=Path)
    restore = commands.add_parser(
        "restore",
        help="make this server what it was when a backup was made",
        description="Makes this server what it was when a backup was made. The server must be stopped. What is there "
        "is put aside, not deleted. Alerts that were broadcast or ended since are asked for when the server starts.",
    )
    restore.add_argument("--replace", action="store_true", help="put the town that is here aside")
    for parser in (verify, restore):
        parser.add_argument("backup", type=Path, help="the folder of a backup, such as /backups/2026-11-30T024000Z")
        parser.add_argument("--identity", type=Path, metavar="FILE", help="the private key, if it is encrypted")
    # What ``trial`` starts for a copy; of no use to people.
    commands.add_parser(trial.LOOK_COMMAND)


def run_backup(parsed: argparse.Namespace) -> int:
    """Make a backup and record it in the audit trail; 1 if the database names files that are not there."""
    folder = _folder(parsed)
    recipient = settings.BACKUP_RECIPIENT if parsed.recipient is None else parsed.recipient
    done = writing.make_backup(
        folder, timezone.now(), recipient=recipient, keep=parsed.keep or settings.BACKUP_KEPT, progress=_print_progress
    )
    if not parsed.of_the_night:
        audit.record_event(
            None, "town-backed-up", done.record.town, path=str(done.path.absolute()), is_encrypted=bool(recipient)
        )
    size = formatting.english_size(sum(done.record.media.values()) + done.record.database.size)
    _print(f"{done.path}: {len(done.record.media)} files ({done.new_media} new), {size}, tried")
    for path in done.removed:
        _print(f"removed {path}")
    if done.root_keys_left_out:
        _print(
            "The root keys were left out, since the backup is not encrypted: keep them in two safe places elsewhere."
        )
    return _print_damaged(done.missing, "The database names {count} that the media folder does not have: {names}")


def run_backup_list(parsed: argparse.Namespace) -> int:
    """List the backups of a folder."""
    folder = _folder(parsed)
    if not folder.is_dir():
        raise layout.BackupFault(f"{folder} is no folder")
    for path in layout.list_backups(folder):
        try:
            record = layout.read_record(path)
        except layout.BackupFault as error:
            _print(str(error))
            continue
        size = formatting.english_size(sum(record.media.values()) + record.database.size)
        encrypted = f", encrypted for {record.recipient}" if record.recipient else ""
        _print(f"{path}  {record.town} ({record.site}), version {record.version}, {size}{encrypted}")
    return 0


def run_backup_verify(parsed: argparse.Namespace) -> int:
    """Verify a backup; 1 if it lacks something."""
    found = restoring.verify_backup(parsed.backup, _identity(parsed), _print_progress)
    tried = found.tried
    if tried.is_older:
        _print(f"{parsed.backup} is whole; it is of version {found.record.version}, and would be brought up to date")
    else:
        _print(
            f"{parsed.backup} is whole: {found.record.town}, {_count(tried.screens, 'screen')}, "
            f"{_count(tried.announcements, 'announcement')}, {_count(len(tried.media), 'file')}"
        )
    return _print_damaged(found.damaged, "in it {count} {is_or_are} missing or damaged: {names}")


def run_backup_key(parsed: argparse.Namespace) -> int:
    """Make a key for backups."""
    public = encryption.create_identity(parsed.file)
    _print(f"BEFFROI_BACKUP_RECIPIENT={public}")
    _print(f"Keep {parsed.file} in two safe places, not on this server: without it no backup can be opened.")
    return 0


def run_restore(parsed: argparse.Namespace) -> int:
    """Restore this server; 1 if files of the media are missing."""
    done = restoring.restore_backup(
        parsed.backup, _identity(parsed), timezone.now(), replace=parsed.replace, progress=_print_progress
    )
    record = done.record
    _print(f"{record.town} ({record.site}) is restored to {record.made_at:%Y-%m-%d %H:%M} UTC, in {settings.DATA}.")
    if done.replaced is not None:
        _print(f"What was there before lies in {done.replaced}: delete it once all is well.")
    if record.url != settings.PUBLIC_URL:
        _print(f"The backup is of {record.url}, BEFFROI_URL is {settings.PUBLIC_URL}: players look for the former.")
    _print("Start the server now. It asks on every page about alerts that were broadcast or ended since.")
    return _print_damaged(done.damaged, "{count} could not be restored: {names}. Add them again in the library")


def run_look(_parsed: argparse.Namespace) -> int:
    """Tell the process that made a copy what is in it."""
    trial.print_look()
    return 0


COMMANDS = {
    "backup": run_backup,
    "backup-list": run_backup_list,
    "backup-verify": run_backup_verify,
    "backup-key": run_backup_key,
    "restore": run_restore,
    trial.LOOK_COMMAND: run_look,
}
NEED_NO_TOWN = frozenset({"backup-list", "backup-verify", "backup-key", "restore", trial.LOOK_COMMAND})
"""Commands for which there may be no database yet, or one of another version."""


def _folder(parsed: argparse.Namespace) -> Path:
    if parsed.folder is None and not settings.BACKUP_FOLDER:
        raise layout.BackupFault("name a folder, or set BEFFROI_BACKUP_FOLDER")
    return Path(parsed.folder or settings.BACKUP_FOLDER)


def _identity(parsed: argparse.Namespace) -> encryption.Identity | None:
    return encryption.read_identity(parsed.identity) if parsed.identity else None


def _print_damaged(digests: tuple[str, ...], sentence: str) -> int:
    if not digests:
        return 0
    is_or_are = "is" if len(digests) == 1 else "are"
    names = ", ".join(digest[:12] for digest in digests[:NAMED_AT_MOST]) + (
        " …" if len(digests) > NAMED_AT_MOST else ""
    )
    sys.stderr.write(
        f"beffroi-server: {sentence.format(count=_count(len(digests), 'file'), is_or_are=is_or_are, names=names)}\n"
    )
    return 1


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _count_argument(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1_000:
        raise argparse.ArgumentTypeError("give a number from 1 to 1000")
    return int(text)


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _print_progress(line: str) -> None:
    sys.stderr.write(f"· {line}\n")
