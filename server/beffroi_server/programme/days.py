"""Days with a meaning: what the timeline must know of them, and how they are imported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

import icalendar
from django.utils.translation import gettext as _

from beffroi_content import model as content
from beffroi_content.timeline.calendar import Almanac, days_by_name
from beffroi_server.programme.models import DayCalendar, ScheduleRule

IMPORT_LIMIT = 1024 * 1024
"""Bytes of a file of days."""
MOST_RANGES = 400
_DAY = dt.timedelta(days=1)


class UnreadableDays(Exception):
    """A file has no days in it; the message is for people."""


def almanac(zone: ZoneInfo) -> Almanac:
    """Return what the days of the town's rules depend on."""
    return Almanac(zone, calendars=days_by_name(each.to_content() for each in DayCalendar.objects.all()))


def calendars_of(rules: Iterable[ScheduleRule]) -> tuple[content.DayCalendar, ...]:
    """Return every calendar that one of some rules refers to."""
    found = {each.pk: each for rule in rules for each in (*rule.only_on.all(), *rule.never_on.all())}
    return tuple(found[pk].to_content() for pk in sorted(found))


def imported(file: bytes) -> list[tuple[str, str]]:
    """Return the first and last day of each event of an iCalendar file, in order.

    Raises:
        UnreadableDays: it is no such file, or has no days, or too many.
    """
    try:
        events = icalendar.Calendar.from_ical(file).walk("VEVENT")
        found = sorted({span for event in events for span in _spans(event)})
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, UnicodeError) as error:
        raise UnreadableDays(
            _("This is not a calendar we can read. Download it again, in the format iCal (.ics).")
        ) from error
    if not found:
        raise UnreadableDays(_("There are no days in this calendar. Choose another file."))
    if len(found) > MOST_RANGES:
        raise UnreadableDays(
            _("This calendar has %(count)d entries, and %(limit)d are the most. Choose one of fewer years.")
            % {"count": len(found), "limit": MOST_RANGES}
        )
    return [(first.isoformat(), last.isoformat()) for first, last in found]


def _spans(event: icalendar.Component) -> Iterator[tuple[dt.date, dt.date]]:
    first = _date(event.decoded("DTSTART"))
    last = first
    if "DTEND" in event:
        end = event.decoded("DTEND")
        # The end of whole days is the day after.
        last = _date(end) - _DAY if not isinstance(end, dt.datetime) else _date(end)
    last = max(first, last)
    while last - first > dt.timedelta(days=366):
        yield first, first + dt.timedelta(days=365)
        first += dt.timedelta(days=366)
    yield first, last


def _date(moment: dt.date | dt.datetime) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment
