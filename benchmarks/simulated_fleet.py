"""A fleet of simulated screens: one process with an MQTT connection for each, which does what players do.

Run as a program with a file of settings; it uses nothing but the standard library. Each screen connects as its player
does, subscribes to what it may read, reports, sends plays and receipts, and fetches its documents over HTTP. It
verifies and draws nothing. For each payload on ``down/all/alerts`` a line of JSON says when it came to the first screen
and to the last, by the monotonic clock.
"""

from __future__ import annotations

import hashlib
import heapq
import http.client
import json
import queue
import random
import re
import selectors
import socket
import sys
import threading
import time
import zlib
from pathlib import Path
from typing import Any

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ = 0x10, 0x20, 0x30, 0x40, 0x82, 0x90, 0xC0
KEEPALIVE_S = 60
PLAYS_EVERY_S, POLL_EVERY_S = 60.0, 60.0
CONNECTIONS_PER_S = 250
FRAME = "a" * 64
_ALERT = re.compile(rb'"id":"([0-9a-f-]{36})"')


def packet(first: int, body: bytes) -> bytes:
    """Return an MQTT packet: its first byte, the length of the rest, the rest."""
    length, encoded = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        encoded.append(digit | (0x80 if length else 0))
        if not length:
            return bytes((first, *encoded)) + body


def text(value: str) -> bytes:
    """Return a text as MQTT has it: two bytes of length before it."""
    data = value.encode()
    return len(data).to_bytes(2) + data


