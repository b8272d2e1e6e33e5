#!/usr/bin/env bash
# The broker amqtt hands a message on with the quality of service of the subscription: one that was published with QoS 0 is
# sent with QoS 1, and has to be acknowledged, where MQTT (3.1.1, 3.8.4) has the lower of the two. And whoever subscribes
# once more with a lower one is told that it is granted, and gets QoS 1 as before: the new subscription should have replaced
# the first. A device that lowers it to save a slow link saves nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check amqtt==0.12.1 paho-mqtt==2.2.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import logging
import queue
import socket
import sys
from importlib.metadata import version

import paho.mqtt.client as paho
from amqtt.broker import Broker

logging.disable(logging.CRITICAL)
print("amqtt", version("amqtt"), "paho-mqtt", version("paho-mqtt"))
with socket.create_server(("127.0.0.1", 0)) as free:
    port = free.getsockname()[1]
access = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}
config = {"listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}"}}, "plugins": access}


def connected():
    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    client.heard = queue.Queue()
    client.on_connect = lambda *_: client.heard.put("connected")
    client.on_subscribe = lambda _c, _u, _m, codes, _p: client.heard.put(codes[0].value)
    client.on_message = lambda _c, _u, message: client.heard.put(message.qos)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.heard.get(timeout=10)
    return client


def work():
    sender, seen = connected(), {}
    for name, subscribed, sent in (("1", [1], 1), ("1", [1], 0), ("0", [0], 1), ("1, then 0", [1, 0], 1)):
        client, granted = connected(), []
        for quality in subscribed:
            client.subscribe("panel/text", quality)
            granted.append(client.heard.get(timeout=10))
        sender.publish("panel/text", "good morning", sent)
        seen[name, sent] = client.heard.get(timeout=10)
        print(f"subscribed with {name} (granted {granted}), published with {sent}: arrives with {seen[name, sent]}")
        client.disconnect()
        client.loop_stop()
    sender.disconnect()
    sender.loop_stop()
    return seen


async def main():
    broker = Broker(config)
    await broker.start()
    try:
        return await asyncio.wait_for(asyncio.to_thread(work), 60)
    finally:
        await broker.shutdown()


sys.exit(asyncio.run(main()) != {("1", 1): 1, ("1", 0): 1, ("0", 1): 0, ("1, then 0", 1): 1})
PYTHON
