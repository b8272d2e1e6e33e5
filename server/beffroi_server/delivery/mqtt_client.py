"""MQTT client of the server's process, which lives as long as that."""

from __future__ import annotations

import contextlib
import functools
import logging
import random
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from beffroi_content.wire.topics import MessageDirection
from beffroi_server.core.tls import client_context

logger = logging.getLogger(__name__)
KEEPALIVE_S = 15
SUBACK_FAILURE = 0x80
TOLD_ROUNDS, TOLD_S = 2, 15.0
"""Refusals, and seconds without a connection, from which operators are told."""
HELD_S = 30.0
"""A connection that lasted so long was a good one: the next attempt after it comes soon."""
LONGEST_PAUSE_S = 60.0
"""Between two connections that a broker accepts and ends at once. Each of them makes us publish everything again."""
LONGEST_SEARCH_S = 16.0
"""Between two attempts to reach a broker that does not answer: an alert may be waiting for it."""
SUBACK_S = 10.0
"""A broker that has not answered a subscription by then has not granted it."""
FIRST_REFUSED_S, LONGEST_REFUSED_S = 1.0, 60.0
"""The pause before refused subscriptions are asked for again. A cluster refuses while it elects a leader."""
MAX_REFUSED_ROUNDS = 6
"""After so many refusals in a row another connection may do better: perhaps to another node."""


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


class ReconnectPauses:
    """The pauses before the next connection: longer after each one that did not hold, with jitter.

    paho starts its own anew after each CONNACK: a broker that accepts and hangs up would be asked once a second for
    ever. And it has no jitter: servers that lost their broker at the same instant would come back at the same instant.

    Args:
        monotonic: Seconds.
        share: Returns a random number from 0 to 1.
    """

    def __init__(
        self, monotonic: Callable[[], float] = time.monotonic, share: Callable[[], float] = random.random
    ) -> None:
        self._monotonic, self._share = monotonic, share
        self._connected_at: float | None = None
        self._short_ones = 0

    def note_connected(self) -> None:
        """Note that the broker has accepted a connection."""
        self._connected_at = self._monotonic()

    def note_lost(self) -> tuple[int, int]:
        """Note that the connection has ended. Return the next pause, and the longest while no broker answers."""
        at, self._connected_at = self._connected_at, None
        has_held = at is not None and self._monotonic() - at >= HELD_S
        self._short_ones = 0 if has_held else self._short_ones + 1
        pause = min(LONGEST_PAUSE_S, 2.0 ** min(self._short_ones, 10)) * (0.5 + self._share() / 2)
        search = LONGEST_SEARCH_S * (0.5 + self._share() / 2)
        return max(1, round(pause)), max(1, round(pause), round(search))


