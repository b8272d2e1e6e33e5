"""Day calendars: conversion for the timeline, and import from iCalendar files (RFC 5545)."""

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
"""Bytes of an imported file at most."""
MAX_RANGES = 400
"""Events of an imported file at most: a manifest carries each of them."""
_DAY = dt.timedelta(days=1)


class DayImportError(Exception):
    """A file cannot be imported as days; the message says why, for people."""


def town_almanac(zone: ZoneInfo) -> LocalCalendar:
    """Return the town's day calendars as the timeline needs them to tell when rules apply."""
    return LocalCalendar(zone, calendars=days_by_name(each.to_content() for each in DayCalendar.objects.all()))


def calendars_of_rules(rules: Iterable[ScheduleRule]) -> tuple[content.DayCalendar, ...]:
    """Return the day calendars that rules refer to, each once, in the order of their keys."""
    found = {each.pk: each for rule in rules for each in (*rule.only_on.all(), *rule.never_on.all())}
    return tuple(found[pk].to_content() for pk in sorted(found))


def import_days(file: bytes) -> list[tuple[str, str]]:
    """Return the first and last day of each event of an iCalendar file, as ISO dates in order.

    Raises:
        DayImportError: it is not such a file, or has no event, or too many.
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
        # DTEND is exclusive: an event of whole days ends on the day before (RFC 5545, section 3.6.1).
        last = _date_of(end) - _DAY if not isinstance(end, dt.datetime) else _date_of(end)
    last = max(first, last)
    # The manifest limits a range to a year; a longer one becomes several.
    while last - first > dt.timedelta(days=366):
        yield first, first + dt.timedelta(days=365)
        first += dt.timedelta(days=366)
    yield first, last


def _date_of(moment: dt.date | dt.datetime) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment
