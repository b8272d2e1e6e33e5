#!/usr/bin/env bash
# icalendar adds every DURATION to the clock on the wall. RFC 5545 (3.3.6) tells days from hours: P1D is over at the same
# time of the next day, PT24H after 24 hours. In the night in which clocks go forward, an event of PT4H is over after three
# hours, and PT24H cannot be told from P1D, as both are one timedelta. recurring-ical-events says the same of the end.
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

print("icalendar", version("icalendar"), "recurring-ical-events", version("recurring-ical-events"))
HOUR = dt.timedelta(hours=1)


def lasts(night, duration):
    event = ("BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", f"DTSTART;TZID=Europe/Paris:{night}T000000")
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *event, f"DURATION:{duration}", "END:VEVENT", "END:VCALENDAR", "")
    calendar = icalendar.Calendar.from_ical("\r\n".join(lines))
    (event,) = calendar.walk("VEVENT")
    (found,) = recurring_ical_events.of(calendar).at(event.start.date())
    return [(end.astimezone(dt.UTC) - event.start.astimezone(dt.UTC)) / HOUR for end in (event.end, found["DTEND"].dt)]


seen = {}
for night in ("20270328", "20271031"):
    for duration in ("PT4H", "PT24H", "P1D"):
        seen[night, duration] = lasts(night, duration)
        print(f"{night}, {duration}: over after {seen[night, duration]} hours")
expected = {("20270328", "PT4H"): [3, 3], ("20270328", "PT24H"): [23, 23], ("20270328", "P1D"): [23, 23]}
expected |= {("20271031", "PT4H"): [5, 5], ("20271031", "PT24H"): [25, 25], ("20271031", "P1D"): [25, 25]}
sys.exit(seen != expected)
PYTHON
