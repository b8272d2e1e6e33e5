#!/usr/bin/env bash
# What Apprise.notify() returns is neither True nor False, whatever happened: a caller that compares it with either
# (`result is True`, `result == False`) takes every message for lost, or for sent. Its truth value is no safe ground for
# a second try, either: it is false when nothing was addressed, when all services failed, and when some of them have
# delivered, so that whoever tries again on "not result" sends twice to those that have it. `status` tells them apart.
# A service that returns nothing counts as delivered.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check apprise==2.3.0
"$folder/venv/bin/python" - <<'PYTHON'
import logging
import sys

import apprise
from apprise.decorators import notify

logging.disable(logging.CRITICAL)


@notify(on="delivers")
def delivers(body, title, notify_type, *args, **kwargs):
    return True


@notify(on="fails")
def fails(body, title, notify_type, *args, **kwargs):
    return False


@notify(on="silent")
def silent(body, title, notify_type, *args, **kwargs):
    return None


print("apprise", apprise.__version__)
seen = {}
for services in ((), ("delivers",), ("fails",), ("delivers", "fails"), ("silent",)):
    channel = apprise.Apprise()
    for service in services:
        channel.add(f"{service}://")
    result = channel.notify("Route barrée")
    seen[services] = (bool(result), result == True, result == False, result.status.name)  # noqa: E712
    print(" + ".join(services) or "nobody", "-> truth, == True, == False, status:", *seen[services])
expected = {
    (): (False, False, False, "NOMATCH"),
    ("delivers",): (True, False, False, "SUCCESS"),
    ("fails",): (False, False, False, "FAILURE"),
    ("delivers", "fails"): (False, False, False, "PARTIAL"),
    ("silent",): (True, False, False, "SUCCESS"),
}
sys.exit(seen != expected)
PYTHON
