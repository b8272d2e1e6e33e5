#!/usr/bin/env bash
# An automatic weather station whose sensor of visibility is out writes “////” in its report (METAR, WMO 306, FM 15). The
# package metar makes ten kilometres of it, the best that such a report can say, with nothing to tell it from a measured
# “9999”; where a station leaves the group out, it gives None. Fog at an airfield is shown as a clear view.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check metar==2.0.2
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from metar.Metar import Metar

print("metar", version("metar"))
expected = {"9999": 10_000, "0350": 350, "////": 10_000, "": None}
seen = {}
for group in expected:
    words = ("METAR LFBD 300630Z AUTO 24005KT", group, "OVC002 05/05 Q1009")
    report = Metar(" ".join(word for word in words if word), month=11, year=2026)
    seen[group] = None if report.vis is None else report.vis.value("M")
    print(f"{group or 'left out':8} -> {seen[group]} m")
sys.exit(seen != expected)
PYTHON
