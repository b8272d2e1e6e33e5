"""The outbox is emptied: at once after each commit, and again by the repair for whatever did not get through.

1. ``send`` hands a row to the link and does not wait.
2. The broker's acknowledgement sets ``sent_at``; a row that is not retained is then deleted.
3. At every connection all retained rows are sent again: a broker may have lost them.
4. Every few seconds, rows that nobody has acknowledged and that have not expired are sent again.

So a crash between the commit and step 1, or a lost acknowledgement, costs seconds and not the document; a document
that arrives twice is the same document.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils import timezone

from beffroi_content.wire.messages import ALERTS, KEYS
from beffroi_server import database
from beffroi_server.broadcast.link import Transport
from beffroi_server.broadcast.models import Outgoing
from beffroi_server.instants import unix_ms

logger = logging.getLogger(__name__)
REPAIR_EVERY_S = 3
PATIENCE_S = 10
"""How long an acknowledgement may take before the row is sent again."""
CONNECTED = -1
_FIRST = {KEYS.leaf: 0, ALERTS.leaf: 1}


class Publisher:
    """Sends rows of the outbox through a transport and keeps account of what arrived."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._in_flight: dict[int, tuple[str, int, float]] = {}
        # The link's thread only puts numbers here: taking a lock there could wait for a sender that waits for it.
        self._events: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._early: set[int] = set()

    def send(self, outgoing: Outgoing) -> bool:
        """Hand a row to the broker without waiting; return whether there is a connection."""
        number = self._transport.publish(
            outgoing.topic, bytes(outgoing.payload), quality=outgoing.quality, retained=outgoing.retained
        )
        if number is None:
            return False
        self._in_flight[number] = (outgoing.topic, outgoing.sequence, time.monotonic())
        return True

    def send_unstored(self, topic: str, payload: bytes, *, quality: int, retained: bool) -> None:
        """Hand over what is not worth a row, such as a beat: another follows soon."""
        self._transport.publish(topic, payload, quality=quality, retained=retained)

    def acknowledged(self, number: int) -> None:
        """Note that the broker took a message. For the link's thread."""
        self._events.put(number)

    def connected(self) -> None:
        """Note a new connection. For the link's thread."""
        self._events.put(CONNECTED)

    @database.own_connection()
    def run(self, stopping: threading.Event) -> None:
        """Keep account, send again and repair until ``stopping`` is set."""
        next_repair = 0.0
        while not stopping.is_set():
            try:
                database.with_fresh_connection(lambda: self.work(timeout=0.5))
                if time.monotonic() >= next_repair:
                    database.with_fresh_connection(self.repair)
                    next_repair = time.monotonic() + REPAIR_EVERY_S
            except Exception:
                logger.exception("the outbox could not be worked on")
                stopping.wait(1)

    def work(self, timeout: float = 0) -> None:
        """Handle the events that have come, waiting up to some seconds for the first."""
        events = self._drain(timeout)
        self._account(self._early | (events - {CONNECTED}))
        if CONNECTED in events:
            self.send_everything()

    def send_everything(self) -> int:
        """Send every retained row again, keys and alerts first; return how many were sent."""
        self._in_flight.clear()
        return self._send_each(Outgoing.objects.filter(retained=True))

    def repair(self) -> int:
        """Send what nobody has acknowledged again, forget commands that are too old; return how many were sent."""
        now, old = timezone.now(), time.monotonic() - PATIENCE_S
        # Other threads send meanwhile: what they note must neither be lost nor disturb.
        for number, (_topic, _sequence, at) in list(self._in_flight.items()):
            if at <= old:
                self._in_flight.pop(number, None)
        waiting = {(topic, sequence) for topic, sequence, _at in list(self._in_flight.values())}
        Outgoing.objects.filter(retained=False, expires_at__lte=now).delete()
        # A sequence is the time at which it was given out: the newest rows are still on their first way. One that lies
        # ahead says nothing: the clock was ahead once, and the stream goes on from there.
        settled = Q(sequence__lte=unix_ms(now) - 1000 * REPAIR_EVERY_S) | Q(sequence__gt=unix_ms(now))
        unsent = Outgoing.objects.filter(settled, expires_at__gt=now, sent_at=None)
        return self._send_each(unsent, but=waiting)

    def _send_each(self, rows: QuerySet[Outgoing], but: Collection[tuple[str, int]] = ()) -> int:
        """Send rows, keys and alerts first, until there is no connection; return how many were sent.

        One payload is read at a time: a thousand programmes would fill the memory.
        """
        found = [row for row in rows.order_by("id").values_list("topic", "sequence", "pk") if row[:2] not in but]
        found.sort(key=lambda row: _FIRST.get(row[0].rsplit("/", 1)[-1], 2))
        for number, (_topic, _sequence, key) in enumerate(found):
            row = Outgoing.objects.filter(pk=key).first()
            if row is not None and not self.send(row):
                return number
        return len(found)

    def _drain(self, timeout: float) -> set[int]:
        events: set[int] = set()
        try:
            events.add(self._events.get(timeout=timeout) if timeout else self._events.get_nowait())
            while True:
                events.add(self._events.get_nowait())
        except queue.Empty:
            return events

    def _account(self, numbers: set[int]) -> None:
        known = {number: sent for number in numbers if (sent := self._in_flight.pop(number, None))}
        # An acknowledgement may be faster than the sender's note of what it sent.
        self._early = (numbers - known.keys()) - self._early
        for topic, sequence, _at in known.values():
            row = Outgoing.objects.filter(topic=topic, sequence=sequence)
            row.filter(retained=False).delete()
            row.update(sent_at=timezone.now())


_current: Publisher | None = None


def install(publisher: Publisher | None) -> None:
    """Make a publisher that of this process; None takes it away."""
    global _current  # noqa: PLW0603 - a process has one link, and a commit may happen in any thread of it
    _current = publisher


def current() -> Publisher | None:
    """Return the publisher of this process, if it has one."""
    return _current


def send(outgoing: Outgoing) -> None:
    """Send a row that was just committed. Without a publisher here, that of the server's process repairs."""
    if _current is not None:
        _current.send(outgoing)
