#!/usr/bin/env bash
# WhiteNoise answers Range and does not look at If-Range: a download that was interrupted, and is resumed after the file
# was replaced, is told 206 and gets the end of the new file after the beginning of the old one, where RFC 9110 (13.1.5)
# has it sent whole. And it compares If-None-Match as one text: the weak form of its own ETag, as nginx passes it on when
# it compresses, or a list with that ETag in it, never gives 304; RFC 9110 (13.1.2) has both match.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check whitenoise==6.12.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys
from importlib.metadata import version
from pathlib import Path

from whitenoise import WhiteNoise

root = Path(sys.argv[1]) / "static"
root.mkdir()


def server_of(content):
    (root / "film.bin").write_bytes(content)
    return WhiteNoise(lambda *_: [], root=root)


def ask(server, **headers):
    answer = {}
    environ = {"PATH_INFO": "/film.bin", "REQUEST_METHOD": "GET", **headers}
    body = b"".join(server(environ, lambda status, lines: answer.update(lines, status=status)))
    return int(answer["status"][:3]), answer.get("ETag"), body


print("whitenoise", version("whitenoise"))
_status, old_tag, _body = ask(server_of(b"old file"))
server = server_of(b"the new file")
status, tag, rest = ask(server, HTTP_RANGE="bytes=4-", HTTP_IF_RANGE=old_tag)
print(f"resumed with the old ETag: {status}, in all {b'old ' + rest}, ETags differ: {old_tag != tag}")
known = {"as it was": tag, "weak": f"W/{tag}", "in a list": f'"other", {tag}'}
told = {name: ask(server, HTTP_IF_NONE_MATCH=value)[0] for name, value in known.items()}
print("If-None-Match with the new ETag:", told)
resumed = (status, b"old " + rest) == (206, b"old new file") and old_tag != tag
sys.exit(not (resumed and told == {"as it was": 304, "weak": 200, "in a list": 200}))
PYTHON
