"""Log of a full disk or a held database: a line a minute of each place that meets it, and no traceback."""

from __future__ import annotations

import logging
import time

INTERVAL_S = 60.0
_MAX_PLACES = 200


class StorageFaultFilter(logging.Filter):
    """Shortens records of exceptions that ``database_faults.fault_of`` knows: a full disk has no room for more."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written; an error of storage loses its traceback."""
        error = record.exc_info[1] if record.exc_info else None
        fault = self._fault_of(error)
        if fault is None:
            return True
        record.exc_info, record.exc_text = None, None
        record.msg, record.args = f"{record.getMessage()} ({fault}: {error})", None
        return self._is_due((record.name, str(record.msg)))

    @staticmethod
    def _fault_of(error: BaseException | None) -> str | None:
        if error is None:
            return None
        # Not at the top: Django reads its logging settings before its database layer is ready.
        from beffroi_server.core.database_faults import fault_of  # noqa: PLC0415

        fault = fault_of(error)
        return fault.value if fault is not None else None

    def _is_due(self, place: tuple[str, str]) -> bool:
        now = time.monotonic()
        if now - self._logged_at.get(place, -INTERVAL_S) < INTERVAL_S:
            return False
        if len(self._logged_at) >= _MAX_PLACES:
            self._logged_at.clear()
        self._logged_at[place] = now
        return True
