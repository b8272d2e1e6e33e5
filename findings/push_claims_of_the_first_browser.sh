#!/usr/bin/env bash
# pywebpush.webpush() writes into the dictionary of claims that it is given: “aud” names the push service of that browser.
# In a loop over browsers with one such dictionary, all messages after the first are signed for the service of the first,
# and RFC 8292 has every other service refuse them: people with Firefox are told, those with Chrome are not, or the other
# way round, by the order of the list. A dictionary made for each message is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pywebpush==2.5.0 py-vapid==1.9.6
"$folder/venv/bin/python" - <<'PYTHON'
import base64
import json
import os
import re
import sys
from importlib.metadata import version
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid
from pywebpush import webpush

SERVICES = ("https://updates.push.example", "https://push.other.example")


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Service:
    def post(self, endpoint, headers, **_):
        token = re.search(r"t=([^,]+)", {name.lower(): value for name, value in headers.items()}["authorization"])[1]
        part = token.split(".")[1]
        self.audience = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["aud"]
        return SimpleNamespace(status_code=201, status=201, headers={}, text="", reason="Created")


point = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
keys = {"p256dh": text(point), "auth": text(os.urandom(16))}
key = Vapid()
key.generate_keys()


def audiences(claims_for_each):
    found, shared, service = [], {"sub": "mailto:town@example.org"}, Service()
    for origin in SERVICES:
        claims = dict(shared) if claims_for_each else shared
        browser = {"endpoint": f"{origin}/send/1", "keys": keys}
        webpush(browser, "Alert", vapid_private_key=key, vapid_claims=claims, requests_session=service)
        found.append(service.audience)
    return tuple(found)


one, each = audiences(claims_for_each=False), audiences(claims_for_each=True)
print("pywebpush", version("pywebpush"), "\nsent to:", *SERVICES)
print("signed for, one dictionary:", *one, "\nsigned for, one each:", *each)
sys.exit(not (one == SERVICES[:1] * 2 and each == SERVICES))
PYTHON
