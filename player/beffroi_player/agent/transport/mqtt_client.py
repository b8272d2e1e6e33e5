"""The MQTT client of the agent: one thread connects, subscribes, receives, and sends what others hand over.

paho's own loop is not used: it reconnects every player of a town at the same instants, it dies of an exception in a
callback, and it believes to be connected when it is not.
"""

from __future__ import annotations

import logging
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from beffroi_content.wire.broker_accounts import client_identifier
from beffroi_content.wire.limits import receive_limit
from beffroi_content.wire.messages import STATUS, WireMessage, message_of
from beffroi_content.wire.reports import PlayerStatus
from beffroi_content.wire.scopes import TopicScope
from beffroi_content.wire.topics import Topic
from beffroi_player import backoff, system_clock
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.storage import BrokerAddress, PlayerEnrolment
from beffroi_player.agent.transport import trusted_authorities
from beffroi_player.agent.transport.subscriptions import SubscriptionState

log = logging.getLogger(__name__)

KEEPALIVE_SECONDS = 12
"""paho notices a dead peer after twice that; the missing beat is noticed after ``BEAT_TIMEOUT_MS``."""
CONNECT_SECONDS = 5.0
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 0.5, 20.0
"""The longest delay after a connection that was good, and after any other."""
STEADY_SECONDS = 30.0
"""A connection that lasted so long was a good one: the next attempt after it comes soon."""
OUTBOX_CAPACITY = 500
RECEIVE_BUFFER_BYTES = 64 * 1024
"""The bytes that the kernel receives while this thread does something else."""

Acknowledgement = Callable[[], None]


class ConnectionHistory(NamedTuple):
    """How often a connection has come and gone: whoever looks later sees that something has changed."""

    connected: int
    """How often the broker has accepted the connection."""
    lost: int
    """How often an established connection has ended."""


