"""Commands to Mosquitto's dynamic-security plugin, over a connection that is made for them and ended.

The plugin takes commands as JSON on a topic of its own and answers on another, to everybody who may read it: answers
are told apart by their correlation. The connection is not that of the messages, since some brokers hang up on whoever
asks for this topic.
"""

from __future__ import annotations

import json
import queue
import secrets
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from beffroi_server.core.tls import client_context
from beffroi_server.delivery.plain_publisher import PlainBroker

CONTROL_TOPIC = "$CONTROL/dynamic-security/v1"
RESPONSE_TOPIC = f"{CONTROL_TOPIC}/response"
CONNECT_S = 5.0
ANSWER_S = 30.0
"""A broker with ten thousand accounts takes a tenth of a second for each change, and may be busy."""
FIRST_ANSWER_S = 5.0
"""A broker that has not answered the first command by then has no plugin."""
Command = Mapping[str, Any]


class BrokerNotReached(Exception):
    """The broker is not reached or refuses the server; the message says why."""


class PluginMissing(Exception):
    """The broker does not answer commands: it lacks the plugin, or the server may not use it."""


class ControlConnection:
    """A connection on which commands are executed. A context manager, for one thread.

    Args:
        broker: And how the server signs in there.

    Raises:
        BrokerNotReached: on entry.
        PluginMissing: on entry, where the broker does not grant the answers.
    """

    def __init__(self, broker: PlainBroker) -> None:
        self._broker = broker
        self._answers: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._has_answered = False
        name = f"server-{secrets.token_hex(8)}"
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTProtocolVersion.MQTTv311)
        self._client.connect_timeout = CONNECT_S
        self._client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            self._client.tls_set_context(client_context())
        self._client.on_connect = lambda *given: self._events.put(not given[3].is_failure)
        self._client.on_subscribe = lambda *given: self._events.put(not given[3][0].is_failure)
        self._client.on_message = self._note_answers

    def __enter__(self) -> Self:
        try:
            self._client.connect(self._broker.host, self._broker.port, keepalive=30)
        except (OSError, ValueError) as error:
            raise BrokerNotReached(f"{self._broker.host}: {error}") from error
        self._client.loop_start()
        try:
            if not self._next_event():
                raise BrokerNotReached(f"{self._broker.host} refuses the server or does not answer")
            self._client.subscribe(RESPONSE_TOPIC, 1)
            if not self._next_event():
                raise PluginMissing("the broker does not let the server read the answers of its plugin")
        except Exception:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._end()

    def execute(self, commands: Sequence[Command]) -> list[Mapping[str, Any]]:
        """Execute commands in their order; return the answer to each. One with the key ``error`` says what was wrong.

        Raises:
            PluginMissing: nothing answers.
            BrokerNotReached: an answer is missing after ``ANSWER_S``.
        """
        if not commands:
            return []
        mark = secrets.token_hex(8)
        sent = [{**command, "correlationData": f"{mark}-{number}"} for number, command in enumerate(commands)]
        self._client.publish(CONTROL_TOPIC, json.dumps({"commands": sent}), 1)
        found: dict[str, Mapping[str, Any]] = {}
        deadline = time.monotonic() + (ANSWER_S if self._has_answered else FIRST_ANSWER_S)
        while len(found) < len(sent):
            try:
                answer = self._answers.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                if not self._has_answered:
                    raise PluginMissing("the broker does not answer: it lacks the dynamic-security plugin") from None
                raise BrokerNotReached("the broker has not answered in time") from None
            correlation = str(answer.get("correlationData", ""))
            if correlation.startswith(f"{mark}-"):
                found[correlation] = answer
                self._has_answered = True
        return [found[command["correlationData"]] for command in sent]

    def _next_event(self) -> bool:
        try:
            return self._events.get(timeout=CONNECT_S)
        except queue.Empty:
            return False

    def _note_answers(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            answers = json.loads(message.payload)["responses"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return  # not from the plugin: nothing that we asked for is in it
        for answer in answers if isinstance(answers, list) else ():
            if isinstance(answer, dict):
                self._answers.put(answer)

    def _end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
