#!/usr/bin/env bash
# The package ical, by which Home Assistant reads calendars, leaves a moved date of a series where it was, too, when its
# times are in UTC: the meeting is shown on both days, a cancelled one goes on. With the same times in a named zone it is
# moved. And of an event with further dates (RDATE) and no rule it forgets the first one, DTSTART, which RFC 5545 (3.8.5.2)
# counts among them always.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ical==14.3.1
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt
import sys
from importlib.metadata import version

from ical.calendar_stream import IcsCalendarStream

print("ical", version("ical"))
START, END = dt.datetime(2027, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 2, 1, tzinfo=dt.UTC)


def event(day, *lines, zone=None):
    name, mark = (f";TZID={zone}", "") if zone else ("", "Z")
    times = (f"DTSTART{name}:202701{day}T180000{mark}", f"DTEND{name}:202701{day}T190000{mark}")
    more = (line.replace("RECURRENCE-ID", f"RECURRENCE-ID{name}") + mark * line.startswith("RECURRENCE") for line in lines)
    return ("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Council", *times, *more, "END:VEVENT")


def days(*events):
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *(line for each in events for line in each), "END:VCALENDAR", "")
    found = IcsCalendarStream.calendar_from_ics("\r\n".join(lines)).timeline.included(START, END)
    return [each.dtstart.day for each in found if each.status != "CANCELLED"]


def series(day, *lines, zone=None):
    rule = event(15, "RRULE:FREQ=DAILY;COUNT=3", zone=zone)
    return days(rule, event(day, "RECURRENCE-ID:20270116T180000", *lines, zone=zone))


seen = {
    "16 moved to 20, named zone": series(20, zone="Europe/Paris"),
    "16 moved to 20, UTC": series(20),
    "16 cancelled, named zone": series(16, "STATUS:CANCELLED", zone="Europe/Paris"),
    "16 cancelled, UTC": series(16, "STATUS:CANCELLED"),
    "on 15 and, by RDATE, 17": days(event(15, "RDATE:20270117T180000Z")),
}
for what, found in seen.items():
    print(f"{what}: {found}")
sys.exit(list(seen.values()) != [[15, 17, 20], [15, 16, 17, 20], [15, 17], [15, 16, 17], [17]])
PYTHON
