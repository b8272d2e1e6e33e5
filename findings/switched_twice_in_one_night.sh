#!/usr/bin/env bash
# croniter, asked in the zone of the place, has a daily time of 02:30 twice in the night in which clocks go back, and in the
# night in which they go forward “every second hour” is due at 03:00, an hour that the rule does not name, and at 04:00 again.
# cronsim, which follows Debian's cron, has the first once and leaves the second out. A display that is switched by
# croniter is switched twice.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8 tzdata==2026.6
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt
import itertools
import sys
from importlib.metadata import version
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

print("croniter", version("croniter"), "cronsim", version("cronsim"))
PARIS = ZoneInfo("Europe/Paris")
CASES = (
    ("30 2 * * *", dt.datetime(2027, 10, 30, 12, tzinfo=PARIS)),
    ("0 */2 * * *", dt.datetime(2027, 3, 28, 0, 30, tzinfo=PARIS)),
)


def shown(moments):
    return [f"{moment:%d %H:%M%z}" for moment in itertools.islice(moments, 3)]


seen = {}
for rule, start in CASES:
    seen[rule] = shown(croniter(rule, start).all_next(dt.datetime)), shown(CronSim(rule, start))
    print(f"{rule}, from {start:%d %B %H:%M}: croniter {seen[rule][0]}, cronsim {seen[rule][1]}")
expected = {
    "30 2 * * *": (
        ["31 02:30+0200", "31 02:30+0100", "01 02:30+0100"], ["31 02:30+0200", "01 02:30+0100", "02 02:30+0100"]
    ),
    "0 */2 * * *": (
        ["28 03:00+0200", "28 04:00+0200", "28 06:00+0200"], ["28 04:00+0200", "28 06:00+0200", "28 08:00+0200"]
    ),
}
sys.exit(seen != expected)
PYTHON
