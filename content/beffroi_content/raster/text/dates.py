"""Dates and times as text, in the languages of announcements.

French and English, in which all pages and widgets are drawn, have forms of their own; others have those of
:mod:`beffroi_content.raster.text.date_names`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from beffroi_content.languages import is_right_to_left
from beffroi_content.raster.text.date_names import DATE_NAMES, DateNames
from beffroi_content.raster.text.phrases import phrase_at, phrases_of

_SHORT_MONTHS = {
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_NBSP = "\N{NO-BREAK SPACE}"
_NARROW = "\N{NARROW NO-BREAK SPACE}"


def weekday_name(day: dt.date, locale: str) -> str:
    """Return “samedi”."""
    return _date_names(locale).weekdays[day.weekday()]


def month_name(day: dt.date, locale: str) -> str:
    """Return “décembre”."""
    return _date_names(locale).months[day.month - 1]


def day_number(day: dt.date, locale: str) -> str:
    """Return “12”, and “1er” for the first in French."""
    return "1er" if day.day == 1 and locale == "fr" else str(day.day)


def day_text(day: dt.date, locale: str) -> str:
    """Return “samedi 12 décembre”; the number and the month stay on one line."""
    names = _date_names(locale)
    number = day_number(day, locale) if locale == "fr" else names.number.format(day=day.day)
    return names.form.format(weekday=weekday_name(day, locale), number=number, month=names.month_phrase(day.month))


def short_day_text(day: dt.date, locale: str) -> str:
    """Return “sam. 12 déc.”, and in most languages “Sa. 12.12.”."""
    name = _date_names(locale).short_weekdays[day.weekday()]
    return f"{name}{_NBSP}{_short_day(day, locale)}"


def _short_day(day: dt.date, locale: str) -> str:
    """Return “12 déc.” in French and English, and “12.12.” or “12/12” in other languages."""
    if locale in _SHORT_MONTHS:
        return f"{day_number(day, locale)}{_NBSP}{_SHORT_MONTHS[locale][day.month - 1]}"
    return _date_names(locale).numeric.format(day=day.day, month=day.month)


def time_text(time: dt.time, locale: str) -> str:
    """Return “18 h 30” in French, “18:30” in other languages."""
    if locale != "fr":
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
    return f"de {start} à {end}" if locale == "fr" else f"{start} – {end}"


def _day_range(first: dt.date, last: dt.date, locale: str) -> str:
    start, end = day_text(first, locale), day_text(last, locale)
    if locale in _SHORT_MONTHS and (first.year, first.month) == (last.year, last.month):
        # French and English name the month once.
        start = f"{weekday_name(first, locale)} {day_number(first, locale)}"
    return _range_text(start, end, locale)


def _short_day_range(first: dt.date, last: dt.date, locale: str) -> str:
    start = _short_day(first, locale)
    if locale in _SHORT_MONTHS and (first.year, first.month) == (last.year, last.month):
        start = day_number(first, locale)
    return _range_text(start, _short_day(last, locale), locale)


def _range_text(start: str, end: str, locale: str) -> str:
    if locale == "fr":
        return f"du {start} au {end}"
    return f"{start} to {end}" if locale == "en" else f"{start} – {end}"


def until_text(ends_at_ms: int, issued_at_ms: int, time_zone: str, locale: str) -> str:
    """Return “jusqu’à 18 h 30”, with the day if it is not the day of issue."""
    end, issue = _local_time(ends_at_ms, time_zone), _local_time(issued_at_ms, time_zone)
    time = time_text(end.time(), locale)
    if end.date() == issue.date():
        return phrase_at(phrases_of(locale).until, time, locale)
    return phrases_of(locale).until_day.format(day=day_text(end.date(), locale), time=time)


def short_until_text(ends_at_ms: int, issued_at_ms: int, time_zone: str, locale: str) -> str:
    """Return “→ 18 h 30”, with the day and the month as numbers if it is not the day of issue: for small panels."""
    end, issue = _local_time(ends_at_ms, time_zone), _local_time(issued_at_ms, time_zone)
    time = time_text(end.time(), locale)
    if is_right_to_left(locale):
        # An arrow would point away from the time.
        time = phrase_at(phrases_of(locale).until, time, locale)
        return time if end.date() == issue.date() else f"{time} {end.day}/{end.month}"
    return f"→{_NARROW}{time}" if end.date() == issue.date() else f"→{_NARROW}{end.day}/{end.month}{_NARROW}{time}"


def instant_text(instant_ms: int, time_zone: str, locale: str) -> str:
    """Return “18 h 30” in local time."""
    return time_text(_local_time(instant_ms, time_zone).time(), locale)


def _local_time(instant_ms: int, time_zone: str) -> dt.datetime:
    # A day short of the last one that exists, so that no time zone can step past the end of the year 9999.
    seconds = min(instant_ms // 1000, 253_402_214_400)
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).astimezone(ZoneInfo(time_zone))


def _date_names(locale: str) -> DateNames:
    return DATE_NAMES.get(locale) or DATE_NAMES["en"]
