"""Log output: to the systemd journal with structured fields, otherwise as plain lines to standard error.

The journal takes fields through the package ``systemd-python``, which is optional: without it the journal gets the
lines. The subject of a message is in ``extra``, under names in capitals, such as ``STREAM``, ``CODE`` or ``COMMAND``;
docs/player.md lists them.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
from contextlib import suppress
from pathlib import Path

LEVELS = ("debug", "info", "warning", "error")


def set_up(level: str, name: str, state: Path | None = None) -> None:
    """Configure the log of this process.

    Args:
        level: One of ``LEVELS``.
        name: Name of the process, such as ``agent``.
        state: The state directory, to add screen and site to each message of the journal.
    """
    handler = _journal_handler(name, state) or logging.StreamHandler(sys.stderr)
    if type(handler) is logging.StreamHandler:
        handler.setFormatter(logging.Formatter(f"%(asctime)s {name} %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _journal_handler(name: str, state: Path | None) -> logging.Handler | None:
    if not _is_read_by_the_journal():
        return None
    try:
        journal = importlib.import_module("systemd.journal")
    except ImportError:
        return None

    def send(message: str, /, **fields: object) -> None:
        # The handler passes on every attribute of a log record; the journal takes names in capitals only.
        journal.send(message, **{field: value for field, value in fields.items() if field.isupper()})

    handler: logging.Handler = journal.JournalHandler(
        sender_function=send, SYSLOG_IDENTIFIER=f"beffroi-{name}", **_screen_fields(state)
    )
    # Level and process name are fields of the journal.
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _is_read_by_the_journal() -> bool:
    """Tell whether standard error is the journal's: a process that a service started may have redirected it since."""
    with suppress(OSError, ValueError, AttributeError):
        found = os.fstat(sys.stderr.fileno())
        return os.environ.get("JOURNAL_STREAM", "") == f"{found.st_dev}:{found.st_ino}"
    return False


def _screen_fields(state: Path | None) -> dict[str, str]:
    """Return screen and site as fields of the journal; none before the player is enrolled."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        if state is not None:
            enrolment = json.loads((state / "enrolment.json").read_bytes())
            return {"SCREEN": str(enrolment["screen"])[:100], "SITE": str(enrolment["site"])[:100]}
    return {}
