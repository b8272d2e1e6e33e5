"""What a restoration leaves beside the database, until the audit trail tells of it.

The database that was put back may be of an earlier version, and is brought up to date later; until then nothing can be
written into its trail. So a note waits in the data folder, and whatever works on the town first records it.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from beffroi_server.accounts import audit
from beffroi_server.accounts.models import AuditEvent, Town
from beffroi_server.core.folder_sync import sync_folder
from beffroi_server.core.transactions import serialised

logger = logging.getLogger(__name__)
NOTE_NAME = "restored.json"
_NOTE_LIMIT = 64 * 1024


class RestorationNote(BaseModel):
    """One restoration, as the audit trail tells of it."""

    model_config = ConfigDict(frozen=True)

    restored_at: AwareDatetime
    backup_of: AwareDatetime
    """When the backup was made."""
    backup: str
    """Folder of the backup."""
    put_aside: str = ""
    """Folder in which what was there before lies; empty: there was no town."""


def leave_note(note: RestorationNote) -> None:
    """Write the note of a restoration.

    Raises:
        OSError: it cannot be written.
    """
    path = _path()
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(note.model_dump_json().encode())
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def record_noted() -> None:
    """Record the restoration that was noted, if there is one. The database must fit this version.

    Where that cannot be written now, the note waits for the next command: no server stays away for it.
    """
    try:
        _record()
    except (DatabaseError, OSError) as error:
        logger.warning("the restoration is not in the audit trail yet: %s", error)


def _record() -> None:
    path = _path()
    try:
        if path.stat().st_size > _NOTE_LIMIT:
            return
        note = RestorationNote.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, ValidationError) as error:
        logger.warning("the note of a restoration cannot be read: %s", error)
        return
    detail = note.model_dump(mode="json")
    with serialised():
        # Two processes may start at once, and one may have ended before it took the note away.
        if not any(event == detail for event in _recorded(note.restored_at)):
            audit.record_event(None, "town-restored", Town.objects.get(), **detail)
    path.unlink(missing_ok=True)


def _recorded(since: dt.datetime) -> list[object]:
    events = AuditEvent.objects.filter(action="town-restored", at__gte=since - dt.timedelta(days=1))
    return list(events.values_list("detail", flat=True))


def _path() -> Path:
    return Path(settings.DATA) / NOTE_NAME
