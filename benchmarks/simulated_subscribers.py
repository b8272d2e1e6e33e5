"""Simulated subscribers: one process with an MQTT connection for each of many screens, which verifies what it receives.

Run as a program with a file of settings. Each subscriber connects as its player does, subscribes to the same topics in
the same order, acknowledges, and admits every document by the player's own check (``beffroi_content.trust``) against
keys, floors and audience of its own. It comes back after the player's own pauses when the connection is lost. It draws
nothing, reports nothing and sends no receipts.

The processes that do this share the machine; screens have a processor each. So there are two modes: ``alone`` notes the
arrivals first and verifies afterwards, and what each verification takes of a processor counts from its own arrival;
``shared`` verifies at once, on the processors that are there. ``raw`` only receives.

Lines of JSON come from the standard input, ``{"mode": …}`` or ``{"count": true}``, and go to the standard output.
"""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import json
import os
import resource
import select
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beffroi_content.timeline import ClockState, Moment
from beffroi_content.trust import (
    DocumentRefused,
    DuplicateDocument,
    TrustAnchor,
    TrustState,
    admit_document,
    concerned_topics,
)
from beffroi_content.wire.documents import AlertSet
from beffroi_content.wire.messages import message_of
from beffroi_player.agent.transport.mqtt_client import CONNECT_SECONDS, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS
from beffroi_player.backoff import retry_delay
from benchmarks.simulated_fleet import CONNACK, CONNECT, PINGREQ, PUBACK, PUBLISH, SUBACK, SUBSCRIBE, packet, text

KEEPALIVE_S = 60
"""Longer than a player's: what it sends while nothing happens is not what is measured."""
CONNECTIONS_PER_S = 400
PAUSE_FOR_VERIFYING_S = 0.3
"""How long nothing may have come before what came is verified, in the mode ``alone``."""
EVERYBODY = "/down/all/alerts"
"""The end of the topic whose sets are followed; the others are verified and not counted."""


@dataclass
class Arrivals:
    """What became of one payload of alerts."""

    holders: set[int] = field(default_factory=set)
    first: float = 0.0
    half: float = 0.0
    """When it had come to half of them."""
    last: float = 0.0
    verified: float = 0.0
    """When the last had verified it."""
    spent: list[float] = field(default_factory=list)
    """Seconds of a processor of each verification."""
    refused: dict[str, int] = field(default_factory=dict)
    alerts: list[str] = field(default_factory=list)
    issued_at_ms: int = 0


