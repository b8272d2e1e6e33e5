"""What only the running server knows, noted in its data folder every minute: others read it there."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings

from beffroi_server.core import machine_clock
from beffroi_server.core.jobs import overdue_jobs
from beffroi_server.delivery import outbox

NOTE_NAME = "process.json"
NOTE_EVERY_S = 60
STALE_AFTER_S = 300
"""A note that is older says that jobs do not run."""
_SIZE_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class ProcessNote:
    """The leading process, as it noted itself."""

    version: str
    boot: str
    uptime_ms: int
    """When, since the boot."""
    broker: str = ""
    """``lost``, ``refused``, ``accounts``, or nothing."""
    overdue_jobs: tuple[str, ...] = ()


def write_note(_stopping: threading.Event) -> None:
    """Note the state of this process, which leads."""
    publisher = outbox.current_publisher()
    note = ProcessNote(
        version("beffroi"), machine_clock.boot_id(), machine_clock.uptime_ms(),
        publisher.broker_problem() if publisher else "", tuple(sorted(overdue_jobs())),
    )  # fmt: skip
    write_json(Path(settings.DATA) / NOTE_NAME, asdict(note))


def read_note() -> ProcessNote | None:
    """Return the last note; None where there is none that can be read."""
    found = read_json(Path(settings.DATA) / NOTE_NAME)
    try:
        return ProcessNote(**{**found, "overdue_jobs": tuple(found["overdue_jobs"])}) if found else None
    except (TypeError, KeyError):
        return None  # of another version


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Replace a file by JSON in one step.

    Raises:
        OSError: the disk does not let us.
    """
    temporary = path.with_name(f".{path.name}-{os.getpid()}-{threading.get_ident()}")
    try:
        temporary.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a file; empty where there is none that can be read."""
    try:
        if path.stat().st_size > _SIZE_LIMIT * 16:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
