"""Format of log lines, without the secrets that addresses carry."""

from __future__ import annotations

import logging
import re

_SIGN_IN_TOKEN = re.compile(r"(/sign-in/)[^/\s\"'?]+")


class RedactingFormatter(logging.Formatter):
    """A formatter that leaves the tokens of sign-in links out, in messages and in tracebacks.

    Whoever reads the log could sign in with a link that was not used yet.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        return _SIGN_IN_TOKEN.sub(r"\1…", super().format(record))