class MqttClient:
    """A client of the broker with a thread of its own, which connects again for as long as it takes."""

    def __init__(self, host: str, port: int, *, username: str = "", password: str = "", tls: bool = False) -> None:
        self._address = host, port
        self._filters: tuple[tuple[str, int], ...] = ()
        self._watched: tuple[tuple[str, int], ...] = ()
        self._watch_callback: Callable[[str, bytes], object] = lambda _topic, _payload: None
        self._connected_callbacks: list[Callable[[], None]] = []
        self._acknowledged_callbacks: list[Callable[[int], None]] = []
        self._message_callbacks: list[Callable[[str, bytes], object]] = []
        # The client identifier cannot be guessed: a client that connects with the same one would replace ours.
        name = f"server-{secrets.token_hex(8)}"
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv311)
        if username:
            self._client.username_pw_set(username, password)
        if tls:
            self._client.tls_set_context(client_context())
        # No limit: an alert does not wait for the acknowledgements of a thousand programmes.
        self._client.max_inflight_messages_set(0)
        self._client.max_queued_messages_set(0)
        self._pauses = ReconnectPauses()
        self._set_pauses()
        self._asking = threading.RLock()
        """Held while topics are asked for and what was asked is noted: the answer may come meanwhile."""
        self._asked: dict[int, tuple[str, ...]] = {}
        self._refused: frozenset[str] = frozenset()
        self._lost_at: float | None = None
        self._refused_rounds = 0
        self._timer: threading.Timer | None = None
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

    def watch(self, filters: tuple[tuple[str, int], ...], callback: Callable[[str, bytes], object]) -> None:
        """Read topics of the server's own at every connection, before anything is sent; call before ``start``."""
        self._watched, self._watch_callback = filters, callback

    def subscribe(self, filters: tuple[tuple[str, int], ...], callback: Callable[[str, bytes], object]) -> None:
        """Subscribe to topics, now and at every connection; call something with topic and payload of each message."""
        self._filters = filters
        self._message_callbacks.append(callback)
        if self.is_connected():
            self._ask_for(filters)

    def unsubscribe(self) -> None:
        """Unsubscribe from all topics and drop the callbacks of messages."""
        if self.is_connected() and self._filters:
            self._client.unsubscribe([topic for topic, _quality in self._filters])
        self._filters, self._refused = (), frozenset()
        self._message_callbacks.clear()

    def start(self) -> None:
        """Start the thread, which connects as soon as the broker answers."""
        host, port = self._address
        self._client.connect_async(host, port, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect, and end the thread."""
        self._cancel_timer()
        self._client.disconnect()
        self._client.loop_stop()

    def is_connected(self) -> bool:
        """Tell whether the broker accepted the connection, as far as is known."""
        return self._client.is_connected()

    def problem(self) -> str:
        """Return ``lost`` where the connection has been away for a while, ``refused``, or nothing."""
        if self._client.is_connected():
            self._lost_at = None
            # Asked for again within seconds: a broker that is only busy is nobody's concern.
            return "refused" if self._refused_rounds > TOLD_ROUNDS else ""
        self._lost_at = self._lost_at if self._lost_at is not None else time.monotonic()
        return "lost" if time.monotonic() - self._lost_at >= TOLD_S else ""

    @property
    def refused_topics(self) -> frozenset[str]:
        """The topic filters that the broker does not grant: what players say there does not arrive."""
        return self._refused

    def publish(self, topic: str, payload: bytes, *, quality: int, retained: bool) -> int | None:
        """Hand a message to the broker without waiting; None without a connection: it stays in the outbox."""
        if not self._client.is_connected():
            return None
        info = self._client.publish(topic, payload, quality, retained)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def _handle_connect(
        self, _client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            logger.error("the broker refuses the server: %s", reason)
            return
        logger.info("connected to the broker")
        # paho sends what was not acknowledged once this returns, behind what goes out meanwhile: the broker would keep
        # an older document in place of a newer one. The outbox sends again whatever lacks an acknowledgement.
        self._client.drop_out_messages()
        self._pauses.note_connected()
        with self._asking:
            self._asked.clear()
            self._refused_rounds = 0
        self._ask_for((*self._watched, *self._filters))
        for callback in self._connected_callbacks:
            callback()

    def _handle_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, reason: ReasonCode, _properties: object
    ) -> None:
        self._lost_at = time.monotonic()
        if reason.is_failure:
            logger.warning("the connection to the broker is lost: %s", reason)
        self._cancel_timer()
        self._set_pauses()

    def _handle_acknowledgement(self, _client: Client, _data: object, number: int, *_more: object) -> None:
        for callback in self._acknowledged_callbacks:
            callback(number)

    def _handle_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        if f"/{MessageDirection.DOWN}/" in message.topic:
            self._watch_callback(message.topic, bytes(message.payload))
            return
        for callback in self._message_callbacks:
            callback(message.topic, bytes(message.payload))

    def _handle_suback(
        self, _client: Client, _data: object, number: int, reasons: list[ReasonCode], *_more: object
    ) -> None:
        with self._asking:
            asked = self._asked.pop(number, ())
            refused = {topic for topic, reason in zip(asked, reasons, strict=False) if reason.value >= SUBACK_FAILURE}
            if asked:
                self._note_refused((self._refused - set(asked)) | refused)

    def _ask_for(self, filters: Iterable[tuple[str, int]]) -> None:
        wanted = list(filters)
        if not wanted:
            return
        with self._asking:
            _result, number = self._client.subscribe(wanted)
            if number is not None:
                self._asked[number] = tuple(topic for topic, _quality in wanted)
            self._start_timer(SUBACK_S, self._check_answered)

    def _check_answered(self) -> None:
        with self._asking:
            unanswered = {topic for topics in self._asked.values() for topic in topics}
            self._asked.clear()
            if unanswered:
                self._note_refused(self._refused | unanswered)

    def _note_refused(self, refused: Collection[str]) -> None:
        if refused and not self._refused:
            logger.error("the broker refuses subscriptions of the server: %s", ", ".join(sorted(refused)))
        self._refused = frozenset(refused)
        if not refused:
            self._refused_rounds = 0
            self._cancel_timer()
            return
        self._refused_rounds += 1
        pause = min(LONGEST_REFUSED_S, FIRST_REFUSED_S * 2.0 ** min(self._refused_rounds - 1, 10))
        self._start_timer(pause * (0.5 + random.random() / 2), self._ask_again)  # noqa: S311 - no secret

    def _ask_again(self) -> None:
        """Ask again for what was refused, or end a connection on which that does not help."""
        if self._refused_rounds < MAX_REFUSED_ROUNDS:
            self._ask_for(each for each in (*self._watched, *self._filters) if each[0] in self._refused)
            return
        logger.error("the broker goes on refusing subscriptions: check its access rules; the server connects anew")
        line = self._client.socket()
        if isinstance(line, socket.socket):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _start_timer(self, seconds: float, work: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = threading.Timer(seconds, log_exceptions(work))
        self._timer.daemon = True
        self._timer.start()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_pauses(self) -> None:
        pause, longest = self._pauses.note_lost()
        self._client.reconnect_delay_set(min_delay=pause, max_delay=longest)


def _disable_nagle(_client: Client, _data: object, connection: socket.socket) -> None:
    # paho leaves Nagle's algorithm on: a message that follows our acknowledgement of another would wait 40 ms for its.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
