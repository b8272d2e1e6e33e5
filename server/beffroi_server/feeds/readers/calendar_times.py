"""Dates, times, durations and time zones of iCalendar (RFC 5545, 3.3 and 3.6.5)."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from beffroi_server.feeds.readers.calendar_lines import CalendarComponent, CalendarProperty

DAY = dt.timedelta(days=1)
MIDNIGHT = dt.time()
FIRST_YEAR, LAST_YEAR = 30, 9900
"""Years outside are moved here, so that no zone and no duration steps past the ends of time."""
_MOMENT = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[T ]?([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?(?:[.,][0-9]+)?"
    r"[ \t]*(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.IGNORECASE,
)
_OBSERVANCE = re.compile(
    r"FREQ=YEARLY(;(INTERVAL=1|BYMONTH=[0-9]{1,2}|BYDAY=[+-]?[0-9]?[A-Z]{2}|UNTIL=[0-9TZ]+|BYMONTHDAY=[-0-9,]+"
    r"|WKST=[A-Z]{2}))*"
)
"""Rules of time zones as everybody writes them: once a year."""
_DURATION = re.compile(
    r"([+-]?)P(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?(?:T(?:([0-9]{1,7})H)?(?:([0-9]{1,7})M)?(?:([0-9]{1,9})S)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class CalendarMoment:
    """A day, or a time of a day in a zone."""

    local: dt.datetime
    """As the clock in ``zone`` shows it, without offset; midnight for a day."""
    zone: dt.tzinfo
    is_day: bool = False

    def in_zone(self, zone: dt.tzinfo) -> dt.datetime:
        """Return the time that a clock in another zone shows, without offset. A day is the same everywhere."""
        if self.is_day:
            return self.local
        return self.instant.astimezone(zone).replace(tzinfo=None)

    @property
    def instant(self) -> dt.datetime:
        """The instant in UTC."""
        return (self.local - self._offset()).replace(tzinfo=dt.UTC)

    def _offset(self) -> dt.timedelta:
        return self.local.replace(tzinfo=self.zone).utcoffset() or dt.timedelta()


@dataclass(frozen=True, slots=True)
class CalendarDuration:
    """A duration: days follow the calendar, the rest is exact (RFC 5545, 3.3.6)."""

    days: int
    exact: dt.timedelta

    def after(self, moment: CalendarMoment) -> CalendarMoment:
        """Return the moment at which what starts at a moment is over."""
        moved = CalendarMoment(moment.local + self.days * DAY, moment.zone, moment.is_day)
        if moment.is_day:
            whole = -(-self.exact // DAY)
            return CalendarMoment(moved.local + whole * DAY, moment.zone, is_day=True)
        return add_exactly(moved, self.exact)


def add_exactly(moment: CalendarMoment, duration: dt.timedelta) -> CalendarMoment:
    """Return the moment an exact time later, whatever the clock on the wall does meanwhile."""
    if not duration:
        return moment
    later = (moment.instant + duration).astimezone(moment.zone).replace(tzinfo=None)
    return CalendarMoment(later, moment.zone)


def parse_moment(text: str, parameters: dict[str, str], zones: CalendarZones) -> CalendarMoment | None:
    """Return the moment of a value of the type DATE or DATE-TIME, or None if it is neither."""
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    is_day = found[4] is None or parameters.get("VALUE", "").upper() == "DATE"
    hour, minute, second = (0, 0, 0) if is_day else (int(found[4]), int(found[5]), int(found[6] or 0))
    try:
        year = min(max(int(found[1]), FIRST_YEAR), LAST_YEAR)
        day = dt.datetime(year, int(found[2]), int(found[3]))  # noqa: DTZ001 - its zone stands beside it
        # 24:00 is the midnight after; a leap second is taken for the one before it.
        is_late = (hour, minute) == (24, 0)
        local = day + DAY if is_late else day.replace(hour=hour, minute=minute, second=min(second, 59))
    except ValueError:
        return None
    if found[7] and not is_day:
        return zones.shown_in_own_zone(CalendarMoment(local, _zone_of_suffix(found[7])))
    return CalendarMoment(local, zones.zone_of("" if is_day else parameters.get("TZID", "")), is_day)


def _zone_of_suffix(text: str) -> dt.tzinfo:
    if text in "zZ":
        return dt.UTC
    minutes = min(int(text[1:3]) * 60 + int(text[-2:]), 23 * 60)
    return dt.timezone((-1 if text[0] == "-" else 1) * dt.timedelta(minutes=minutes))


def parse_duration(text: str) -> CalendarDuration | None:
    """Return the duration of a value, or None if it is none or not a positive one."""
    found = _DURATION.fullmatch(text.strip())
    if found is None or found[1] == "-":
        return None
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in found.groups()[1:])
    # Ten years bound what is added to any date.
    exact = min(dt.timedelta(hours=hours, minutes=minutes, seconds=seconds), 3_660 * DAY)
    duration = CalendarDuration(min(weeks * 7 + days, 3_660), exact)
    return duration if duration.days or duration.exact else None


class CalendarZones:
    """The time zones of one calendar by their ``TZID``."""

    def __init__(self, calendar: CalendarComponent, town: dt.tzinfo) -> None:
        named = (named_zone(each.value) for each in calendar.all_of("X-WR-TIMEZONE"))
        self._own = next((zone for zone in named if zone), None)
        self._found: dict[str, dt.tzinfo] = {"": self._own or town}
        self._definitions = {
            each.value.strip(): part
            for part in calendar.parts
            if part.name == "VTIMEZONE"
            for each in part.all_of("TZID")
        }

    def zone_of(self, name: str) -> dt.tzinfo:
        """Return the zone of a ``TZID``; of an unknown one, and of times without, that of the calendar or the town."""
        name = name.strip()
        if name not in self._found:
            self._found[name] = named_zone(name) or self._defined_zone(name) or self._found[""]
        return self._found[name]

    def shown_in_own_zone(self, moment: CalendarMoment) -> CalendarMoment:
        """Return a moment in the zone that the calendar names for itself (X-WR-TIMEZONE): it repeats by that clock."""
        return CalendarMoment(moment.in_zone(self._own), self._own) if self._own else moment

    def _defined_zone(self, name: str) -> dt.tzinfo | None:
        definition = self._definitions.get(name)
        if definition is None:
            return None
        hinted = (named_zone(each.value) for each in definition.all_of("X-LIC-LOCATION"))
        return next((zone for zone in hinted if zone), None) or _zone_of_definition(definition)


@lru_cache(maxsize=256)
def named_zone(name: str) -> ZoneInfo | None:
    """Return the zone of an IANA name, of a name of Windows, or of one with a prefix; None if there is no such zone."""
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415 - other readers do without

    name = name.strip().strip('"')
    parts = name.split("/")
    tails = ["/".join(parts[at:]) for at in range(1, len(parts))] if name.startswith("/") else []
    for candidate in (name, WINDOWS_TO_OLSON.get(name, ""), *tails[:6]):
        if known := _known_zones().get(candidate.casefold()):
            return ZoneInfo(known)
    return None


@lru_cache(maxsize=1)
def _known_zones() -> dict[str, str]:
    # Looking for a zone that does not exist takes long, and a file may name thousands of them.
    return {name.casefold(): name for name in available_timezones()}


def _zone_of_definition(definition: CalendarComponent) -> dt.tzinfo | None:
    """Return the zone that a VTIMEZONE describes; observances that make no sense are left out."""
    observances = [text for part in definition.parts if (text := _observance_text(part))]
    if not observances:
        return None
    return _zone_of_observances("".join(observances))


@lru_cache(maxsize=64)
def _zone_of_observances(observances: str) -> dt.tzinfo | None:
    from dateutil import tz  # noqa: PLC0415 - few calendars need it

    try:
        return tz.tzical(io.StringIO(f"BEGIN:VTIMEZONE\nTZID:zone\n{observances}END:VTIMEZONE\n")).get("zone")
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError):
        return None


def _observance_text(part: CalendarComponent) -> str:
    start = next((each.value.strip() for each in part.all_of("DTSTART")), "")
    offsets = [next((_offset_text(each) for each in part.all_of(f"TZOFFSET{end}")), "") for end in ("FROM", "TO")]
    if part.name not in ("STANDARD", "DAYLIGHT") or not re.fullmatch(r"[0-9]{8}T[0-9]{6}", start) or not all(offsets):
        return ""
    # Centuries before the first event of any calendar would only be counted through.
    start = max(start, f"1970{start[4:]}")
    rule = next((each.value.strip().upper() for each in part.all_of("RRULE")), "")
    rules = f"RRULE:{rule}\n" if _OBSERVANCE.fullmatch(rule) else ""
    return (
        f"BEGIN:{part.name}\nDTSTART:{start}\nTZOFFSETFROM:{offsets[0]}\nTZOFFSETTO:{offsets[1]}\n{rules}"
        f"END:{part.name}\n"
    )


def _offset_text(value: CalendarProperty) -> str:
    text = value.value.strip().replace(":", "")
    return text if re.fullmatch(r"[+-][01][0-9][0-5][0-9]([0-5][0-9])?", text) else ""
