#!/usr/bin/env bash
# The holidays library knows the two additional public holidays of Alsace and Moselle under "57" (the number of the
# department Moselle) and "6AE" (the ISO code of Alsace). The numbers and names of the two other departments that have
# them (67 and 68, Bas-Rhin and Haut-Rhin) raise an error, and so does every department without additional days. The
# region around them, Grand Est, is taken without a word as all of France: its 26 December is a working day. A program
# that hands over the department of a town fails, or is right by luck.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check holidays==0.109
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import holidays

print("holidays", holidays.__version__)
seen = {}
for place in ("57", "Moselle", "6AE", "Alsace", "67", "68", "Bas-Rhin", "Haut-Rhin", "13", "75", "GES"):
    try:
        seen[place] = "2026-12-26" in holidays.country_holidays("FR", subdiv=place, years=2026)
    except NotImplementedError:
        seen[place] = "error"
    print(f"{place}: 26 December is a holiday: {seen[place]}")
expected = dict.fromkeys(("57", "Moselle", "6AE", "Alsace"), True)
expected |= dict.fromkeys(("67", "68", "Bas-Rhin", "Haut-Rhin", "13", "75"), "error")
expected["GES"] = False
sys.exit(seen != expected)
PYTHON
