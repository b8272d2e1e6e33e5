"""MQTT client of the server's process. The only module of the server that knows paho."""

from __future__ import annotations

import functools
import logging
import random
import secrets
import socket
from collections.abc import Callable
from typing import Any, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

logger = logging.getLogger(__name__)
KEEPALIVE_S = 15
SUBACK_FAILURE = 0x80


class MessageTransport(Protocol):
    """Connection to a broker, as the outbox needs it."""

    def publish(self, topic: str, payload: bytes, *, quality: int, retained: bool) -> int | None:
        """Hand a message to the broker; return the number that it will acknowledge, None without a connection."""


def log_exceptions(callback: Callable[..., None]) -> Callable[..., None]:
    """Log the exception of a callback. In paho it would end the thread, while the connection would seem to be alive."""

    @functools.wraps(callback)
    def logged_callback(*arguments: Any) -> None:
        try:
            callback(*arguments)
        except Exception:
            logger.exception("a callback of the MQTT client failed")

    return logged_callback


class MqttClient:
    """A client of the broker with a thread of its own, which connects again for as long as it takes."""

    def __init__(self, host: str, port: int, *, username: str = "", password: str = "", tls: bool = False) -> None:
        self._address = host, port
        self._filters: tuple[tuple[str, int], ...] = ()
        self._connected_callbacks: list[Callable[[], None]] = []
        self._acknowledged_callbacks: list[Callable[[int], None]] = []
        self._message_callbacks: list[Callable[[str, bytes], None]] = []
        # The client identifier cannot be guessed: a client that connects with the same one would replace ours.
        name = f"server-{secrets.token_hex(8)}"
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv311)
        if username:
            self._client.username_pw_set(username, password)
        if tls:
            self._client.tls_set()
        # No limit: an alert does not wait for the acknowledgements of a thousand programmes.
        self._client.max_inflight_messages_set(0)
        self._client.max_queued_messages_set(0)
        self._spread_reconnects()
        self._client.on_socket_open = log_exceptions(_disable_nagle)
        self._client.on_connect = log_exceptions(self._handle_connect)
        self._client.on_disconnect = log_exceptions(self._handle_disconnect)
        self._client.on_publish = log_exceptions(self._handle_acknowledgement)
        self._client.on_message = log_exceptions(self._handle_message)
        self._client.on_subscribe = log_exceptions(self._handle_suback)

    def on_connected(self, callback: Callable[[], None]) -> None:
        """Add a callback for every connection. It runs in the thread of the client and must not wait for anything."""
        self._connected_callbacks.append(callback)

    def on_acknowledged(self, callback: Callable[[int], None]) -> None:
        """Add a callback for the number of each acknowledged message. It runs in the thread of the client."""
        self._acknowledged_callbacks.append(callback)

    def subscribe(self, filters: tuple[tuple[str, int], ...], callback: Callable[[str, bytes], None]) -> None:
        """Subscribe to topics, now and at every connection; call something with topic and payload of each message."""
        self._filters = filters
        self._message_callbacks.append(callback)
        if self.is_connected():
            self._client.subscribe(list(filters))

    def unsubscribe(self) -> None:
        """Unsubscribe from all topics and drop the callbacks of messages."""
        if self.is_connected() and self._filters:
            self._client.unsubscribe([topic for topic, _quality in self._filters])
        self._filters = ()
        self._message_callbacks.clear()

    def start(self) -> None:
        """Start the thread, which connects as soon as the broker answers."""
        host, port = self._address
        self._client.connect_async(host, port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect, and end the thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def is_connected(self) -> bool:
        """Tell whether the broker accepted the connection, as far as is known."""
        return self._client.is_connected()

    def publish(self, topic: str, payload: bytes, *, quality: int, retained: bool) -> int | None:
        """Hand a message to the broker without waiting; None without a connection: it stays in the outbox."""
        if not self._client.is_connected():
            return None
        info = self._client.publish(topic, payload, quality, retained)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def _handle_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            logger.error("the broker refuses the server: %s", reason)
            return
        logger.info("connected to the broker")
        if self._filters:
            client.subscribe(list(self._filters))
        for callback in self._connected_callbacks:
            callback()

    def _handle_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            logger.warning("the connection to the broker is lost: %s", reason)
        self._spread_reconnects()

    def _handle_acknowledgement(self, _client: Client, _data: object, number: int, *_more: object) -> None:
        for callback in self._acknowledged_callbacks:
            callback(number)

    def _handle_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        for callback in self._message_callbacks:
            callback(message.topic, bytes(message.payload))

    def _handle_suback(
        self, _client: Client, _data: object, _number: int, reasons: list[ReasonCode], *_more: object
    ) -> None:
        if any(reason.value >= SUBACK_FAILURE for reason in reasons):
            logger.error("the broker refuses a subscription of the server: check its access rules")

    def _spread_reconnects(self) -> None:
        # paho has no jitter: servers that lost their broker at the same instant would come back at the same instant.
        spread = random.random()  # noqa: S311 - no secret
        self._client.reconnect_delay_set(min_delay=1, max_delay=round(8 + 8 * spread))


def _disable_nagle(_client: Client, _data: object, connection: socket.socket) -> None:
    # paho leaves Nagle's algorithm on: a message that follows our acknowledgement of another would wait 40 ms for its.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
