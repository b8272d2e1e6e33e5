"""Making an export: one zip file with all that the town has made, read at one instant while the server runs.

What cannot be read, such as a row that breaks a rule of a later version or a file of the library that is gone, is named
and left out; the rest goes on.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from pydantic import BaseModel, ValidationError

from beffroi_server.accounts import audit
from beffroi_server.accounts.audit_export import trail_lines
from beffroi_server.accounts.models import AuditEvent, Town
from beffroi_server.core import disk_space, formatting
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.models import Asset
from beffroi_server.monitoring.proof import daily_totals
from beffroi_server.town_export import answers, readme, records, tables, town_settings
from beffroi_server.town_export.archive import ExportArchive, open_archive
from beffroi_server.town_export.kinds import KINDS, MEDIA, Kind
from beffroi_server.town_export.snapshot import database_bytes, database_of_one_instant, part_of_the_instant

logger = logging.getLogger(__name__)
FORMAT = 1
_CHUNK = 200
"""Rows that are in memory at a time."""
_BLOCK = 256 * 1024
_KEPT_IN_MEMORY = 4 * 1024 * 1024
"""Bytes of the rows of a kind that are kept in memory until all were read; more lie on the disk."""
_DATABASE_SHARE = 3
"""What is in the database, mostly plays, takes less than this part of it as a packed table: 28 % for three million."""
Progress = Callable[[str], None]


class ExportFault(Exception):
    """Reason why there is no export, with what to do about it."""


@dataclass(frozen=True, slots=True)
class ExportOutcome:
    """What an export that was made holds."""

    path: Path
    rows: int
    """Of all kinds."""
    files: int
    size: int
    """Bytes of the zip file."""
    problems: tuple[str, ...]
    """What is missing, for people."""


@dataclass
class _Export:
    """An export that is being made."""

    archive: ExportArchive
    town: Town
    now: dt.datetime
    progress: Progress
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def note(self, subject: str, reason: str) -> None:
        """Note that something could not be read."""
        self.problems.append(f"{subject}: {reason}")

    def write(self, path: str, blocks: Iterable[bytes]) -> None:
        """Write a file; where its content cannot be read to the end, what there is of it."""
        self.archive.add_file(path, self.read_on(path, blocks))

    def read_on(self, path: str, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the content of a file until it ends or cannot be read."""
        try:
            with part_of_the_instant():
                yield from blocks
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the rest is worth having
            self.note(path, _("incomplete: %(reason)s") % {"reason": _reason(error)})


def make_export(target: Path, now: dt.datetime, progress: Progress = logger.info) -> ExportOutcome:
    """Write all that the town has made to a zip file, and record in the audit trail that it was done.

    Args:
        target: The file, or a folder that is there: the file is then named by town and time.
        now: The present instant.
        progress: Is told what is written now.

    Raises:
        ExportFault: there is no export; the message says why and what to do.
        OSError: it cannot be written.
    """
    town = Town.objects.get()
    zone = ZoneInfo(town.time_zone)
    path = _path_of(target, town, now.astimezone(zone))
    _check_room(path.parent)
    daily_totals.count_new_plays()
    folder = f"{town.site}-{now.astimezone(zone):%Y-%m-%d}"
    with (
        database_of_one_instant(), translation.override(town.locale), timezone.override(zone),
        open_archive(path, folder, now.astimezone(zone)) as archive,
    ):  # fmt: skip
        export = _Export(archive, Town.objects.get(), now, progress)
        _write_all(export)
        _write_about(export)
    rows, files = sum(export.counts.values()), len(archive.files)
    audit.record_event(None, "town-exported", town.name, file=path.name, rows=rows, files=files)
    return ExportOutcome(path, rows, files, path.stat().st_size, tuple(export.problems))


def _write_all(export: _Export) -> None:
    export.write("settings.json", _settings(export.town))
    for kind in KINDS:
        _write_kind(export, kind)
    _write_media(export)
    _write_dossiers(export)
    export.progress("audit trail")
    export.write("audit-trail.jsonl", trail_lines(AuditEvent.objects.all(), export.town))
    export.write("audit-trail.csv", records.trail_table())
    export.write("alert-receipts.csv", records.receipt_table())
    export.progress("proof of play")
    export.write("plays/daily-totals.csv", records.daily_table(ZoneInfo(export.town.time_zone)))
    names: dict[str, str] = {}
    for screen in records.screens_with_plays():
        export.progress(f"plays of {screen.slug}")
        export.write(f"plays/{screen.slug}.csv", records.play_table(screen, names))


def _settings(town: Town) -> Iterator[bytes]:
    yield tables.json_document(town_settings.settings_values(town))


def _write_kind(export: _Export, kind: Kind) -> None:
    """Write the rows of a kind as JSON and as a table, and what their fields are."""
    export.progress(kind.name)
    with tempfile.SpooledTemporaryFile(_KEPT_IN_MEMORY, dir=str(settings.DATA)) as kept:
        count = 0
        for row in _shown_rows(kind, export.note):
            kept.write(tables.row_line(row))
            count += 1
        export.counts[kind.name] = count
        kept.seek(0)
        export.archive.add_file(f"json/{kind.name}.json", tables.json_list(kept))
        kept.seek(0)
        export.archive.add_file(f"tables/{kind.name}.csv", tables.json_table(kind.shown, kept))
    schema = kind.shown.model_json_schema(mode="serialization")
    export.archive.add_file(f"schemas/{kind.name}.schema.json", [tables.json_document(schema)])


