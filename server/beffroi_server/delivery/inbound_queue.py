"""The inbound queue: messages of players, checked and handed in batches to those who registered for them.

The thread of the MQTT client only puts messages into a bounded queue. One thread writes: up to ``BATCH_SIZE``
messages, or what came within ``GATHER_S``, in one transaction. A message that is invalid, or that its handler cannot
store, is logged and dropped; it harms no other.

What is in a message is not known here. A package above registers a handler for the messages that it understands::

    inbound_queue.register_handler((STATUS, REPORT), store_messages)
"""

from __future__ import annotations

import datetime as dt
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from pydantic import ValidationError

from beffroi_content.model import WireModel
from beffroi_content.wire.messages import WireMessage, message_of
from beffroi_content.wire.topics import PREFIX, MessageDirection, Topic
from beffroi_server.core import database

logger = logging.getLogger(__name__)
BATCH_SIZE = 500
GATHER_S = 0.05
MAX_MESSAGES = 20_000
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Of all that waits in the queue: a screen that floods the server must not fill its memory."""


class BadMessage(Exception):
    """Refusal of a message that is not as the message table declares it."""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message of a player, checked against the message table."""

    screen: str
    message: WireMessage
    content: WireModel | bytes


BatchHandler = Callable[[Sequence[InboundMessage], dt.datetime], None]
"""Stores messages in the order in which they came, inside a transaction; the instant is that of the server."""
_handlers: dict[WireMessage, BatchHandler] = {}


def register_handler(messages: Iterable[WireMessage], handler: BatchHandler) -> None:
    """Hand messages of some kinds to a handler, which is called once for each batch."""
    _handlers.update(dict.fromkeys(messages, handler))


def topic_filters(site: str) -> tuple[tuple[str, int], ...]:
    """Return the topic filters of all messages that have a handler, with their quality of service."""
    return tuple((f"{PREFIX}/{site}/{MessageDirection.UP}/+/{message.leaf}", message.quality) for message in _handlers)


def parse_message(site: str, topic_name: str, payload: bytes) -> InboundMessage:
    """Check topic, size and content of a message.

    Raises:
        BadMessage: it is not declared, too large or not what it should be.
    """
    try:
        topic = Topic.parse(topic_name)
        message = message_of(topic)
    except ValueError as error:
        raise BadMessage(str(error)) from error
    if topic.site != site or topic.screen is None or topic.direction is not MessageDirection.UP:
        raise BadMessage(f"{topic} is not for this server")
    if message not in _handlers:
        raise BadMessage(f"no handler for {topic}")
    if len(payload) > message.size_limit:
        raise BadMessage(f"{len(payload)} bytes where {message.size_limit} are allowed")
    if message.model is None:
        return InboundMessage(topic.screen, message, payload)
    try:
        return InboundMessage(topic.screen, message, message.model.model_validate_json(payload))
    except ValidationError as error:
        raise BadMessage(str(error.errors(include_url=False, include_input=False)[:3])) from error


class InboundQueue:
    """The queue between the MQTT client and the database, with the function of the thread that empties it."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._queue: queue.Queue[tuple[str, bytes]] = queue.Queue(MAX_MESSAGES)
        self._dropped = 0
        # Of payloads, ever. Each is counted by one thread only.
        self._bytes_enqueued = self._bytes_dequeued = 0

    def enqueue(self, topic: str, payload: bytes) -> None:
        """Put a message into the queue. Called in the thread of the MQTT client: it never waits."""
        waiting = self._bytes_enqueued - self._bytes_dequeued
        try:
            if waiting + len(payload) > MAX_WAITING_BYTES:
                raise queue.Full
            self._queue.put_nowait((topic, payload))
        except queue.Full:
            # Status and report are sent again; missing plays are requested from the player.
            self._dropped += 1
        else:
            self._bytes_enqueued += len(payload)

    @database.close_connection_after()
    def run_writer(self, stopping: threading.Event) -> None:
        """Write messages until ``stopping`` is set, and then what is left: players do not send it again."""
        while not stopping.is_set():
            self._write_next_batch(0.5)
        while self._write_next_batch(0):
            pass

    def write_batch(self, batch: Iterable[tuple[str, bytes]]) -> int:
        """Write a batch in one transaction; return how many messages of it were good."""
        good = [found for topic, payload in batch if (found := self._parse_or_log(topic, payload))]
        if self._dropped:
            logger.error("%d messages of screens were dropped: the database is too slow", self._dropped)
            self._dropped = 0
        try:
            with transaction.atomic():
                _store_messages(good)
        except Exception:
            logger.exception("a batch of %d messages could not be written; trying them one by one", len(good))
            return sum(_store_one(each) for each in good)
        return len(good)

    def _write_next_batch(self, timeout: float) -> bool:
        batch = self._gather_batch(timeout)
        if batch:
            database.with_fresh_connection(lambda: self.write_batch(batch))
        return bool(batch)

    def _parse_or_log(self, topic: str, payload: bytes) -> InboundMessage | None:
        if not payload:
            return None  # a retained message was cleared
        try:
            return parse_message(self._site, topic, payload)
        except BadMessage as error:
            logger.warning("%s: %s", topic[:120], error)
        except Exception:
            logger.exception("%s could not be read", topic[:120])
        return None

    def _gather_batch(self, timeout: float) -> list[tuple[str, bytes]]:
        batch: list[tuple[str, bytes]] = []
        deadline = time.monotonic() + timeout
        while len(batch) < BATCH_SIZE:
            try:
                batch.append(self._queue.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                break
            self._bytes_dequeued += len(batch[-1][1])
            if len(batch) == 1:
                deadline = time.monotonic() + GATHER_S
        return batch


def _store_one(each: InboundMessage) -> bool:
    try:
        with transaction.atomic():
            _store_messages([each])
    except Exception:
        logger.exception("a message of %s could not be written", each.screen)
        return False
    return True


def _store_messages(messages: list[InboundMessage]) -> None:
    now = timezone.now()
    for handler in dict.fromkeys(_handlers.values()):
        own = [each for each in messages if _handlers[each.message] == handler]
        if own:
            handler(own, now)
