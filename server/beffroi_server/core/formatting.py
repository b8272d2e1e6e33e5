"""Instants, durations and lists as text in the language of the reader.

French follows the rules of the Imprimerie nationale: a narrow no-break space before units, "18 h 30", "1er juillet".
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, ngettext, pgettext

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"


def format_hour(time: dt.time | dt.datetime) -> str:
    """Return a time of day: ``18 h 30`` in French, ``18:30`` in English."""
    if get_language() != "fr":
        return f"{time:%H:%M}"
    minutes = f"{NARROW_SPACE}{time:%M}" if time.minute else ""
    return f"{time.hour}{NARROW_SPACE}h{minutes}"


def format_moment(instant: dt.datetime) -> str:
    """Return an instant in local time; with its date when that is not today."""
    local = timezone.localtime(instant)
    days = (local.date() - timezone.localdate()).days
    if days == 0:
        return format_hour(local)
    if days in {1, -1}:
        name = gettext("tomorrow") if days == 1 else gettext("yesterday")
        return gettext("%(day)s at %(hour)s") % {"day": name, "hour": format_hour(local)}
    return gettext("%(day)s at %(hour)s") % {"day": format_day(local.date()), "hour": format_hour(local)}


def format_day(date: dt.date) -> str:
    """Return a date in full: ``1er juillet 2026``, ``1 July 2026``."""
    if get_language() == "fr":
        number = "1er" if date.day == 1 else str(date.day)
        return f"{number} {formats.date_format(date, 'F Y')}"
    return formats.date_format(date, "j F Y")


def from_milliseconds(milliseconds: int | None) -> dt.datetime | None:
    """Return a Unix time in milliseconds as a datetime in UTC; None stays None."""
    return None if milliseconds is None else dt.datetime.fromtimestamp(milliseconds / 1000, tz=dt.UTC)


def format_duration(seconds: int) -> str:
    """Return a length of time: ``45 s``, ``2 min 30 s``, ``1 h 5 min``. From an hour on, seconds are left out."""
    minutes, seconds_left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (seconds_left if not hours else 0, "s")]
    return " ".join(f"{number}{NARROW_SPACE}{unit}" for number, unit in parts if number) or f"0{NARROW_SPACE}s"


def format_number(value: float, decimals: int = 1) -> str:
    """Return a number with so many decimals, rounded: Django's own function cuts off what it does not show."""
    return formats.number_format(round(value, decimals), decimal_pos=decimals)


def format_latency(milliseconds: float) -> str:
    """Return a short length of time: ``84 ms``, ``2,4 s``."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f}{NARROW_SPACE}ms"
    return f"{format_number(milliseconds / 1000)}{NARROW_SPACE}s"


def format_size(size: int) -> str:
    """Return a number of bytes in decimal units, as disks are sold: ``79,3 Go``, ``79.3 GB``."""
    letter = "o" if get_language() == "fr" else "B"
    for power, prefix in ((9, "G"), (6, "M"), (3, "k")):
        if size >= 10**power:
            digits = 1 if size < 100 * 10**power else 0
            return f"{format_number(size / 10**power, digits)}{NARROW_SPACE}{prefix}{letter}"
    return f"{size}{NARROW_SPACE}{letter}"


def name_some(names: Sequence[str], most: int = 10) -> str:
    """Return the first names, and how many more there are: ``a, b and 3 more``."""
    if len(names) <= most:
        return ", ".join(names)
    count = len(names) - most
    sentence = ngettext("%(names)s and %(count)d more", "%(names)s and %(count)d more", count)
    return sentence % {"names": ", ".join(names[:most]), "count": count}


def join_names(names: Sequence[str]) -> str:
    """Return names as a sentence lists them: ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return pgettext("list", "%(first)s and %(last)s") % {"first": ", ".join(names[:-1]), "last": names[-1]}
