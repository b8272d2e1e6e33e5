#!/usr/bin/env bash
# ics reads a calendar and writes another one: times in a named zone become times in UTC, and the rule of a series stays with
# them, so that a weekly council at 18:00 in Paris, begun in winter, is at 19:00 from the end of March on. A time of no zone,
# which is the same on every clock (RFC 5545, 3.3.5), becomes UTC and so another one. Both are right in the program that
# wrote the file, and wrong in the one that reads it, here icalendar with recurring-ical-events.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ics==0.7.3 icalendar==7.3.2 recurring-ical-events==3.8.2 tzdata==2026.6
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt
import sys
from importlib.metadata import version
from zoneinfo import ZoneInfo

import icalendar
import ics
import recurring_ical_events

for name in ("ics", "icalendar", "recurring-ical-events"):
    print(name, version(name))
PARIS = ZoneInfo("Europe/Paris")


def calendar(*lines):
    event = ("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Council", *lines, "END:VEVENT")
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *event, "END:VCALENDAR", ""))


def shown(text):
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2027, 3, 1), (2027, 4, 15))
    starts = (each.start for each in found)
    return [f"{start.astimezone(PARIS) if start.tzinfo else start:%d.%m. %H:%M}" for start in starts]


GIVEN = {
    "named zone": calendar("DTSTART;TZID=Europe/Paris:20270315T180000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=4"),
    "no zone": calendar("DTSTART:20270315T180000", "DURATION:PT1H"),
}
seen = {}
for name, text in GIVEN.items():
    # Its misspelt CALSCALE would be refused: see calendar_of_georgia.sh.
    written = ics.Calendar(text).serialize().replace("CALSCALE:GEORGIAN\r\n", "")
    seen[name] = shown(text), shown(written)
    print(f"{name}: {seen[name][0]}, written by ics: {seen[name][1]}")
days = ["15.03.", "22.03.", "29.03.", "05.04."]
moved = [f"{day} {hour}:00" for day, hour in zip(days, (18, 18, 19, 19), strict=True)]
expected = {"named zone": ([f"{day} 18:00" for day in days], moved), "no zone": (["15.03. 18:00"], ["15.03. 19:00"])}
sys.exit(seen != expected)
PYTHON
