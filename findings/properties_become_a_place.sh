#!/usr/bin/env bash
# geojson.loads() changes the properties of a feature when one of them is named “type” and its value is the name of a kind of
# geometry: {"type": "Point", "name": "Siren"}, as a table of street furniture has it, comes back with "coordinates": [].
# Properties belong to whoever wrote them, of whatever form (RFC 7946, 3.2), and so it is with any other value; with
# coordinates of their own that are no numbers, such as a reference of a grid, the whole file is refused.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check geojson==3.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

import geojson

print("geojson", version("geojson"))


def properties(given):
    text = json.dumps({"type": "Feature", "geometry": {"type": "Point", "coordinates": [2.5, 48.5]}, "properties": given})
    try:
        return dict(geojson.loads(text)["properties"])
    except ValueError as error:
        return f"{type(error).__name__}: {error}"


given = {
    "another word": {"type": "Pole", "name": "Siren"},
    "a geometry": {"type": "Point", "name": "Siren"},
    "a feature": {"type": "Feature", "name": "Siren"},
    "a place of its own": {"type": "Point", "coordinates": ["31UDQ", "4825"]},
}
seen = {name: properties(each) for name, each in given.items()}
for name, found in seen.items():
    print(f"{name}: {given[name]} becomes {found}")
changed = {**given["a geometry"], "coordinates": []}
right = seen["another word"] == given["another word"] and seen["a geometry"] == changed
refused = str(seen["a place of its own"]).startswith("ValueError")
sys.exit(not (right and refused and set(seen["a feature"]) == {"type", "name", "geometry", "properties"}))
PYTHON
