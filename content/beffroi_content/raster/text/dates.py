"""Dates and times as text, in French and English.

The names are a table of our own: the locale of the machine decides nothing, so that server and player draw the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

_WEEKDAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS = {
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}
_SHORT_MONTHS = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_NBSP = "\N{NO-BREAK SPACE}"
_NARROW = "\N{NARROW NO-BREAK SPACE}"


def weekday_name(day: dt.date, locale: str) -> str:
    """Return “samedi”."""
    return _WEEKDAYS[_known_locale(locale)][day.weekday()]


def month_name(day: dt.date, locale: str) -> str:
    """Return “décembre”."""
    return _MONTHS[_known_locale(locale)][day.month - 1]


def day_number(day: dt.date, locale: str) -> str:
    """Return “12”, and “1er” for the first in French."""
    return "1er" if day.day == 1 and _known_locale(locale) == "fr" else str(day.day)


def day_text(day: dt.date, locale: str) -> str:
    """Return “samedi 12 décembre”; the number and the month stay on one line."""
    return f"{weekday_name(day, locale)} {day_number(day, locale)}{_NBSP}{month_name(day, locale)}"


def short_day_text(day: dt.date, locale: str) -> str:
    """Return “sam. 12 déc.”."""
    name = weekday_name(day, locale)[:3] + ("." if _known_locale(locale) == "fr" else "")
    return f"{name}{_NBSP}{day_number(day, locale)}{_NBSP}{_SHORT_MONTHS[_known_locale(locale)][day.month - 1]}"


def time_text(time: dt.time, locale: str) -> str:
    """Return “18 h 30” in French, “18:30” in English."""
    if _known_locale(locale) == "en":
        return f"{time.hour}:{time.minute:02}"
    minutes = f"{_NARROW}{time.minute:02}" if time.minute else ""
    return f"{time.hour}{_NARROW}h{minutes}"


@dataclass(frozen=True, slots=True)
class EventDateText:
    """The dates and hours of an event as text."""

    days: str
    """“samedi 12 décembre”, or “du samedi 12 au lundi 14 décembre”."""
    short_days: str
    hours: str
    """“18 h 30”, “de 18 h 30 à 22 h”, or nothing for an event of whole days."""
    first: dt.date
    last: dt.date

    @property
    def full_text(self) -> str:
        """Return “samedi 12 décembre · 18 h 30”."""
        return " · ".join(part for part in (self.days, self.hours) if part)

    @property
    def short_text(self) -> str:
        """Return “sam. 12 déc. · 18 h 30”."""
        return " · ".join(part for part in (self.short_days, self.hours) if part)


def describe_event_dates(
    starts: dt.datetime, ends: dt.datetime | None, locale: str, *, whole_days: bool | None = None
) -> EventDateText:
    """Return the dates of an event as text.

    Args:
        starts: In local time.
        ends: Likewise; of whole days the midnight after the last.
        locale: Such as ``fr``.
        whole_days: Whether it takes whole days; None: midnight at both ends, or at the only one, means that.
    """
    first = starts.date()
    last = ends.date() if ends else first
    midnight = dt.time()
    if ends and ends.time() == midnight and last > first:
        last -= dt.timedelta(days=1)
    if whole_days is None:
        whole_days = starts.time() == midnight and (ends is None or ends.time() == midnight)
    hours = "" if whole_days else _hours_text(starts, ends, locale)
    if first == last:
        return EventDateText(day_text(first, locale), short_day_text(first, locale), hours, first, last)
    return EventDateText(_day_range(first, last, locale), _short_day_range(first, last, locale), hours, first, last)


def _hours_text(starts: dt.datetime, ends: dt.datetime | None, locale: str) -> str:
    start = time_text(starts.time(), locale)
    # An end more than 18 hours later is that of the last day, not of the first evening: it is left out.
    lasts_hours = ends is not None and starts < ends <= starts + dt.timedelta(hours=18)
    if ends is None or not lasts_hours:
        return start
    end = time_text(ends.time(), locale)
    return f"de {start} à {end}" if _known_locale(locale) == "fr" else f"{start} – {end}"


def _day_range(first: dt.date, last: dt.date, locale: str) -> str:
    same_month = (first.year, first.month) == (last.year, last.month)
    start = f"{weekday_name(first, locale)} {day_number(first, locale)}" if same_month else day_text(first, locale)
    end = day_text(last, locale)
    return f"du {start} au {end}" if _known_locale(locale) == "fr" else f"{start} to {end}"


def _short_day_range(first: dt.date, last: dt.date, locale: str) -> str:
    month = _SHORT_MONTHS[_known_locale(locale)]
    start = day_number(first, locale)
    if (first.year, first.month) != (last.year, last.month):
        start += f"{_NBSP}{month[first.month - 1]}"
    end = f"{day_number(last, locale)}{_NBSP}{month[last.month - 1]}"
    return f"du {start} au {end}" if _known_locale(locale) == "fr" else f"{start} to {end}"


def until_text(ends_at_ms: int, issued_at_ms: int, time_zone: str, locale: str) -> str:
    """Return “jusqu’à 18 h 30”, with the day if it is not the day of issue."""
    end, issue = _local_time(ends_at_ms, time_zone), _local_time(issued_at_ms, time_zone)
    time = time_text(end.time(), locale)
    if end.date() == issue.date():
        return f"jusqu’à {time}" if _known_locale(locale) == "fr" else f"until {time}"
    day = day_text(end.date(), locale)
    return f"jusqu’au {day}, {time}" if _known_locale(locale) == "fr" else f"until {day}, {time}"


def instant_text(instant_ms: int, time_zone: str, locale: str) -> str:
    """Return “18 h 30” in local time."""
    return time_text(_local_time(instant_ms, time_zone).time(), locale)


def _local_time(instant_ms: int, time_zone: str) -> dt.datetime:
    # A day short of the last one that exists, so that no time zone can step past the end of the year 9999.
    seconds = min(instant_ms // 1000, 253_402_214_400)
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).astimezone(ZoneInfo(time_zone))


def _known_locale(locale: str) -> str:
    return locale if locale in _MONTHS else "en"
