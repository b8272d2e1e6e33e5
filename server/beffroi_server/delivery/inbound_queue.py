"""The inbound queue: messages of players, checked and handed in batches to those who registered for them.

The thread of the MQTT client only puts messages into bounded queues, one for each screen. One thread writes: what came
within ``GATHER_S``, up to ``BATCH_SIZE`` messages of all screens in turn, in one transaction. All that can be done
before the transaction is done before it, since what screens say must never hold what people do. A message that is
invalid, or that its handler cannot store, is counted and dropped; it harms no other.

What is in a message is not known here. A package above registers a handler for the messages that it understands::

    inbound_queue.register_handler((STATUS, REPORT), prepare_messages)
"""

from __future__ import annotations

import datetime as dt
import functools
import logging
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from pydantic import ValidationError

from beffroi_content.model import WireModel
from beffroi_content.wire.entry_reading import read_message
from beffroi_content.wire.messages import WireMessage, message_of
from beffroi_content.wire.topics import PREFIX, MessageDirection, Topic
from beffroi_server.core import database, transactions
from beffroi_server.delivery.refused_messages import RefusalReason, refused_messages, report_refusals
from beffroi_server.delivery.screen_queues import RawMessage, ScreenQueues

logger = logging.getLogger(__name__)
BATCH_SIZE = 64
BATCH_BYTES = 64 * 1024
"""A batch ends with the message that reaches it: some 400 plays at most, for which the write lock is held some
milliseconds."""
GATHER_S = 0.05
GIVE_WAY_S = 2.0
"""How long a batch waits for the changes of people."""
RETRY_S = 1.0
MAX_TRIES = 30
"""How often a batch is tried while the database is busy or its disk full, before it is dropped."""
_NULL_CHARACTER = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class BadMessage(Exception):
    """Refusal of a message that is not as the message table declares it."""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """A message of a player, checked against the message table."""

    screen: str
    message: WireMessage
    content: WireModel | bytes


StoreFunction = Callable[[], None]
BatchHandler = Callable[[Sequence[InboundMessage], dt.datetime], StoreFunction]
"""Prepares messages in the order in which they came, and returns what stores them: only that is called inside the
transaction, and again if the transaction failed. The instant is that of the server."""
_handlers: dict[WireMessage, BatchHandler] = {}


def register_handler(messages: Iterable[WireMessage], handler: BatchHandler) -> None:
    """Hand messages of some kinds to a handler, which is called once for each batch."""
    _handlers.update(dict.fromkeys(messages, handler))


def topic_filters(site: str) -> tuple[tuple[str, int], ...]:
    """Return the topic filters of all messages that have a handler, with their quality of service."""
    return tuple((f"{PREFIX}/{site}/{MessageDirection.UP}/+/{message.leaf}", message.quality) for message in _handlers)


def parse_message(site: str, topic_name: str, payload: bytes) -> InboundMessage:
    """Check topic, size and content of a message. Entries of a batch that are odd are noted, and left out.

    Raises:
        BadMessage: it is not declared, too large or not what it should be.
    """
    try:
        topic, message = _declared_message(topic_name)
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
        content, left_out = read_message(message.model, _without_nulls(payload))
    except ValidationError as error:
        raise BadMessage(str(error.errors(include_url=False, include_input=False)[:3])) from error
    if left_out:
        refused_messages.note(topic.screen, RefusalReason.MALFORMED, f"{topic}: {left_out}")
    return InboundMessage(topic.screen, message, content)


@functools.lru_cache(maxsize=8192)
def _declared_message(topic_name: str) -> tuple[Topic, WireMessage]:
    topic = Topic.parse(topic_name)
    return topic, message_of(topic)


