"""Days with a meaning: what the timeline must know of them, and how they are imported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

import icalendar
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.timeline.calendar import LocalCalendar, days_by_name
from beffroi_server.schedule.models import DayCalendar, ScheduleRule

IMPORT_SIZE_LIMIT = 1024 * 1024
"""Bytes of a file of days."""
MAX_RANGES = 400
_DAY = dt.timedelta(days=1)


class DayImportError(Exception):
    """A file has no days in it; the message is for people."""


def town_almanac(zone: ZoneInfo) -> LocalCalendar:
    """Return what the days of the town's rules depend on."""
    return LocalCalendar(zone, calendars=days_by_name(each.to_content() for each in DayCalendar.objects.all()))


def calendars_of_rules(rules: Iterable[ScheduleRule]) -> tuple[content.DayCalendar, ...]:
    """Return every calendar that one of some rules refers to."""
    found = {each.pk: each for rule in rules for each in (*rule.only_on.all(), *rule.never_on.all())}
    return tuple(found[pk].to_content() for pk in sorted(found))


def import_days(file: bytes) -> list[tuple[str, str]]:
    """Return the first and last day of each event of an iCalendar file, in order.

    Raises:
        UnreadableDays: it is no such file, or has no days, or too many.
    """
    try:
        events = icalendar.Calendar.from_ical(file).walk("VEVENT")
        found = sorted({span for event in events for span in _event_ranges(event)})
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, UnicodeError) as error:
        raise DayImportError(_("This calendar cannot be read. Download it again, in iCal format (.ics).")) from error
    if not found:
        raise DayImportError(_("There are no days in this calendar. Choose another file."))
    if len(found) > MAX_RANGES:
        raise DayImportError(
            _("This calendar has %(count)d entries, and the maximum is %(limit)d. Choose one that covers fewer years.")
            % {"count": len(found), "limit": MAX_RANGES}
        )
    return [(first.isoformat(), last.isoformat()) for first, last in found]


def _event_ranges(event: icalendar.Component) -> Iterator[tuple[dt.date, dt.date]]:
    first = _date_of(event.decoded("DTSTART"))
    last = first
    if "DTEND" in event:
        end = event.decoded("DTEND")
        # The end of whole days is the day after.
        last = _date_of(end) - _DAY if not isinstance(end, dt.datetime) else _date_of(end)
    last = max(first, last)
    while last - first > dt.timedelta(days=366):
        yield first, first + dt.timedelta(days=365)
        first += dt.timedelta(days=366)
    yield first, last


def _date_of(moment: dt.date | dt.datetime) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment
