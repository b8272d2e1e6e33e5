"""The log of refusals: counted for the report, and written to the log no more than once a minute each."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable

from beffroi_content.wire.reports import ReportedRefusal

log = logging.getLogger(__name__)

MAX_REFUSALS = 20
LOG_SPACING_MS = 60_000
"""How long refusals with the same code are not logged again."""


class RefusalLog:
    """The newest refusals since the agent started. Safe for threads.

    Args:
        now: Milliseconds since the epoch, for the report.
        uptime: Milliseconds since boot, for the log.
    """

    def __init__(self, now: Callable[[], int], uptime: Callable[[], float]) -> None:
        self._now = now
        self._uptime = uptime
        self._lock = threading.Lock()
        self._found: dict[tuple[str, str], ReportedRefusal] = {}
        self._logged: dict[str, float] = {}

    def record_refusal(self, subject: str, code: str, detail: str) -> None:
        """Count a refusal of a topic or a file, with a code in lower-case letters and dashes."""
        subject, code = subject[:200], _code_identifier(code)
        with self._lock:
            before = self._found.pop((subject, code), None)
            self._found[subject, code] = ReportedRefusal(
                subject=subject,
                code=code,
                detail=detail[:300],
                last_at_ms=max(0, self._now()),
                count=before.count + 1 if before else 1,
            )
            while len(self._found) > MAX_REFUSALS:
                del self._found[next(iter(self._found))]
            loud = self._uptime() - self._logged.get(code, -LOG_SPACING_MS) >= LOG_SPACING_MS
            if loud:
                self._logged[code] = self._uptime()
        if loud:
            log.warning("refused %s: %s (%s)", subject, code, detail[:300], extra={"CODE": code, "SUBJECT": subject})

    def newest_first(self) -> tuple[ReportedRefusal, ...]:
        """Return the refusals, the newest first."""
        with self._lock:
            return tuple(reversed(self._found.values()))


def _code_identifier(code: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-")[:60] or "other"