class InboundQueue:
    """The queue between the MQTT client and the database, with the function of the thread that empties it."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._queues = ScreenQueues()

    def enqueue(self, topic: str, payload: bytes) -> bool:
        """Put a message into the queue; return False if its screen has sent too much. Never waits.

        Called in the thread of the MQTT client.
        """
        screen = _screen_of(topic)
        if self._queues.put(screen, (topic, payload)):
            return True
        # Status and report are sent again; missing plays are requested from the player.
        refused_messages.note(screen, RefusalReason.FLOOD, "it sends more than one screen may")
        return False

    @database.close_connection_after()
    def run_writer(self, stopping: threading.Event) -> None:
        """Write messages until ``stopping`` is set, and then what is left: players do not send it again."""
        while not stopping.is_set():
            self._write_next_batch(0.5, stopping)
        while self._write_next_batch(0, stopping):
            pass

    def write_batch(self, batch: Iterable[RawMessage]) -> int:
        """Write a batch in one transaction; return how many messages of it were good.

        Raises:
            OperationalError: the database is busy or full; nothing was written.
        """
        stored = _store_messages(self._parse_all(batch))
        report_refusals()
        return stored

    def _write_next_batch(self, timeout: float, stopping: threading.Event) -> bool:
        batch = self._gather_batch(timeout)
        messages = self._parse_all(batch)
        _store_patiently(messages, stopping)
        try:
            database.with_fresh_connection(report_refusals)
        except Exception:
            logger.exception("refused messages could not be noted")
        return bool(batch)

    def _parse_all(self, batch: Iterable[RawMessage]) -> list[InboundMessage]:
        return [found for topic, payload in batch if (found := self._parse_or_note(topic, payload))]

    def _parse_or_note(self, topic: str, payload: bytes) -> InboundMessage | None:
        if not payload:
            return None  # a retained message was cleared
        try:
            return parse_message(self._site, topic, payload)
        except BadMessage as error:
            refused_messages.note(_screen_of(topic), RefusalReason.MALFORMED, f"{topic[:120]}: {error}")
        except Exception as error:  # noqa: BLE001 - whatever it is, it must harm no other message
            refused_messages.note(_screen_of(topic), RefusalReason.MALFORMED, f"{topic[:120]}: {error!r}")
        return None

    def _gather_batch(self, timeout: float) -> list[RawMessage]:
        return self._queues.take(timeout, gather_s=GATHER_S if timeout else 0, most=BATCH_SIZE, most_bytes=BATCH_BYTES)


_installed: InboundQueue | None = None


def install_queue(queue: InboundQueue | None) -> None:
    """Set the queue that this process empties; None removes it."""
    global _installed  # noqa: PLW0603 - a process has one, while it leads
    _installed = queue


def current_queue() -> InboundQueue | None:
    """Return the queue that this process empties, if it leads."""
    return _installed


def _screen_of(topic: str) -> str:
    """Return the part of a topic that names the screen, unchecked; an empty text if there is none."""
    parts = topic[:400].split("/", 5)
    return parts[4].removeprefix("s-")[:80] if len(parts) > 4 else ""


def _without_nulls(payload: bytes) -> bytes:
    """Return JSON with another character for each null in its texts: PostgreSQL holds none, and nobody means it."""
    return _NULL_CHARACTER.sub(rb"\1\\ufffd", payload) if b"\\u0000" in payload else payload


def _store_patiently(messages: list[InboundMessage], stopping: threading.Event) -> None:
    """Store messages, and again while the database is busy or its disk full; at the end, once."""
    for tried in range(MAX_TRIES):
        try:
            database.with_fresh_connection(lambda: _store_messages(messages))
        except (OperationalError, InterfaceError) as error:
            if tried == 0:
                logger.error("messages of screens wait, since the database does not take them: %s", error)
            if stopping.wait(RETRY_S):
                break
        else:
            return
    for message in messages:
        refused_messages.note(message.screen, RefusalReason.UNSTORABLE, "the database does not take it")


def _store_messages(messages: list[InboundMessage]) -> int:
    """Store messages in one transaction, or by halves if one of them cannot be stored; return how many were.

    Raises:
        OperationalError: the database is busy or full, and no message is to blame.
    """
    if not messages:
        return 0
    try:
        _write_transaction(messages)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever a handler raises: the message that it cannot store is found
        if len(messages) == 1:
            refused_messages.note(messages[0].screen, RefusalReason.UNSTORABLE, repr(error))
            return 0
        half = len(messages) // 2
        return _store_messages(messages[:half]) + _store_messages(messages[half:])
    return len(messages)


def _write_transaction(messages: list[InboundMessage]) -> None:
    now = timezone.now()
    stores = []
    for handler in dict.fromkeys(_handlers.values()):
        own = [each for each in messages if _handlers[each.message] == handler]
        if own:
            stores.append(handler(own, now))
    transactions.wait_for_serialised(GIVE_WAY_S)
    with transaction.atomic():
        for store in stores:
            store()