class Fleet:
    """All screens, with one selector.

    Args:
        settings: ``port``, ``root`` (of the topics), ``http_port``, ``screens`` (name, token, and broker password of
            each), and ``report_every_s``.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.selector = selectors.DefaultSelector()
        self.due: list[tuple[float, int, str, Any]] = []
        self.arrivals: dict[bytes, list[float]] = {}
        self.ready = self.lost = 0
        self.polls: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.poll_times: list[float] = []
        self.random = random.Random(1)  # noqa: S311 - no secret
        self.screens = [Screen(self, number, *each) for number, each in enumerate(settings["screens"])]

    def after(self, seconds: float, what: str, screen: Screen, value: Any = None) -> None:
        """Have a screen do something later."""
        heapq.heappush(self.due, (time.monotonic() + seconds, screen.number, what, value))

    def run(self) -> None:
        """Connect all, and do what is due until the standard input ends."""
        for number, screen in enumerate(self.screens):
            self.after(number / CONNECTIONS_PER_S, "connect", screen)
        for _ in range(4):
            threading.Thread(target=self._poll, daemon=True).start()
        self.selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            now = time.monotonic()
            while self.due and self.due[0][0] <= now:
                _at, number, what, value = heapq.heappop(self.due)
                getattr(self.screens[number], what)(*(() if value is None else (value,)))
            timeout = max(0.0, self.due[0][0] - time.monotonic()) if self.due else 1.0
            for key, _events in self.selector.select(min(timeout, 1.0)):
                if key.data is not None:
                    key.data.receive()
                elif not sys.stdin.readline():
                    self._say(polls=sorted(self.poll_times), lost=self.lost)
                    return

    def note_ready(self) -> None:
        """Note that a screen has subscribed; say so when all have."""
        self.ready += 1
        if self.ready == len(self.screens):
            self._say(ready=self.ready)

    def note_alerts(self, payload: bytes) -> None:
        """Note that a payload of alerts has come to one more screen; say so when it came to all."""
        now = time.monotonic()
        digest = hashlib.sha256(payload).digest()
        seen = self.arrivals.setdefault(digest, [0, now])
        seen[0] += 1
        if seen[0] == len(self.screens):
            raw = payload[:80].decode("ascii", "replace") if payload.startswith(b"RAW") else ""
            self._say(first=seen[1], last=now, raw=raw, alerts=_alerts_of(payload))

    def _say(self, **values: Any) -> None:
        print(json.dumps(values), flush=True)

    def _poll(self) -> None:
        while True:
            token = self.polls.get()
            begin = time.monotonic()
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.settings["http_port"], timeout=15)
                connection.request("GET", "/device/v1/documents", headers={"Authorization": f"Bearer {token}"})
                connection.getresponse().read()
                connection.close()
            except OSError:
                self.lost += 1
            self.poll_times.append(time.monotonic() - begin)


class Screen:
    """One simulated screen."""

    def __init__(self, fleet: Fleet, number: int, name: str, token: str, password: str) -> None:
        self.fleet, self.number, self.name, self.token, self.password = fleet, number, name, token, password
        self.root = fleet.settings["root"]
        self.connection: socket.socket | None = None
        self.buffer = b""
        self.reports = self.plays = self.packets = 0
        self.programme: int | None = None

    def connect(self) -> None:
        """Open the connection and send birth and subscriptions without waiting, as one does that is in a hurry."""
        connection = socket.create_connection(("127.0.0.1", self.fleet.settings["port"]), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection = connection
        user = f"s-{self.name}"
        will = text(f"{self.root}/up/{user}/status") + text(self._status(online=False))
        flags = 0xC0 | 0x02 | 0x04 | 0x08 | 0x20  # user and password, clean, a will of QoS 1 that is retained
        head = text("MQTT") + bytes((4, flags)) + KEEPALIVE_S.to_bytes(2)
        connection.sendall(packet(CONNECT, head + text(user) + will + text(user) + text(self.password)))
        connection.setblocking(False)
        self.fleet.selector.register(connection, selectors.EVENT_READ, self)

    def receive(self) -> None:
        """Read what there is, packet by packet."""
        assert self.connection is not None
        try:
            data = self.connection.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.fleet.selector.unregister(self.connection)
            self.fleet.lost += 1
            return
        self.buffer += data
        while len(self.buffer) >= 2:
            length, shift, at = 0, 0, 1
            while at < len(self.buffer) and shift <= 21:
                length |= (self.buffer[at] & 0x7F) << shift
                at, shift = at + 1, shift + 7
                if self.buffer[at - 1] < 0x80:
                    break
            if len(self.buffer) < at + length:
                return
            first, body = self.buffer[0], self.buffer[at : at + length]
            self.buffer = self.buffer[at + length :]
            self._handle(first, body)

    def _handle(self, first: int, body: bytes) -> None:
        kind = first & 0xF0
        if kind == CONNACK and body[1] == 0:
            self._begin()
        elif kind == SUBACK:
            self.fleet.note_ready()
        elif kind == PUBLISH:
            size = int.from_bytes(body[:2])
            topic, rest = body[2 : 2 + size], body[2 + size :]
            if first & 0x06:
                self._send(packet(PUBACK, rest[:2]))
                rest = rest[2:]
            if topic.endswith(b"/down/all/alerts"):
                self.fleet.note_alerts(rest)
                for alert in _alerts_of(rest):
                    self.fleet.after(self.fleet.random.uniform(0.02, 0.06), "acknowledge", self, alert)

    def _begin(self) -> None:
        self._publish("status", self._status(online=True), retained=True)
        own = f"s-{self.name}"
        names = ("all/keys", "all/alerts", "all/beat", f"{own}/alerts", f"{own}/programme", f"{own}/command")
        filters = b"".join(text(f"{self.root}/down/{name}") + bytes((1,)) for name in names)
        self._send(packet(SUBSCRIBE, (1).to_bytes(2) + filters))
        # Spread as those of players that were started at any time.
        every = self.fleet.settings["report_every_s"]
        self.fleet.after(self.fleet.random.uniform(0, every), "report", self, every)
        self.fleet.after(self.fleet.random.uniform(0, PLAYS_EVERY_S), "log_plays", self)
        self.fleet.after(self.fleet.random.uniform(0, POLL_EVERY_S), "poll", self)
        self.fleet.after(KEEPALIVE_S / 2, "ping", self)

    def report(self, again_s: float) -> None:
        """Report, and again after some seconds; 0: not again."""
        self.reports += 1
        now = round(time.time() * 1000)
        body = {
            "boot": "b", "number": self.reports, "at_ms": now, "clock": "trusted", "link": "live", "programme": 1,
            "alerts": {},
            "shown": [{"zone": "main", "slide": "announcement-1", "reason": "rule", "rule": "rule-1", "since_ms": now}],
            "presented_at_ms": now, "frame": hashlib.sha256(str(now // 10_000).encode()).hexdigest(), "version": "1.0",
            "stage_started_at_ms": 1, "health": {"uptime_s": self.reports, "processor_percent": 3.5,
            "memory_percent": 20, "temperature_c": 51.5, "disk_free_mb": 9000,
            "network": {"interface": "eth0", "kind": "wired"}},
        }  # fmt: skip
        self._publish("report", json.dumps(body), retained=True)
        if again_s:
            self.fleet.after(again_s, "report", self, again_s)

    def log_plays(self) -> None:
        """Send the plays of a minute."""
        now = round(time.time() * 1000)
        plays = [
            {"number": self.plays + n, "slide": "announcement-1", "zone": "main", "started_at_ms": now - 10_000 * n,
             "lasted_ms": 10_000, "frame": FRAME, "clock": "trusted", "ended": "time", "chain": FRAME}
            for n in range(1, 7)
        ]  # fmt: skip
        self.plays += len(plays)
        self._publish("plays", json.dumps({"plays": plays}))
        self.fleet.after(PLAYS_EVERY_S, "log_plays", self)

    def acknowledge(self, alert: str) -> None:
        """Send the receipt of an alert, and the report that follows."""
        now = round(time.time() * 1000)
        receipt = {
            "stream": "all/alerts", "sequence": now, "alert": alert, "form": "takeover", "received_at_ms": now - 40,
            "presented_at_ms": now, "latency_ms": 40.0, "frame": FRAME, "clock": "trusted",
        }  # fmt: skip
        self._publish("receipts", json.dumps({"boot": "b", "receipts": [receipt]}))
        self.report(0)

    def poll(self) -> None:
        """Fetch the documents over HTTP."""
        self.fleet.polls.put(self.token)
        self.fleet.after(POLL_EVERY_S * self.fleet.random.uniform(0.8, 1.2), "poll", self)

    def ping(self) -> None:
        """Keep the connection alive."""
        self._send(packet(PINGREQ, b""))
        self.fleet.after(KEEPALIVE_S / 2, "ping", self)

    def _status(self, *, online: bool) -> str:
        return json.dumps({"online": online, "boot": "b", "connection": 1})

    def _publish(self, leaf: str, body: str, *, retained: bool = False) -> None:
        self.packets = self.packets % 65_535 + 1
        topic = text(f"{self.root}/up/s-{self.name}/{leaf}")
        self._send(packet(PUBLISH | 0x02 | retained, topic + self.packets.to_bytes(2) + body.encode()))

    def _send(self, data: bytes) -> None:
        try:
            assert self.connection is not None
            self.connection.sendall(data)
        except OSError:
            self.fleet.lost += 1


def _alerts_of(payload: bytes) -> list[str]:
    head, _, body = payload.partition(b"\n\n")
    if b" zlib" in head:
        body = zlib.decompress(body)
    return [found.decode() for found in _ALERT.findall(body)]


if __name__ == "__main__":
    Fleet(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))).run()
