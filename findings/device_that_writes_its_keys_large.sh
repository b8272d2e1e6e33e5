#!/usr/bin/env bash
# What a device says of itself by mDNS stands under keys of which case does not count, and only the first of the same key
# does (RFC 6763, 6.4): “Path” and “path” are one. zeroconf hands over a dictionary in which they are two, so that
# properties.get(b"path") of a device that writes “Path=/tv” is None, and where both were sent, the second is found, which
# should have been ignored. An entry without a key, which is to be ignored too, is there under an empty one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check zeroconf==0.154.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from zeroconf import ServiceInfo

print("zeroconf", version("zeroconf"))


def properties(*entries):
    record = b"".join(bytes([len(entry)]) + entry for entry in entries)
    return ServiceInfo("_http._tcp.local.", "Screen._http._tcp.local.", properties=record).properties


seen = {
    "Path": properties(b"Path=/tv").get(b"path"),
    "path twice": properties(b"path=/tv", b"path=/old").get(b"path"),
    "Path, then path": properties(b"Path=/tv", b"path=/old").get(b"path"),
    "no key": properties(b"=/old", b"path=/tv").get(b""),
}
for name, found in seen.items():
    print(f"{name}: {found}")
sys.exit(list(seen.values()) != [None, b"/tv", b"/old", b"/old"])
PYTHON
