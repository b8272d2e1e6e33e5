#!/usr/bin/env bash
# paho-mqtt says of a message that was published with QoS 1 while the connection is down that it failed: rc is
# MQTT_ERR_NO_CONN, wait_for_publish() and is_published() raise “Message publish failed”. It has queued it all the same,
# and sends it once the connection is there; the broker acknowledges it, and is_published() goes on raising. Whoever tries
# again on this error sends twice. With QoS 0 the same error means what it says: the message is gone.
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

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

arrived, acknowledged = [], threading.Event()


# As much of MQTT 3.1.1 as CONNECT and short messages need.
class Broker(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.rfile.read(2):
            body = self.rfile.read(head[1])
            if head[0] >> 4 == 1:
                self.wfile.write(b"\x20\x02\x00\x00")
            elif head[0] >> 4 == 3:
                topic_end, quality = 2 + int.from_bytes(body[:2], "big"), head[0] >> 1 & 3
                arrived.append((quality, body[topic_end + 2 * bool(quality) :].decode()))
                self.wfile.write(b"\x40\x02" + body[topic_end : topic_end + 2])


def outcome(info):
    try:
        return info.is_published()
    except RuntimeError as error:
        return str(error)


client = Client(CallbackAPIVersion.VERSION2)
client.on_publish = lambda *_: acknowledged.set()
sent = [client.publish("town/alert", f"QoS {quality}", qos=quality) for quality in (0, 1)]
before = [(int(info.rc), outcome(info)) for info in sent]
with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Broker) as broker:
    threading.Thread(target=broker.serve_forever, daemon=True).start()
    client.connect(*broker.server_address)
    client.loop_start()
    acknowledged.wait(20)
    after = [(int(info.rc), outcome(info)) for info in sent]
    client.disconnect()
    client.loop_stop()
    broker.shutdown()
print("paho-mqtt", version("paho-mqtt"))
print("without a connection:", *before, "\nconnected:", *after, "\nacknowledged:", acknowledged.is_set(), "arrived:", arrived)
failed = [(4, "Message publish failed: The client is not currently connected.")] * 2
sys.exit(not (before == after == failed and acknowledged.is_set() and arrived == [(1, "QoS 1")]))
PYTHON
