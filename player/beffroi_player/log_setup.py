"""Where the log goes: the journal under systemd, with fields to search by, and plain lines to standard error otherwise.

The journal takes fields through the package ``systemd-python``, which is optional: without it the journal gets the
lines. What a message is about is in ``extra``, under names in capitals, such as ``STREAM``, ``CODE`` or ``COMMAND``;
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
    """Send the log of this process to where it is read.

    Args:
        level: One of ``LEVELS``.
        name: What the process is, such as ``agent``.
        state: The state directory: each field of the journal then says whose screen it is.
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
        # The handler passes on all that Python knows of a message; the journal takes names in capitals only.
        journal.send(message, **{field: value for field, value in fields.items() if field.isupper()})

    handler: logging.Handler = journal.JournalHandler(
        sender_function=send, SYSLOG_IDENTIFIER=f"beffroi-{name}", **_screen_fields(state)
    )
    # Level and name are fields there.
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _is_read_by_the_journal() -> bool:
    """Tell whether standard error leads there. Whoever is started from a service may have it lead elsewhere since."""
    with suppress(OSError, ValueError, AttributeError):
        found = os.fstat(sys.stderr.fileno())
        return os.environ.get("JOURNAL_STREAM", "") == f"{found.st_dev}:{found.st_ino}"
    return False


def _screen_fields(state: Path | None) -> dict[str, str]:
    """Return whose screen this is, as fields; none before it is enrolled."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        if state is not None:
            enrolment = json.loads((state / "enrolment.json").read_bytes())
            return {"SCREEN": str(enrolment["screen"])[:100], "SITE": str(enrolment["site"])[:100]}
    return {}
