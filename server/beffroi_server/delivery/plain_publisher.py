"""Plain retained messages for programs that are no players, over a connection that is made for them and ended."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from beffroi_server.core.tls import client_context

DEADLINE_S = 20.0
"""Seconds in which all messages of one connection are acknowledged, or it is given up."""


class NotPublished(Exception):
    """Messages could not be handed to the broker; the message says why."""


@dataclass(frozen=True, slots=True)
class PlainBroker:
    """A broker, and how to sign in there."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    tls: bool = False


def publish_retained(broker: PlainBroker, messages: Iterable[tuple[str, str]]) -> int:
    """Publish retained messages (QoS 1), each a topic and a text; return how many. Takes ``DEADLINE_S`` at most.

    Raises:
        NotPublished: the broker is not reached, refuses, or does not acknowledge in time.
    """
    client = Client(CallbackAPIVersion.VERSION2, client_id=f"beffroi-plain-{secrets.token_hex(8)}")
    client.connect_timeout = 5.0
    if broker.username:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set_context(client_context())
    deadline = time.monotonic() + DEADLINE_S
    try:
        client.connect(broker.host, broker.port, keepalive=30)
        client.loop_start()
        sent = [client.publish(topic, text, qos=1, retain=True) for topic, text in messages]
        for each in sent:
            if each.rc not in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN}:
                raise NotPublished(f"{broker.host}: {each.rc}")
            each.wait_for_publish(max(0.0, deadline - time.monotonic()))
            if not each.is_published():
                raise NotPublished(f"{broker.host} has not acknowledged in time")
    except (OSError, ValueError, RuntimeError) as error:
        raise NotPublished(f"{broker.host}: {error}") from error
    finally:
        client.disconnect()
        client.loop_stop()
    return len(sent)
