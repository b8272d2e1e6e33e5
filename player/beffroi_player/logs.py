"""Where the log goes: the journal under systemd, plain lines to standard error otherwise."""

from __future__ import annotations

import importlib
import logging
import os
import sys

LEVELS = ("debug", "info", "warning", "error")


def set_up(level: str, name: str) -> None:
    """Send the log of this process to where it is read.

    Args:
        level: One of ``LEVELS``.
        name: What the process is, such as ``agent``.
    """
    handler = _journal() or logging.StreamHandler(sys.stderr)
    if type(handler) is logging.StreamHandler:
        handler.setFormatter(logging.Formatter(f"%(asctime)s {name} %(levelname)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _journal() -> logging.Handler | None:
    if "JOURNAL_STREAM" not in os.environ:
        return None
    try:
        handler: logging.Handler = importlib.import_module("systemd.journal").JournalHandler(
            SYSLOG_IDENTIFIER="beffroi"
        )
    except ImportError:
        return None
    return handler
