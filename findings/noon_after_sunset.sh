#!/usr/bin/env bash
# astral, asked for the sun of one day in the zone of the place, answers noon and midnight of another day where the zone is
# on the other side of the date line than the longitude, as in Wallis, Tonga and Samoa: sunrise and sunset are of the day,
# noon comes a day after. Who brightens a display towards noon and dims it after finds noon later than sunset.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check astral==3.2 tzdata==2026.6
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt
import sys
from zoneinfo import ZoneInfo

import astral
from astral.sun import sun

print("astral", astral.__version__)
DAY = dt.date(2026, 6, 21)
PLACES = {
    "Pacific/Wallis": (-13.28, -176.17),
    "Pacific/Tongatapu": (-21.14, -175.20),
    "Pacific/Apia": (-13.83, -171.77),
    "Pacific/Noumea": (-22.27, 166.44),
    "Pacific/Tahiti": (-17.53, -149.57),
    "Europe/Paris": (48.86, 2.35),
}
seen = {}
for zone, (latitude, longitude) in PLACES.items():
    times = sun(astral.Observer(latitude, longitude), date=DAY, tzinfo=ZoneInfo(zone))
    seen[zone] = tuple((times[name].date() - DAY).days for name in ("sunrise", "noon", "sunset"))
    print(f"{zone:18}", *(f"{name} {times[name]:%d %B %H:%M}" for name in ("sunrise", "noon", "sunset")))
expected = dict.fromkeys(("Pacific/Wallis", "Pacific/Tongatapu", "Pacific/Apia"), (0, 1, 0))
expected |= dict.fromkeys(("Pacific/Noumea", "Pacific/Tahiti", "Europe/Paris"), (0, 0, 0))
sys.exit(seen != expected)
PYTHON
