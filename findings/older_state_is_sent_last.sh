#!/usr/bin/env bash
# After a broken connection paho-mqtt sends what was not acknowledged once more, after on_connect has returned: the state
# that on_connect publishes, as is usual, reaches the broker first, and then the older one of the same topic follows. If
# both are retained the broker keeps the older, and whoever subscribes later is told it until it is published again.
# drop_out_messages(), new in 2.2, called at the beginning of on_connect, leaves only the newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check paho-mqtt==2.2.0
"$folder/venv/bin/python" - <<'PYTHON'
import socketserver
import sys
import threading
from importlib.metadata import version

from paho.mqtt.client import CallbackAPIVersion, Client


class Connection(socketserver.StreamRequestHandler):  # The first one breaks before a PUBACK.
    def handle(self):
        while head := self.rfile.read(2):
            body = self.rfile.read(head[1])
            if head[0] >> 4 == 1:
                self.wfile.write(b"\x20\x02\x00\x00")
            elif head[0] >> 4 == 3:
                self.server.arrived.append(body[13:].decode())
                if len(self.server.arrived) == 1:
                    return
                self.wfile.write(b"\x40\x02" + body[11:13])


def arrived_when(drops):
    acknowledged = threading.Event()

    def publish_state(client, *_):
        if drops:
            client.drop_out_messages()
        client.publish("town/road", "open" if broker.arrived else "closed", qos=1, retain=True)

    client = Client(CallbackAPIVersion.VERSION2)
    client.on_connect = publish_state
    client.on_publish = lambda *_: acknowledged.set()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Connection) as broker:
        broker.arrived = []
        threading.Thread(target=broker.serve_forever, daemon=True).start()
        client.connect(*broker.server_address)
        client.loop_start()
        acknowledged.wait(20)
        client.publish("town/stop", "end", qos=1).wait_for_publish(20)
        client.disconnect()
        client.loop_stop()
        broker.shutdown()
    return broker.arrived


plain, dropping = arrived_when(drops=False), arrived_when(drops=True)
print("paho-mqtt", version("paho-mqtt"), "\nreached the broker:", *plain, "\nwith drop_out_messages():", *dropping)
sys.exit(plain != ["closed", "open", "closed", "end"] or dropping != ["closed", "open", "end"])
PYTHON
