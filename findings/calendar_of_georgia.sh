#!/usr/bin/env bash
# A calendar that does not name its scale is Gregorian (RFC 5545, 3.7.1). ics adds the line when it writes such a calendar,
# and misspells it: “CALSCALE:GEORGIAN”. recurring-ical-events says of the file that only Gregorian calendars are supported,
# and tells no event of it; icalendar alone reads it. A calendar that ics made itself, or that named its scale, is taken.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ics==0.7.3 icalendar==7.3.2 recurring-ical-events==3.8.2
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import icalendar
import ics
import recurring_ical_events

for name in ("ics", "icalendar", "recurring-ical-events"):
    print(name, version(name))
EVENT = ("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Council", "DTSTART:20270315T180000Z", "END:VEVENT")


def events(text):
    calendar = icalendar.Calendar.from_ical(text)
    try:
        return len(calendar.events), len(recurring_ical_events.of(calendar).between((2027, 3, 1), (2027, 4, 1)))
    except recurring_ical_events.InvalidCalendar as error:
        return len(calendar.events), str(error)


def file(*more):
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *more, *EVENT, "END:VCALENDAR", ""))


own = ics.Calendar(events=[ics.Event(name="Council", begin="2027-03-15 18:00:00")])
texts = {
    "file": file(),
    "file, written by ics": ics.Calendar(file()).serialize(),
    "file with scale, written by ics": ics.Calendar(file("CALSCALE:GREGORIAN")).serialize(),
    "made by ics": own.serialize(),
}
seen = {name: events(text) for name, text in texts.items()}
for name, text in texts.items():
    scales = [line for line in text.splitlines() if line.startswith("CALSCALE")]
    print(f"{name}: {scales}, events by icalendar and recurring-ical-events: {seen[name]}")
refused = (1, "Only Gregorian calendars are supported.")
sys.exit(list(seen.values()) != [(1, 1), refused, (1, 1), (1, 1)])
PYTHON
