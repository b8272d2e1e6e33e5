#!/usr/bin/env bash
# recurring-ical-events: a whole-day event whose DTEND is its DTSTART, as France's official calendars of public holidays write
# all their days, is an instant at midnight: asked at noon what is on, it is not there. Without DTEND the same day is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt
import sys
from importlib.metadata import version

import icalendar
import recurring_ical_events

print("recurring-ical-events", version("recurring-ical-events"), "icalendar", version("icalendar"))


def on_at(hour, *lines):
    event = ("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", "SUMMARY:Christmas", *lines, "END:VEVENT")
    text = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *event, "END:VCALENDAR", ""))
    moment = dt.datetime(2026, 12, 25, hour, tzinfo=dt.UTC)
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text))
    return bool(found.between(moment, moment + dt.timedelta(minutes=1)))


start, end = "DTSTART;VALUE=DATE:20261225", "DTEND;VALUE=DATE:20261225"
seen = {
    "without DTEND, at noon": on_at(12, start),
    "DTEND = DTSTART, at midnight": on_at(0, start, end),
    "DTEND = DTSTART, at noon": on_at(12, start, end),
}
for what, is_on in seen.items():
    print(f"{what}: {'on' if is_on else 'not there'}")
sys.exit(list(seen.values()) != [True, True, False])
PYTHON