class PlayerMqttClient:
    """A connection to the broker that is always being restored.

    Args:
        enrolment: Where the broker is and who the player is.
        boot: Identifies this start of the agent.
        host: The host of the broker.
        boot: Identifies this start of the agent.
        topics: Returns the topics to subscribe to, in order; asked at each subscription.
        receive: Called with each document; must not block.
        refused: Called with each topic that the broker does not grant, and its reason.
        changed: Called when the connection comes or goes; must not block.
        box: The machine, as its status says it.
    """

    def __init__(
        self,
        enrolment: PlayerEnrolment,
        host: str,
        boot: str,
        topics: Callable[[], Sequence[Topic]],
        receive: Callable[[ReceivedDocument], object],
        refused: Callable[[str, str], None],
        changed: Callable[[], object],
        box: str = "",
    ) -> None:
        self._enrolment = enrolment
        self._broker, self._host = enrolment.mqtt, host
        self._has_moved = threading.Event()
        self._away_until = 0.0
        self._boot, self._box = boot, box
        self._topics = topics
        self._receive = receive
        self._refused = refused
        self._changed = changed
        self._connections = 0
        self._stopping = threading.Event()
        self._outbox: queue.Queue[tuple[str, bytes, int, bool, Acknowledgement | None]] = queue.Queue(OUTBOX_CAPACITY)
        self._resubscribe = threading.Event()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_out.setblocking(False)
        self._wake_in.setblocking(False)
        self._client: Client | None = None
        self._connected = False
        self._history = ConnectionHistory(0, 0)
        self._subscriptions = SubscriptionState()
        self._asked_for: set[str] = set()
        self._acknowledged: dict[int, Acknowledgement] = {}
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)

    @property
    def is_fully_subscribed(self) -> bool:
        """Whether the broker has accepted the connection and granted every topic."""
        return self._connected and self._subscriptions.is_complete

    @property
    def history(self) -> ConnectionHistory:
        """How often the connection has come and gone."""
        return self._history

    @property
    def is_connected(self) -> bool:
        """Whether the broker has accepted the connection."""
        return self._connected

    def start(self) -> None:
        """Start the thread, which connects at once."""
        self._thread.start()

    def stop(self) -> None:
        """Say that the player goes offline, disconnect, and end the thread."""
        self._stopping.set()
        self._wake_thread()
        self._thread.join(CONNECT_SECONDS + 2)
        self._wake_out.close()
        self._wake_in.close()

    def use_broker(self, broker: BrokerAddress, host: str) -> None:
        """Connect to another broker, from now on. From any thread."""
        self._broker, self._host = broker, host
        self._has_moved.set()
        self._wake_thread()

    def stay_away(self, seconds: float) -> None:
        """Leave the broker to another player with the same identity for some seconds; 0: come back. From any thread."""
        self._away_until = time.monotonic() + seconds
        self._wake_thread()

    @property
    def _is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def request_subscriptions(self) -> None:
        """Subscribe to every topic again; the broker then sends what it retains for each once more."""
        self._resubscribe.set()
        self._wake_thread()

    def publish(self, message: WireMessage, payload: bytes, acknowledged: Acknowledgement | None = None) -> bool:
        """Hand over a message. Return False where it is dropped: there is no connection, or the outbox is full.

        Args:
            message: The declaration of the message.
            payload: Its bytes.
            acknowledged: Called from the thread of this client once the broker has it.
        """
        # Nothing is kept for later: whoever reports does so again, and tells more by then.
        if not self._connected:
            return False
        topic = str(message.topic_for(self._enrolment.site, TopicScope.of_screen(self._enrolment.screen)))
        try:
            self._outbox.put_nowait((topic, payload, message.quality, message.retained, acknowledged))
        except queue.Full:
            return False
        self._wake_thread()
        return True

    # --- in the thread of the client

    def _run(self) -> None:
        attempt = 0
        while not self._stopping.is_set():
            if self._is_away:
                self._stopping.wait(1.0)
                continue
            began = time.monotonic()
            try:
                self._connect_and_serve()
            except Exception as error:  # noqa: BLE001 -- the thread lives as long as the agent
                log.info("no connection to %s:%d: %s", self._host, self._broker.port, error)
            self._reset_connection()
            # A broker that accepts and drops at once must not be asked without a pause.
            attempt = 0 if time.monotonic() - began > STEADY_SECONDS else attempt + 1
            # Full jitter: after an outage a thousand players must not come back in the same second.
            self._stopping.wait(
                backoff.retry_delay(attempt, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, least_share=0.0)
            )

    def _connect_and_serve(self) -> None:
        self._connections += 1
        client = self._client = self._new_client()
        self._has_moved.clear()
        client.connect(self._host, self._broker.port, KEEPALIVE_SECONDS)
        if isinstance(line := client.socket(), socket.socket):
            # paho reads up to a hundred times before it returns: a small buffer bounds what it can take in by then.
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        while not self._stopping.is_set():
            handle = client.socket()
            if handle is None or self._has_moved.is_set():
                return
            if self._is_away:
                break
            self._send_outbox(client)
            self._repeat_subscriptions(client)
            writing = [handle] if client.want_write() else []
            # TLS may hold bytes that the kernel no longer has, so select would not see them.
            patience = 0.0 if isinstance(handle, ssl.SSLSocket) and handle.pending() else 1.0
            readable, writable, _ = select.select([handle, self._wake_out], writing, [], patience)
            if self._wake_out in readable:
                self._wake_out.recv(4096)
            results = [client.loop_read()] if handle in readable or not patience else []
            results += [client.loop_write()] if writable else []
            if any(result != MQTT_ERR_SUCCESS for result in (*results, client.loop_misc())):
                return
            # paho believes the length that a packet states, and keeps what comes until it is complete.
            if client._in_packet["remaining_length"] > receive_limit():
                raise ValueError(f"a message of more than {receive_limit()} bytes")
        client.publish(*self._status_message(online=False))
        client.disconnect()
        client.loop_write()

    def _new_client(self) -> Client:
        broker = self._broker
        name = client_identifier(broker.password)
        client = Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=True, protocol=MQTTv311)
        client.username_pw_set(broker.username, broker.password)
        client.connect_timeout = CONNECT_SECONDS
        if broker.tls:
            client.tls_set_context(trusted_authorities.tls_context())
        client.will_set(*self._status_message(online=False))
        client.on_socket_open = _disable_nagle
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        return client

    def _status_message(self, *, online: bool) -> tuple[str, bytes, int, bool]:
        status = PlayerStatus(online=online, boot=self._boot, connection=self._connections, box=self._box)
        topic = STATUS.topic_for(self._enrolment.site, TopicScope.of_screen(self._enrolment.screen))
        return str(topic), status.to_json(), STATUS.quality, STATUS.retained

    def _send_outbox(self, client: Client) -> None:
        if not self._connected:
            return
        if self._resubscribe.is_set():
            self._resubscribe.clear()
            self._subscribe_all(client)
        while True:
            try:
                topic, payload, quality, retained, acknowledged = self._outbox.get_nowait()
            except queue.Empty:
                return
            sent = client.publish(topic, payload, quality, retained)
            if acknowledged is not None:
                self._acknowledged[sent.mid] = acknowledged

    def _subscribe_all(self, client: Client) -> None:
        """Subscribe topic by topic, the keys first, so that documents come after the keys that verify them.

        What concerns the player no more, as the alerts of a group that it has left, is unsubscribed from: every
        document of it would be refused, and people sent to look at the screen.
        """
        self._subscriptions.begin_anew()
        wanted = list(self._topics())
        left = self._asked_for - {str(topic) for topic in wanted}
        self._asked_for = {str(topic) for topic in wanted}
        for topic in wanted:
            self._subscribe(client, topic)
        if left:
            client.unsubscribe(sorted(left))

    def _repeat_subscriptions(self, client: Client) -> None:
        """Ask again for what the broker has refused, when it is time."""
        for name in self._subscriptions.take_unanswered():
            self._refused(name, "the broker does not answer")
            self._changed()
        due = set(self._subscriptions.take_due())
        # What no longer concerns the player, such as a group that it has left, is not asked for again.
        for topic in self._topics() if due else ():
            if str(topic) in due:
                self._subscribe(client, topic)

    def _subscribe(self, client: Client, topic: Topic) -> None:
        result, number = client.subscribe(str(topic), message_of(topic).quality)
        if result == MQTT_ERR_SUCCESS and number is not None:
            self._subscriptions.note_asked(number, str(topic))

    def _reset_connection(self) -> None:
        handle = self._client.socket() if self._client else None
        if handle is not None:
            handle.close()
        self._client = None
        was, self._connected = self._connected, False
        self._subscriptions.begin_anew()
        self._asked_for = set()
        self._acknowledged.clear()
        while not self._outbox.empty():
            self._outbox.get_nowait()
        if was:
            self._history = self._history._replace(lost=self._history.lost + 1)
            self._changed()

    def _wake_thread(self) -> None:
        try:
            self._wake_in.send(b"\0")
        except OSError:
            return  # the thread is awake already, or has ended

    # --- callbacks of paho: they only note what has happened

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del flags, properties
        if reason.is_failure:
            log.warning("the broker refuses the connection: %s", reason, extra={"CODE": "broker-refused"})
            return
        log.info("connected to %s:%d", self._host, self._broker.port)
        self._connected = True
        self._history = self._history._replace(connected=self._history.connected + 1)
        client.publish(*self._status_message(online=True))
        self._subscribe_all(client)
        self._changed()

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        del client
        if not message.payload:
            return  # a retained message was deleted: that is not for the broker to decide
        try:
            self._receive(
                ReceivedDocument(message.topic, bytes(message.payload), system_clock.uptime_ms(), not message.retain)
            )
        except Exception:
            log.exception("a message is lost")

    def _on_subscribe(
        self, client: Client, _: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        del client, properties
        for reason in reasons[:1]:
            if topic := self._subscriptions.note_answer(mid, is_granted=not reason.is_failure):
                self._refused(topic, str(reason))
        if self._subscriptions.is_answered:
            self._changed()

    def _on_publish(self, client: Client, _: Any, mid: int, reason: ReasonCode, properties: Properties | None) -> None:
        del client, properties
        acknowledged = self._acknowledged.pop(mid, None)
        if acknowledged is not None and not reason.is_failure:
            acknowledged()

    def _on_disconnect(
        self, client: Client, _: Any, flags: DisconnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del client, flags, properties
        log.info("the connection has ended: %s", reason)


def broker_host(broker: BrokerAddress, server_host: str) -> str:
    """Return the host of the broker: that of the server unless it says another."""
    return broker.host or server_host


def _disable_nagle(_client: Client, _data: Any, connection: Any) -> None:
    # paho leaves Nagle's algorithm on: what follows our acknowledgement of a message would wait 40 ms for the broker's.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
