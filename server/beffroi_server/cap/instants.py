"""Instants of CAP: dates with a time and an offset from UTC, in the many forms that are sent."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import parsedate_to_datetime

UTC_AS_CAP_WRITES_IT = dt.timezone(dt.timedelta(0), "-00:00")
"""CAP 1.2 writes UTC as ``-00:00``, and its schema refuses ``Z``. The name keeps what the source wrote."""
LAST_YEAR = 2200
_INSTANT = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[Tt ]\s*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,12}))?)?\s*"
    r"(?:([Zz]|UTC|GMT)|([+-])(\d\d|\d(?=:)):?(\d\d)?)?(?:\[[\w/+-]{1,40}\])?"
)
_MINUS = str.maketrans("−–", "--")


def read_instant(text: str | None, zone: dt.tzinfo | None = None, *, last_year: int = LAST_YEAR) -> dt.datetime | None:
    """Return an instant with the offset that is given, or None if the text has none.

    Read are ``24:00:00`` (the next day's 0:00), fractions, ``Z``, ``-00:00``, dates and offsets without hyphens and
    colons, the name of a zone behind the offset, and the dates of RSS. A time without an offset says nothing without
    the zone of its source: it is refused, never taken as the server's own.

    Args:
        text: As the source wrote it.
        zone: The zone of a source that is known to leave it out.
        last_year: Later instants are refused; “until further notice” is sometimes an end in the year 9999.
    """
    text = " ".join((text or "")[:80].translate(_MINUS).split())
    found = _INSTANT.fullmatch(text)
    try:
        instant = _from_parts(found, zone) if found else _from_mail_date(text)
        return instant if instant and 1900 <= instant.year <= last_year else None
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _from_parts(found: re.Match[str], zone: dt.tzinfo | None) -> dt.datetime | None:
    year, month, day, hour, minute = (int(found[at]) for at in range(1, 6))
    second = int(found[6] or 0)
    microsecond = int((found[7] or "0")[:6].ljust(6, "0"))
    if (hour, minute, second) > (24, 0, 0) or second > 60:
        return None
    offset = _offset(found) or zone
    if offset is None:
        return None
    # xs:dateTime allows 24:00:00, and UTC has seconds of 60.
    midnight = dt.datetime(year, month, day, tzinfo=offset)
    if minute > 59:
        return None
    return midnight + dt.timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)


def _offset(found: re.Match[str]) -> dt.tzinfo | None:
    if found[8]:
        return dt.UTC
    if not found[9]:
        return None
    hours, minutes = int(found[10]), int(found[11] or 0)
    if minutes > 59:
        raise ValueError
    if not hours and not minutes:
        return UTC_AS_CAP_WRITES_IT if found[9] == "-" else dt.UTC
    span = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(span if found[9] == "+" else -span)


def _from_mail_date(text: str) -> dt.datetime | None:
    if not re.match(r"(?:[A-Za-z]{3}, )?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d", text):
        return None
    instant = parsedate_to_datetime(text)
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC_AS_CAP_WRITES_IT) if text.endswith("-0000") else None
    return instant


def written_instant(instant: dt.datetime | None) -> str | None:
    """Return an instant in ISO 8601 with the offset that its source gave."""
    if instant is None:
        return None
    text = instant.isoformat()
    return f"{text[:-6]}-00:00" if instant.tzinfo is UTC_AS_CAP_WRITES_IT else text
