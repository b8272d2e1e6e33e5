"""A client that tries what a broker lets it do."""

from __future__ import annotations

import threading

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from beffroi_content.wire.broker_accounts import client_identifier
from tests.support.waiting import PATIENCE_S


class Visitor:
    """A client that knows what it was answered."""

    def __init__(self, port: int, username: str | None, password: str | None, name: str = "", will: str = "") -> None:
        # One that was refused would sleep for a second before it tried again.
        self.client = Client(
            CallbackAPIVersion.VERSION2, name or client_identifier(password or ""), reconnect_on_failure=False
        )
        if username is not None:
            self.client.username_pw_set(username, password)
        if will:
            self.client.will_set(will, b"dead", 1, True)
        self.answered = threading.Event()
        self.connected = False
        self.granted: list[int] = []
        self.subscribed = threading.Event()
        self.heard: list[tuple[str, bytes]] = []
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.lost = threading.Event()
        self.client.on_disconnect = lambda *_: self.lost.set()
        self.client.on_message = lambda _c, _d, message: self.heard.append((message.topic, message.payload))
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.answered.wait(PATIENCE_S)

    def _on_connect(self, _client, _data, _flags, reason, _properties) -> None:
        self.connected = not reason.is_failure
        self.answered.set()

    def _on_subscribe(self, _client, _data, _number, reasons, _properties) -> None:
        self.granted = [reason.value for reason in reasons]
        self.subscribed.set()

    def subscribe(self, *topics: str) -> list[bool]:
        self.subscribed.clear()
        self.client.subscribe([(topic, 1) for topic in topics])
        assert self.subscribed.wait(PATIENCE_S)
        return [code < 0x80 for code in self.granted]

    def publish(self, topic: str, payload: bytes = b"x", *, retained: bool = False) -> None:
        self.client.publish(topic, payload, 1, retained).wait_for_publish(PATIENCE_S)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()
