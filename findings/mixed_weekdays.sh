#!/usr/bin/env bash
# python-dateutil: of a monthly rule with numbered and plain weekdays ("the first Monday, and every Friday") only days that
# are both are named, so an ordinary valid rule names hardly any. RFC 5545 (3.3.10, BYDAY) reads a list as one or the other,
# and so do the calendars that write such rules. Either half alone is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-dateutil==2.9.0.post0
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt
import sys

import dateutil
from dateutil.rrule import rrulestr

print("python-dateutil", dateutil.__version__)
start, end = dt.datetime(2026, 12, 1, 18), dt.datetime(2026, 12, 31, 23)


def days(rule):
    return [moment.day for moment in rrulestr(rule, dtstart=start).between(start, end, inc=True)]


first_monday, fridays = days("FREQ=MONTHLY;BYDAY=1MO"), days("FREQ=MONTHLY;BYDAY=FR")
both = days("FREQ=MONTHLY;BYDAY=1MO,FR")
print("the first Monday of December 2026:", first_monday)
print("its Fridays:", fridays)
print("both in one rule, 1MO,FR:", both)
print("expected by RFC 5545:", sorted({*first_monday, *fridays}))
sys.exit(not (first_monday == [7] and fridays == [4, 11, 18, 25] and both == []))
PYTHON