def _shown_rows(kind: Kind, note: Callable[[str, str], None]) -> Iterator[BaseModel]:
    """Yield the rows of a kind as they are shown; those that cannot be are noted instead."""
    found = kind.rows().select_related(None).prefetch_related(None).order_by(*kind.order)
    keys = list(found.values_list("pk", flat=True))
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        rows = _rows_by_key(kind, part, note)
        for key in part:
            if key not in rows:
                continue
            try:
                with part_of_the_instant():
                    shown = kind.answer(rows[key])
            except Exception as error:  # noqa: BLE001 - of one row that is odd, the others know nothing
                note(f"{kind.name} {key}", _reason(error))
            else:
                yield shown


def _rows_by_key(kind: Kind, keys: list[Any], note: Callable[[str, str], None]) -> dict[Any, Any]:
    try:
        with part_of_the_instant():
            return {row.pk: row for row in kind.rows().filter(pk__in=keys)}
    except Exception as error:  # noqa: BLE001 - a value of one of them cannot be read
        if len(keys) == 1:
            note(f"{kind.name} {keys[0]}", _reason(error))
            return {}
    found: dict[Any, Any] = {}
    for key in keys:
        found |= _rows_by_key(kind, [key], note)
    return found


def _write_media(export: _Export) -> None:
    written = 0
    # What cannot be shown was noted when the rows were written.
    for row in _shown_rows(MEDIA, lambda _subject, _reason: None):
        assert isinstance(row, answers.ExportedMedia)  # what the kind shows
        for file in row.files:
            if written % 100 == 0:
                export.progress(f"files of images and videos, from number {written + 1}")
            _write_media_file(export, row, file)
            written += 1


def _write_media_file(export: _Export, row: answers.ExportedMedia, file: answers.ExportedFile) -> None:
    subject, source = f"media {row.id} “{row.name}”", media_path(file.sha256)
    if not source.is_file():
        export.note(subject, _("its file is missing: %(path)s") % {"path": file.path})
        return
    packed = export.archive.add_file(file.path, export.read_on(file.path, _blocks_of(source)), is_packed=True)
    if packed.sha256 != file.sha256:
        export.note(subject, _("its file is damaged: %(path)s") % {"path": file.path})


def _blocks_of(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _write_dossiers(export: _Export) -> None:
    keys = records.first_texts()
    for number, key in enumerate(keys):
        if number % 20 == 0:
            export.progress(f"dossiers of alerts, from number {number + 1} of {len(keys)}")
        try:
            with part_of_the_instant():
                dossier = records.dossier_of(key, export.town, export.now)
        except Exception as error:  # noqa: BLE001 - the dossiers of the other alerts are worth having
            export.note(f"dossiers/{key}.json", _reason(error))
            continue
        export.archive.add_file(f"dossiers/{key}.json", [dossier])


def _write_about(export: _Export) -> None:
    """Write what tells of the others: the text for people, the list of what is in the export, and their digests."""
    town, made_at = export.town, timezone.localtime(export.now)
    text = readme.readme_text(town, made_at, version("beffroi"), export.counts, export.problems)
    export.archive.add_file(readme.NAME, [text.encode()])
    about = {
        "format": "beffroi-export", "version": FORMAT, "site": town.site, "town": town.name,
        "made_at": export.now.isoformat(), "software": version("beffroi"), "language": town.locale,
        "rows": export.counts, "problems": export.problems,
        "files": [{"path": each.path, "size": each.size, "sha256": each.sha256} for each in export.archive.files],
    }  # fmt: skip
    export.archive.add_file("manifest.json", [tables.json_document(about)])
    sums = [f"{each.sha256}  {each.path}\n".encode() for each in export.archive.files]
    export.archive.add_file("SHA256SUMS", sums)


def _path_of(target: Path, town: Town, at: dt.datetime) -> Path:
    """Return the file to write.

    Raises:
        ExportFault: it has no place, it is none, or it is there.
    """
    path = target / f"{town.site}-{at:%Y-%m-%dT%H%M}.zip" if target.is_dir() else target
    if path.suffix.lower() != ".zip":
        raise ExportFault(f"{target} is no folder: name one that is there, or a file that ends with .zip")
    if not path.parent.is_dir():
        raise ExportFault(f"there is no folder {path.parent}: make it first")
    if path.exists():
        raise ExportFault(f"{path} is there already: name another file")
    return path


def _check_room(folder: Path) -> None:
    """Check that there is room for the files of the library, and for what is in the database.

    Raises:
        ExportFault: there is not.
    """
    needed = (Asset.objects.aggregate(size=Sum("size"))["size"] or 0) + database_bytes() // _DATABASE_SHARE
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    is_beside_data = folder.stat().st_dev == Path(settings.DATA).stat().st_dev
    if free < needed or (is_beside_data and not disk_space.has_room_for(needed)):
        sizes = f"it takes some {formatting.english_size(needed)}, and {formatting.english_size(free)} are free"
        raise ExportFault(f"there is no room in {folder}: {sizes}. Name a folder on another disk")


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:300]
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]
