"""Reading of special days from a file, in the confined process that reads feeds. Works without settings."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from beffroi_server.feeds.reading_process import FeedRefused, run_reader

SIZE_LIMIT = 4 * 1024 * 1024
"""Bytes of a file of special days at most."""


class DayImportError(Exception):
    """A file has no days; the message says why, for people."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


def read_days(content: bytes, zone: str, year: int | None = None) -> dict[str, Any]:
    """Return the days of an iCalendar file with what was skipped, see ``feeds.readers.calendar_days.read_days``.

    Args:
        content: The file.
        zone: The town’s time zone, an IANA name.
        year: The year whose days are wanted; None: all of them.

    Raises:
        DayImportError: it is too large, is no calendar, or has no days.
    """
    if len(content) > SIZE_LIMIT:
        raise DayImportError(_("This file is larger than 4 MB: it is not just a list of days."), "too-large")
    try:
        found = run_reader(content, kind="days", zone=zone, year=year)
    except FeedRefused as refused:
        raise DayImportError(_refusal(refused), refused.code) from refused
    if not found["data"]["ranges"] and year is None:
        raise DayImportError(_("There are no days in this calendar. Choose another file."), "empty")
    return found


def _refusal(refused: FeedRefused) -> str:
    if refused.code == "not-a-calendar":
        return _("This calendar cannot be read. Download it again, in iCal format (.ics).")
    return _("This calendar could not be read within the memory and time limits. Choose one that covers fewer years.")
