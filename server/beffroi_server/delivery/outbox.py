"""Publisher of the outbox: sends signed documents after their commit, and again until the broker acknowledges them.

1. ``send_document`` hands a row to the MQTT client and does not wait.
2. The broker's acknowledgement sets ``sent_at``; a row that is not retained is then deleted.
3. At every connection all retained rows are sent again: a broker may have lost them.
4. Every few seconds, rows without an acknowledgement that have not expired are sent again.

So a crash between the commit and step 1, or a lost acknowledgement, costs seconds and not the document; a document
that arrives twice is the same document.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Collection

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from beffroi_content.wire.messages import ALERTS, KEYS
from beffroi_server.core import database, transactions
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.delivery.mqtt_client import MessageTransport

logger = logging.getLogger(__name__)
REPAIR_EVERY_S = 3
ACKNOWLEDGE_TIMEOUT_S = 10
"""How long an acknowledgement may take before the row is sent again."""
BULK_WINDOW = 64
"""Rows without an acknowledgement from which a sending of many waits for the broker. The client's queue has one order:
an alert that comes meanwhile goes out behind these few, and not behind ten thousand programmes."""
ACKNOWLEDGED_AT_ONCE = 100
"""Rows that one transaction marks as sent: an alert may be waiting for it to end."""
GIVE_WAY_S = 1.0
CONNECTED_EVENT = -1
_LEAF_PRIORITY = {KEYS.leaf: 0, ALERTS.leaf: 1}


class OutboxPublisher:
    """Sends rows of the outbox through a transport and records the acknowledgements."""

    def __init__(self, transport: MessageTransport, broker_problem: Callable[[], str] = str) -> None:
        self._transport = transport
        self.broker_problem = broker_problem
        """Returns ``lost`` where the connection has been away for a while, ``refused``, ``accounts`` or nothing."""
        self._in_flight: dict[int, tuple[str, int, float]] = {}
        # The thread of the client only puts numbers here: with a lock, it could wait for a sender that waits for it.
        self._events: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._early_acknowledgements: set[int] = set()

    def send_document(self, outgoing: OutboxDocument) -> bool:
        """Hand a row to the broker without waiting; return whether there is a connection."""
        number = self._transport.publish(
            outgoing.topic, bytes(outgoing.payload), quality=outgoing.quality, retained=outgoing.retained
        )
        if number is None:
            return False
        self._in_flight[number] = (outgoing.topic, outgoing.sequence, time.monotonic())
        return True

    def send_unstored(self, topic: str, payload: bytes, *, quality: int, retained: bool) -> bool:
        """Hand over a message without a row, such as a beat; return whether there is a connection."""
        return self._transport.publish(topic, payload, quality=quality, retained=retained) is not None

    def note_acknowledged(self, number: int) -> None:
        """Note an acknowledgement of the broker. Called in the thread of the MQTT client."""
        self._events.put(number)

    def note_connected(self) -> None:
        """Note a new connection. Called in the thread of the MQTT client."""
        self._events.put(CONNECTED_EVENT)

    @database.close_connection_after()
    def run_until(self, stopping: threading.Event) -> None:
        """Record acknowledgements and send again what lacks one, until ``stopping`` is set."""
        next_repair = 0.0
        while not stopping.is_set():
            try:
                database.with_fresh_connection(lambda: self.process_events(timeout=0.5))
                if time.monotonic() >= next_repair:
                    database.with_fresh_connection(self.resend_unacknowledged)
                    next_repair = time.monotonic() + REPAIR_EVERY_S
            except Exception:
                logger.exception("the outbox could not be worked on")
                stopping.wait(1)

    def process_events(self, timeout: float = 0) -> None:
        """Handle the events that have come, waiting up to some seconds for the first."""
        events = self._drain_events(timeout)
        self._record_acknowledged(self._early_acknowledgements | (events - {CONNECTED_EVENT}))
        if CONNECTED_EVENT in events:
            self.send_all_retained()

    def send_all_retained(self) -> int:
        """Send every retained row again, keys and alerts first; return how many were sent."""
        self._in_flight.clear()
        return self._send_rows(OutboxDocument.objects.filter(retained=True))

    def resend_unacknowledged(self) -> int:
        """Send rows without an acknowledgement again and delete expired commands; return how many were sent."""
        now = timezone.now()
        self._drop_unacknowledged()
        waiting = {(topic, sequence) for topic, sequence, _at in list(self._in_flight.values())}
        OutboxDocument.objects.filter(retained=False, expires_at__lte=now).delete()
        # A sequence is the time at which it was given out: the newest rows are still on their first way. One that lies
        # ahead proves nothing: the clock was ahead once, and the stream goes on from there.
        settled = Q(sequence__lte=unix_ms(now) - 1000 * REPAIR_EVERY_S) | Q(sequence__gt=unix_ms(now))
        unsent = OutboxDocument.objects.filter(settled, expires_at__gt=now, sent_at=None)
        return self._send_rows(unsent, excluding=waiting)

    def _send_rows(self, rows: QuerySet[OutboxDocument], excluding: Collection[tuple[str, int]] = ()) -> int:
        """Send rows, keys and alerts first, until there is no connection; return how many were sent.

        One payload is read at a time: a thousand programmes would fill the memory.
        """
        found = [row for row in rows.order_by("id").values_list("topic", "sequence", "pk") if row[:2] not in excluding]
        found.sort(key=lambda row: _LEAF_PRIORITY.get(row[0].rsplit("/", 1)[-1], 2))
        for number, (_topic, _sequence, key) in enumerate(found):
            if not self._wait_for_room():
                return number
            row = OutboxDocument.objects.filter(pk=key).first()
            if row is not None and not self.send_document(row):
                return number
        return len(found)

    def _wait_for_room(self) -> bool:
        """Wait until the broker has acknowledged enough of what was sent; return False where it has connected anew."""
        deadline = time.monotonic() + ACKNOWLEDGE_TIMEOUT_S
        while len(self._in_flight) >= BULK_WINDOW:
            if (left := deadline - time.monotonic()) <= 0:
                self._drop_unacknowledged()
                return True
            events = self._drain_events(min(left, 0.5))
            if CONNECTED_EVENT in events:
                # Everything is sent from the start then: see ``process_events``.
                self._events.put(CONNECTED_EVENT)
                return False
            self._record_acknowledged(self._early_acknowledgements | events)
        return True

    def _drop_unacknowledged(self) -> None:
        """Drop what the broker should have acknowledged by now: such rows are sent again."""
        old = time.monotonic() - ACKNOWLEDGE_TIMEOUT_S
        # Other threads send meanwhile: what they note must neither be lost nor disturb.
        for number, (_topic, _sequence, at) in list(self._in_flight.items()):
            if at <= old:
                self._in_flight.pop(number, None)

    def _drain_events(self, timeout: float) -> set[int]:
        events: set[int] = set()
        try:
            events.add(self._events.get(timeout=timeout) if timeout else self._events.get_nowait())
            while True:
                events.add(self._events.get_nowait())
        except queue.Empty:
            return events

    def _record_acknowledged(self, numbers: set[int]) -> None:
        known = {number: sent for number in numbers if (sent := self._in_flight.pop(number, None))}
        # An acknowledgement may be faster than the sender's note of what it sent.
        self._early_acknowledgements = (numbers - known.keys()) - self._early_acknowledgements
        waiting = [(topic, sequence) for topic, sequence, _at in known.values()]
        for start in range(0, len(waiting), ACKNOWLEDGED_AT_ONCE):
            transactions.wait_for_serialised(GIVE_WAY_S)
            with transaction.atomic():
                for topic, sequence in waiting[start : start + ACKNOWLEDGED_AT_ONCE]:
                    row = OutboxDocument.objects.filter(topic=topic, sequence=sequence)
                    row.filter(retained=False).delete()
                    row.update(sent_at=timezone.now())


_installed: OutboxPublisher | None = None


def install_publisher(publisher: OutboxPublisher | None) -> None:
    """Set the publisher of this process; None removes it."""
    global _installed  # noqa: PLW0603 - a process has one link, and a commit may happen in any thread of it
    _installed = publisher


def current_publisher() -> OutboxPublisher | None:
    """Return the publisher of this process, if it has one."""
    return _installed


def send_committed(outgoing: OutboxDocument) -> None:
    """Send a row that was just committed. Without a publisher in this process, that of the server sends it in time."""
    if _installed is not None:
        _installed.send_document(outgoing)
