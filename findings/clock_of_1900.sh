#!/usr/bin/env bash
# NTP counts seconds in 32 bits, and begins anew on 7 February 2036 at 06:28:16 UTC; SNTP's rule for it (RFC 4330, section 3)
# is that a time with its first bit at 0 is after that moment. ntplib has no such rule: from then on it takes the answer of
# a right server for one of 1900 and reports an offset of 136 years. Displays that are put up today will live to see it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ntplib==0.4.0
"$folder/venv/bin/python" - <<'PYTHON'
import datetime as dt
import socketserver
import struct
import sys
import threading
from importlib.metadata import version

import ntplib

EPOCH = dt.datetime(1900, 1, 1, tzinfo=dt.UTC)


class Server(socketserver.BaseRequestHandler):
    now = EPOCH

    def handle(self):
        question, reply = self.request
        stamp = struct.pack(">II", int((self.now - EPOCH).total_seconds()) % 2**32, 0)
        # Version 4, mode 4 (server), stratum 1; the question's own time comes back as the originate time.
        head = struct.pack(">BBbbII4s", 0x24, 1, 6, -20, 0, 0, b"GPS\0")
        reply.sendto(head + stamp + question[40:48] + stamp + stamp, self.client_address)


print("ntplib", version("ntplib"))
wrap = EPOCH + dt.timedelta(seconds=2**32)
read = {}
with socketserver.UDPServer(("127.0.0.1", 0), Server) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for Server.now in (wrap - dt.timedelta(seconds=1), wrap, dt.datetime(2036, 6, 1, tzinfo=dt.UTC)):
        answer = ntplib.NTPClient().request("127.0.0.1", version=4, port=server.server_address[1], timeout=20)
        read[Server.now] = dt.datetime.fromtimestamp(answer.tx_time, dt.UTC)
        print(f"the server says {Server.now:%Y-%m-%d %H:%M:%S}, ntplib reads {read[Server.now]:%Y-%m-%d %H:%M:%S}")
    server.shutdown()
before, at, after = ((there - said).total_seconds() for said, there in read.items())
sys.exit(not (before == 0 and at == after == -(2**32)))
PYTHON
