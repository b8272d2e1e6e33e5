#!/usr/bin/env bash
# requests: allow_redirects=False is meant to hand over a redirect as it is, and does. With max_redirects = 0 on the
# session, which says the same thing once more, it raises TooManyRedirects instead, although it follows nothing: it works
# out the next request for Response.next all the same, and counts it. With max_redirects = 1 the answer comes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check requests==2.34.2
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import requests

print("requests", requests.__version__)
asked = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()


def answer(most):
    with requests.Session() as session:
        session.max_redirects, session.trust_env = most, False
        try:
            return session.get(f"http://127.0.0.1:{server.server_port}/", allow_redirects=False, timeout=5).status_code
        except requests.TooManyRedirects as error:
            return type(error).__name__


found = {most: answer(most) for most in (0, 1, 30)}
print("allow_redirects=False, by max_redirects:", found, "asked:", asked)
sys.exit(found != {0: "TooManyRedirects", 1: 302, 30: 302} or asked != ["/"] * 3)
PYTHON