class Subscribers:
    """All subscribers of a process.

    Args:
        settings: ``port``, ``site``, ``anchor`` (root keys and threshold), ``screens`` (name and password of each).
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings, self.mode = settings, "alone"
        self.poll = select.epoll()
        self.by_handle: dict[int, Subscriber] = {}
        self.due: list[tuple[float, int, str]] = []
        self.waiting: list[tuple[Subscriber, str, bytes, float]] = []
        self.sets: dict[bytes, Arrivals] = {}
        self.ready: set[int] = set()
        self.lost = 0
        self.orders = b""
        """The beginning of a line that has not come whole."""
        self.newest_at = 0.0
        self.screens = [Subscriber(self, number, *each) for number, each in enumerate(settings["screens"])]

    def after(self, seconds: float, what: str, number: int) -> None:
        """Have a subscriber do something later."""
        heapq.heappush(self.due, (time.monotonic() + seconds, number, what))

    def run(self) -> None:
        """Connect all, and do what is due until the standard input ends."""
        for number in range(len(self.screens)):
            self.after(number / CONNECTIONS_PER_S, "connect", number)
        self.poll.register(sys.stdin.fileno(), select.EPOLLIN)
        while True:
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                _at, number, what = heapq.heappop(self.due)
                getattr(self.screens[number], what)()
            if self.waiting and now - self.newest_at > PAUSE_FOR_VERIFYING_S:
                self._verify_waiting()
            timeout = min(0.1, max(0.0, self.due[0][0] - now)) if self.due else 0.1
            for handle, events in self.poll.poll(timeout):
                if handle in self.by_handle:
                    self.by_handle[handle].serve(events)
                elif handle == sys.stdin.fileno() and not self._obey():
                    return

    def note_ready(self, number: int) -> None:
        """Note that a subscriber is subscribed to everything; say so when all are."""
        self.ready.add(number)
        if len(self.ready) == len(self.screens):
            self.say(ready=len(self.ready), at=time.monotonic())

    def take(self, subscriber: Subscriber, topic: str, payload: bytes) -> None:
        """Take in a document as the mode says."""
        now = self.newest_at = time.monotonic()
        if not topic.endswith(EVERYBODY) or self.mode == "alone":
            self.waiting.append((subscriber, topic, payload, now))
            return
        arrivals = self._note(subscriber, payload, now)
        if self.mode == "shared":
            self._verify(subscriber, topic, payload, arrivals)
            arrivals.verified = time.monotonic()
        self._say_whole(payload, arrivals)

    def say(self, **values: Any) -> None:
        """Write a line."""
        print(json.dumps(values), flush=True)

    def _obey(self) -> bool:
        # Not through a reader of lines: it may take in two at once, and the second waits until a third comes.
        given = os.read(sys.stdin.fileno(), 65_536)
        *lines, self.orders = (self.orders + given).split(b"\n")
        for line in lines:
            wanted = json.loads(line)
            self.mode = wanted.get("mode", self.mode)
            if "count" in wanted:
                self.say(connected=len(self.ready), lost=self.lost)
        return bool(given)

    def _verify_waiting(self) -> None:
        waiting, self.waiting = self.waiting, []
        for subscriber, topic, payload, arrived in waiting:
            if not topic.endswith(EVERYBODY):
                subscriber.admit(topic, payload)
                continue
            arrivals = self._note(subscriber, payload, arrived)
            spent = self._verify(subscriber, topic, payload, arrivals)
            # As though it had a processor of its own, which began as the payload came.
            arrivals.verified = max(arrivals.verified, arrived + spent)
            self._say_whole(payload, arrivals)

    def _note(self, subscriber: Subscriber, payload: bytes, now: float) -> Arrivals:
        digest = hashlib.sha256(payload).digest()
        found = self.sets.get(digest)
        if found is None:
            found = self.sets[digest] = Arrivals(first=now)
        found.holders.add(subscriber.number)
        if 2 * len(found.holders) <= len(self.screens):
            found.half = now
        found.first, found.last = min(found.first, now), max(found.last, now)
        return found

    def _verify(self, subscriber: Subscriber, topic: str, payload: bytes, arrivals: Arrivals) -> float:
        begin = time.thread_time()
        verdict, document = subscriber.admit(topic, payload)
        spent = time.thread_time() - begin
        arrivals.spent.append(spent)
        if isinstance(document, AlertSet):
            arrivals.alerts, arrivals.issued_at_ms = [each.id for each in document.alerts], document.issued_at_ms
        if verdict not in {"", "duplicate"}:
            arrivals.refused[verdict] = arrivals.refused.get(verdict, 0) + 1
        return spent

    def _say_whole(self, payload: bytes, arrivals: Arrivals) -> None:
        if len(arrivals.holders) < len(self.screens):
            return
        del self.sets[hashlib.sha256(payload).digest()]
        spent = sorted(arrivals.spent) or [0.0]
        self.say(
            first=arrivals.first, half=arrivals.half, last=arrivals.last, verified=arrivals.verified,
            alerts=arrivals.alerts, issued_at_ms=arrivals.issued_at_ms, refused=arrivals.refused, bytes=len(payload),
            verify_p50=spent[len(spent) // 2], verify_max=spent[-1], mode=self.mode,
        )  # fmt: skip


class Subscriber:
    """One simulated screen."""

    def __init__(self, all_of_them: Subscribers, number: int, name: str, password: str) -> None:
        self.all, self.number, self.name, self.password = all_of_them, number, name, password
        anchor = TrustAnchor(site=all_of_them.settings["site"], screen=name, **all_of_them.settings["anchor"])
        self.trust = TrustState(anchor=anchor)
        self.connection: socket.socket | None = None
        self.buffer, self.outgoing = b"", b""
        self.attempts, self.connections, self.granted = 0, 0, 0
        self.state = "away"
        self.began = 0.0

    def connect(self) -> None:
        """Begin a connection."""
        self.connection = connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.granted, self.state, self.began = b"", 0, "connecting", time.monotonic()
        self.connections += 1
        self.outgoing = self._greeting()
        with contextlib.suppress(BlockingIOError):
            connection.connect(("127.0.0.1", self.all.settings["port"]))
        self.all.by_handle[connection.fileno()] = self
        self.all.poll.register(connection.fileno(), select.EPOLLIN | select.EPOLLOUT)
        self.all.after(CONNECT_SECONDS, "give_up", self.number)

    def give_up(self) -> None:
        """Give up a connection that is not there after the time that a player gives it."""
        if self.state == "connecting" and time.monotonic() - self.began >= CONNECT_SECONDS:
            self._lose()

    def serve(self, events: int) -> None:
        """Send what waits and read what there is."""
        assert self.connection is not None
        if events & (select.EPOLLERR | select.EPOLLHUP):
            self._lose()
            return
        try:
            if events & select.EPOLLOUT:
                self.state = "connected" if self.state == "connecting" else self.state
                self.outgoing = self.outgoing[self.connection.send(self.outgoing) :]
                if not self.outgoing:
                    self.all.poll.modify(self.connection.fileno(), select.EPOLLIN)
            if not events & select.EPOLLIN:
                return
            data = self.connection.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose()
            return
        self.buffer = self.buffer + data if self.buffer else data
        while (found := _split(self.buffer)) is not None:
            first, body, self.buffer = found
            self._handle(first, body)

    def admit(self, topic: str, payload: bytes) -> tuple[str, object]:
        """Check a document as the player does; return why it is refused, and the document."""
        moment = Moment(round(time.time() * 1000), round(time.monotonic() * 1000), ClockState.TRUSTED)
        try:
            admitted = admit_document(self.trust, topic, payload, moment)
        except DuplicateDocument:
            return "duplicate", None
        except DocumentRefused as refused:
            return refused.code, None
        self.trust = admitted.state
        return "", admitted.document

    def ping(self) -> None:
        """Keep the connection alive."""
        if self.state == "subscribed":
            self._send(packet(PINGREQ, b""))
            self.all.after(KEEPALIVE_S / 2, "ping", self.number)

    def _greeting(self) -> bytes:
        user = f"s-{self.name}"
        root = f"beffroi/1/{self.all.settings['site']}/up/{user}/status"
        will = text(root) + text(self._status(online=False))
        head = text("MQTT") + bytes((4, 0xC0 | 0x02 | 0x04 | 0x08 | 0x20)) + KEEPALIVE_S.to_bytes(2)
        return packet(CONNECT, head + text(user) + will + text(user) + text(self.password))

    def _handle(self, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if kind == PUBLISH:
            size = int.from_bytes(body[:2])
            topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
            if first & 0x06:
                self._send(packet(PUBACK, rest[:2]))
                rest = rest[2:]
            self.all.take(self, topic, rest)
        elif kind == CONNACK and body[1] == 0:
            self._subscribe()
        elif kind == SUBACK:
            self.granted += body[2] < 0x80
            if self.granted == len(concerned_topics(self.trust)):
                self.state, self.attempts = "subscribed", 0
                self.all.note_ready(self.number)
                self.all.after(KEEPALIVE_S / 2, "ping", self.number)

    def _subscribe(self) -> None:
        site, user = self.all.settings["site"], f"s-{self.name}"
        birth = text(f"beffroi/1/{site}/up/{user}/status") + (1).to_bytes(2) + self._status(online=True).encode()
        data = packet(PUBLISH | 0x02 | 1, birth)
        for number, topic in enumerate(concerned_topics(self.trust), 2):
            wanted = text(str(topic)) + bytes((message_of(topic).quality,))
            data += packet(SUBSCRIBE, number.to_bytes(2) + wanted)
        self._send(data)

    def _status(self, *, online: bool) -> str:
        return json.dumps({"online": online, "boot": "b", "connection": self.connections})

    def _send(self, data: bytes) -> None:
        with contextlib.suppress(OSError):
            assert self.connection is not None
            self.connection.send(data)

    def _lose(self) -> None:
        """Let go of the connection and come back as a player does."""
        assert self.connection is not None
        was_subscribed = self.state == "subscribed"
        self.all.poll.unregister(self.connection.fileno())
        del self.all.by_handle[self.connection.fileno()]
        self.connection.close()
        self.connection, self.state = None, "away"
        self.all.ready.discard(self.number)
        self.all.lost += 1
        self.attempts = 0 if was_subscribed else self.attempts + 1
        pause = retry_delay(self.attempts, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS, least_share=0.0)
        self.all.after(pause, "connect", self.number)


def _split(buffer: bytes) -> tuple[int, bytes, bytes] | None:
    """Return the first byte and the body of the first packet, and what follows it; None while it is not whole."""
    length, shift, at = 0, 0, 1
    while at < len(buffer):
        length |= (buffer[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if buffer[at - 1] < 0x80:
            end = at + length
            return (buffer[0], buffer[at:end], buffer[end:]) if len(buffer) >= end else None
    return None


if __name__ == "__main__":
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Subscribers(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).run()
