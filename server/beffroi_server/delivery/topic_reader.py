"""Reader of topics at the broker of somebody else: subscribes, and hands over what comes, one message after another.

The session is persistent, and a message is acknowledged only once it was taken in: what comes while this server is
restarted, or was being worked on as it died, is sent again. While what has come waits to be taken in, nothing more is
read: the broker keeps the rest.
"""

from __future__ import annotations

import contextlib
import logging
import random
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from beffroi_server.core.checked_addresses import Networks, PrivateAddressError, connect_checked
from beffroi_server.core.tls import client_context
from beffroi_server.delivery.mqtt_client import SUBACK_FAILURE, log_exceptions

logger = logging.getLogger(__name__)
KEEPALIVE_S, CONNECT_S, ANSWER_S = 60, 10.0, 15.0
"""``ANSWER_S``: a broker that has not answered CONNECT and SUBSCRIBE by then does not."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 120.0
STEADY_S = 60.0
"""After a connection that lasted so long, the next attempt comes soon."""
WAITING_LIMIT = 20
"""Messages that wait to be taken in."""
OVERHEAD_BYTES = 70_000
"""Of a packet beside its payload: a topic has 65,535 bytes at most."""
RECEIVE_BUFFER_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class ForeignBroker:
    """A broker of somebody else, and what is read there."""

    host: str
    port: int
    tls: bool
    topic: str
    client_identifier: str
    """The same from start to start: the broker keeps what came meanwhile under it."""
    username: str = ""
    password: str = ""
    certificates: str = ""
    """Of its authority, in PEM form; empty: those that the system trusts."""
    limit: int = 2 * 1024 * 1024
    """Bytes of a message."""

    def __repr__(self) -> str:
        return f"ForeignBroker({self.host}:{self.port}, {self.topic})"


class TopicRefused(Exception):
    """A broker cannot be read; ``code`` says why.

    ``private``, ``certificate``, ``unreachable``, ``login``, ``topic``, ``silent``, ``too-large``, ``failed``
    or ``lost``.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class TopicReader:
    """Reads one topic filter until it is told to stop, connecting again for as long as it takes.

    Args:
        broker: Where and what.
        networks: Private networks that it may be in.
        take: Called with each payload, in a thread of its own; a message is acknowledged once it returns.
        note: Called with an empty text once the topic is granted, and with the code of a problem.
        share: Returns a random number from 0 to 1.
    """

    def __init__(
        self, broker: ForeignBroker, networks: Networks, take: Callable[[bytes], None], note: Callable[[str], None],
        share: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._broker, self._networks, self._take, self._note, self._share = broker, networks, take, note, share
        self._waiting: deque[tuple[Client, MQTTMessage]] = deque()
        self._taken: deque[tuple[Client, MQTTMessage]] = deque()
        self._has_come = threading.Event()
        self._refused = ""
        self._is_granted = False
        self._drops_session = False

    def run(self, stopping: threading.Event) -> None:
        """Read until ``stopping`` is set."""
        worker = threading.Thread(target=self._take_in, args=(stopping,), daemon=True)
        worker.start()
        failures = 0
        while not stopping.is_set():
            began = time.monotonic()
            try:
                self._read(stopping)
            except TopicRefused as problem:
                logger.info("%r: %s", self._broker, problem.code)
                self._drops_session = problem.code == "too-large"
                self._tell(problem.code)
            except Exception:
                logger.exception("%r could not be read", self._broker)
                self._tell("lost")
            failures = 1 if time.monotonic() - began > STEADY_S else failures + 1
            pause = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(failures - 1, 10))
            stopping.wait(pause * (0.5 + self._share() / 2))
        self._has_come.set()
        worker.join(1.0)

    def _tell(self, code: str) -> None:
        try:
            self._note(code)
        except Exception:
            logger.exception("the state of %r could not be noted", self._broker)

    def _read(self, stopping: threading.Event) -> None:
        client = self._connected_client()
        deadline = time.monotonic() + ANSWER_S
        try:
            while not stopping.is_set():
                self._acknowledge(client)
                self._step(client)
                if self._refused:
                    raise TopicRefused(self._refused)
                if not self._is_granted and time.monotonic() > deadline:
                    raise TopicRefused("silent")
        finally:
            self._waiting.clear()
            self._acknowledge(client)
            client.disconnect()
            with contextlib.suppress(OSError, ValueError):
                client.loop_write()

    def _step(self, client: Client) -> None:
        line: Any = client.socket()
        if line is None:
            raise TopicRefused("lost")
        reads = [line] if len(self._waiting) < WAITING_LIMIT else []
        writes = [line] if client.want_write() else []
        # TLS may hold bytes that the kernel no longer has, so select would not see them.
        pending = bool(reads) and isinstance(line, ssl.SSLSocket) and line.pending() > 0
        readable, writable, _ = select.select(reads, writes, [], 0.0 if pending else 0.5)
        results = [client.loop_read()] if readable or pending else []
        results += [client.loop_write()] if writable else []
        if any(each != MQTTErrorCode.MQTT_ERR_SUCCESS for each in (*results, client.loop_misc())):
            raise TopicRefused(self._refused or "lost")
        # paho believes the length that a packet states, and keeps what comes until it is complete.
        if client._in_packet["remaining_length"] > self._broker.limit + OVERHEAD_BYTES:
            raise TopicRefused("too-large")

    def _connected_client(self) -> Client:
        broker = self._broker
        self._refused, self._is_granted = "", False
        client = _CheckedClient(self._networks, broker.client_identifier, clean=self._drops_session)
        if broker.username:
            client.username_pw_set(broker.username, broker.password)
        client.on_connect = log_exceptions(self._handle_connect)
        client.on_subscribe = log_exceptions(self._handle_suback)
        client.on_message = log_exceptions(self._handle_message)
        client.on_disconnect = log_exceptions(self._handle_disconnect)
        try:
            if broker.tls:
                client.tls_set_context(client_context(broker.certificates))
            client.connect(broker.host, broker.port, KEEPALIVE_S)
        except PrivateAddressError:
            raise TopicRefused("private") from None
        except ssl.SSLError as error:
            raise TopicRefused("certificate") from error
        except (OSError, ValueError) as error:
            raise TopicRefused("unreachable") from error
        return client

    def _handle_connect(
        self, client: Client, _data: object, _flags: ConnectFlags, reason: ReasonCode, *_more: object
    ) -> None:
        if reason.is_failure:
            self._refused = "login"
            return
        client.subscribe(self._broker.topic, 1)

    def _handle_suback(
        self, _client: Client, _data: object, _number: int, reasons: list[ReasonCode], *_more: object
    ) -> None:
        if any(each.value >= SUBACK_FAILURE for each in reasons):
            self._refused = "topic"
            return
        self._is_granted, self._drops_session = True, False
        self._tell("")

    def _handle_disconnect(
        self, _client: Client, _data: object, _flags: DisconnectFlags, _reason: ReasonCode, *_more: object
    ) -> None:
        self._refused = self._refused or "lost"

    def _handle_message(self, client: Client, _data: object, message: MQTTMessage) -> None:
        self._waiting.append((client, message))
        self._has_come.set()

    def _acknowledge(self, client: Client) -> None:
        while self._taken:
            of_client, message = self._taken.popleft()
            if of_client is client and message.qos:
                client.ack(message.mid, message.qos)

    def _take_in(self, stopping: threading.Event) -> None:
        """Take in what has come, one after another, in a thread of its own: reading a document takes time."""
        while not stopping.is_set():
            self._has_come.wait(1.0)
            self._has_come.clear()
            while not stopping.is_set() and self._waiting:
                self._take_in_next()

    def _take_in_next(self) -> None:
        try:
            client, message = self._waiting.popleft()
        except IndexError:
            return  # the connection was lost just now
        if len(message.payload) > self._broker.limit:
            self._tell("too-large")
        else:
            try:
                self._take(bytes(message.payload))
            except Exception:
                logger.exception("a message of %r could not be taken in", self._broker)
                # Not acknowledged: the broker sends it again at the next connection.
                self._refused = "failed"
                return
        self._taken.append((client, message))


class _CheckedClient(Client):
    """A client of MQTT 3.1.1 whose connection goes to an address that was checked."""

    def __init__(self, networks: Networks, identifier: str, *, clean: bool) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2, identifier, clean_session=clean, protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )  # fmt: skip
        self._networks = networks
        self.connect_timeout = CONNECT_S

    def _create_socket_connection(self) -> socket.socket:
        made = connect_checked(self._host, self._port, self._networks, CONNECT_S)
        # paho reads up to a hundred times before it returns: a small buffer bounds what it can take in by then.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        return made

    def _ssl_wrap_socket(self, tcp_sock: Any) -> ssl.SSLSocket:
        # paho leaves the socket of a handshake that failed open.
        assert self._ssl_context is not None
        made = self._ssl_context.wrap_socket(tcp_sock, server_hostname=self._host, do_handshake_on_connect=False)
        try:
            made.settimeout(CONNECT_S)
            made.do_handshake()
        except BaseException:
            made.close()
            raise
        return made
