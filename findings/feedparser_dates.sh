#!/usr/bin/env bash
# feedparser knows the zone names of the United States and takes every other one for Greenwich: ten o'clock CET comes out
# as ten o'clock UTC, an hour late, and CEST two hours late, without a word. A number of seconds becomes the year of its
# first four figures.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check feedparser==6.0.14
"$folder/venv/bin/python" - <<'PYTHON'
import calendar
import datetime as dt
import sys

import feedparser

print("feedparser", feedparser.__version__)
expected = {
    "Sat, 28 Nov 2026 10:00:00 +0100": "2026-11-28T09:00:00",
    "Sat, 28 Nov 2026 10:00:00 EST": "2026-11-28T15:00:00",
    "Sat, 28 Nov 2026 10:00:00 CET": "2026-11-28T10:00:00",
    "Tue, 28 Jul 2026 10:00:00 CEST": "2026-07-28T10:00:00",
    "1795500000": "1795-11-01T00:00:00",
}
seen = {}
for date in expected:
    text = f"<rss version='2.0'><channel><title>x</title><item><title>t</title><pubDate>{date}</pubDate></item></channel></rss>"
    moment = feedparser.parse(text).entries[0].published_parsed
    seen[date] = None if moment is None else (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=calendar.timegm(moment))).isoformat()
    print(f"{date!r:40} -> {seen[date]} UTC")
sys.exit(seen != expected)
PYTHON
