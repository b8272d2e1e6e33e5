#!/usr/bin/env bash
# sacn (Streaming ACN, ANSI E1.31) tells a listener of levels only when they differ from the last ones, also across a loss
# of the stream: a panel that goes dark on “timeout” stays dark when the controller comes back with the same picture. Its
# README says that callbacks come when new data arrive. What is compared leaves out the start code: a packet of
# priorities per address (0xDD), which many lighting desks send between those of levels, comes as levels.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sacn==1.11.0
"$folder/venv/bin/python" - <<'PYTHON'
import queue
import socket
import sys
from importlib.metadata import version

import sacn
from sacn.messages.data_packet import DataPacket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
events = queue.Queue()
receiver = sacn.sACNreceiver(bind_address="127.0.0.1", bind_port=port)
receiver.register_listener("availability", lambda universe, changed: events.put(changed))
receiver.register_listener("universe", lambda packet: events.put((hex(packet.dmxStartCode), packet.dmxData[0])), universe=1)
receiver.start()
desk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sent = 0


def send(level, start_code=0, *, is_last=False):
    global sent
    sent += 1
    packet = DataPacket(
        (7,) * 16, "desk", 1, (level,) * 512, sequence=sent, streamTerminated=is_last, dmxStartCode=start_code
    )
    desk.sendto(bytes(packet.getBytes()), ("127.0.0.1", port))


send(200)
send(200, is_last=True)
send(200)
send(200)
send(100, 0xDD)
send(201)
seen = []
while not seen or seen[-1] != ("0x0", 201):
    seen.append(events.get(timeout=20))
receiver.stop()
desk.close()
print("sacn", version("sacn"), "\nsent: 200, end of the stream, 200, 200, priorities of 100, 201\ntold:", *seen)
sys.exit(seen != ["available", ("0x0", 200), "timeout", "available", ("0xdd", 100), ("0x0", 201)])
PYTHON
