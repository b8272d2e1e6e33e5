"""The relay of alerts: a player that hears neither server nor broker gets the signed alert sets from its peers.

A set that comes this way is checked as any other: signature, audience, expiry, and a sequence above the stored floor. A
peer can keep something back, but neither invent nor repeat anything. An all-clear is a newer set, and comes likewise.

Who is cut off for a while asks (``BEFFROI1 a <town> <name>``), every few seconds and as soon as a peer says that it has
something newer (``BEFFROI1 + <town>``); who holds sets answers (``BEFFROI1 A <port>``) and hands them out over HTTP at
``/alerts``. The name is random, of one start: by it a player knows its own questions, which come back to it.

What was triggered on the spot no set of the server says, so everybody asks for it, cut off or not: when a peer says
that something was triggered (``BEFFROI1 ! <town> <name>``), which it repeats, and every few seconds while cut off. Who
has triggered something answers at ``/acts/<nonce>`` with a statement that it signs for that nonce.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import random
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from typing import Any

from beffroi_content.wire.local_triggers import MAX_STATEMENT, SignedStatement
from beffroi_content.wire.topics import Topic
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.transport.held_sets import KEPT_BYTES, KEPT_STREAMS, SignedSet
from beffroi_player.agent.transport.local_network import (
    MAX_DATAGRAM,
    PeerServer,
    ask_group,
    is_local_address,
    open_listener,
    send_to_group,
    stop_server,
    town_mark,
)

log = logging.getLogger(__name__)

PORT = 7070
TIMEOUT_S = 3.0
"""To connect, and for each piece of an answer."""
CUT_OFF_AFTER_S = 5.0
"""For so long neither server nor broker is heard before the first question: either knows more than a peer, and is heard
a moment after the start of the player or of itself."""
LOOK_EVERY_S = 1.0
"""How often a player looks whether it is cut off."""
ASK_EVERY_S = 10.0
"""How often a player that is cut off asks, with jitter."""
ASK_ACTS_S = 1.0
"""How often at most what peers have triggered is asked for, whoever says that something was."""
TELL_EVERY_S = 10.0
"""How often a player that has triggered something says so."""
MAX_BODY = 2 * KEPT_STREAMS * KEPT_BYTES
"""Bytes of an answer that are read: every stream with its largest set, as base64."""
_QUESTION = re.compile(rb"BEFFROI1 a ([0-9a-f]{16}) ([0-9a-f]{16})")
_TRIGGERED = re.compile(rb"BEFFROI1 ! ([0-9a-f]{16}) ([0-9a-f]{16})")
_ACTS_PATH = re.compile(r"/acts/([0-9a-f]{32})")
_ANSWER = re.compile(rb"BEFFROI1 A (\d{1,5})")


class AlertRelay:
    """Gives the alert sets that this player holds to peers, and fetches theirs while it is cut off.

    Args:
        town: Whose players they are.
        held: Returns the sets that were accepted, as they were signed.
        concerns: Tells whether a stream is one of this screen's.
        is_cut_off: Tells whether neither server nor broker is heard.
        receive: Takes what came, unchecked.
        uptime: Milliseconds since boot.
        interface: Address of the network card; ``0.0.0.0`` leaves the choice to the system.
        port: Of the questions.
        acts: Returns what was triggered by this player, signed for a nonce; None where nothing was.
        follow: Takes what a peer has triggered, unchecked, with our nonce.
    """

    def __init__(
        self,
        town: str,
        held: Callable[[], Sequence[SignedSet]],
        concerns: Callable[[str], bool],
        is_cut_off: Callable[[], bool],
        receive: Callable[[ReceivedDocument], object],
        uptime: Callable[[], float],
        interface: str = "0.0.0.0",  # noqa: S104 - the group and local addresses alone are answered
        port: int = PORT,
        acts: Callable[[str], SignedStatement | None] = lambda _nonce: None,
        follow: Callable[[SignedStatement, str], object] = lambda _signed, _nonce: None,
    ) -> None:
        self._town, self._interface, self._port = town_mark(town), interface, port
        self._held, self._concerns, self._is_cut_off = held, concerns, is_cut_off
        self._receive, self._uptime = receive, uptime
        self._acts, self._follow = acts, follow
        self._is_triggered = False
        """Whether a peer has said that something was triggered."""
        self._acts_told_ms = -TELL_EVERY_S * 1_000
        self._acts_asked_ms = -ASK_ACTS_S * 1_000
        self._listener: socket.socket | None = None
        self._server: _SetServer | None = None
        self._name = secrets.token_hex(8).encode()
        self._is_newer = threading.Event()
        """Set when a peer has something newer."""
        self._cut_off_ms: float | None = None
        """Since when neither server nor broker is heard."""
        self._next_ms = 0.0
        """When it is time to ask again."""
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to give and to fetch. A network that does not allow it is only logged."""
        try:
            self._server = _SetServer(self._held, self._acts)
            self._listener = open_listener(self._port, self._interface)
        except OSError as error:
            log.warning("alerts are not relayed on the network: %s", error)
            self.stop()
            return
        for name, work in (
            ("relay-questions", self._listen), ("relay-sets", self._server.serve_forever), ("relay", self._ask),
        ):  # fmt: skip
            threading.Thread(target=work, name=name, daemon=True).start()

    def stop(self) -> None:
        """Neither give nor fetch any more."""
        self._stopped.set()
        self._is_newer.set()
        listener, self._listener = self._listener, None
        server, self._server = self._server, None
        if listener is not None:
            listener.close()
        if server is not None:
            stop_server(server, runs=listener is not None)

    def tell_peers(self) -> None:
        """Tell peers that this player has something newer: those that are cut off ask for it at once."""
        if self._listener is not None:
            with suppress(OSError):
                send_to_group(b"BEFFROI1 + " + self._town, self._port, self._interface)

    def tell_of_acts(self) -> None:
        """Tell peers that something was triggered here, or ended."""
        if self._listener is not None:
            self._acts_told_ms = self._uptime()
            with suppress(OSError):
                send_to_group(b"BEFFROI1 ! " + self._town + b" " + self._name, self._port, self._interface)

    def fetch_once(self, *, wants_sets: bool = True) -> int:
        """Ask the peers, and hand on what they have for this screen; return how many sets that were.

        Args:
            wants_sets: Whether their alert sets are wanted; what they have triggered always is.
        """
        question, count = b"BEFFROI1 a " + self._town + b" " + self._name, 0
        for answer, host in list(ask_group(question, self._port, self._interface)):
            match = _ANSWER.fullmatch(answer)
            if match is None or not is_local_address(host):
                continue
            with suppress(OSError, HTTPException, ValueError):
                port = int(match[1])
                if wants_sets:
                    for topic, payload in self._fetch(host, port):
                        self._receive(ReceivedDocument(topic, payload, self._uptime(), live=False))
                        count += 1
                # After the sets: what the server has taken over, they say.
                self._fetch_acts(host, port)
        return count

    def _fetch(self, host: str, port: int) -> list[SignedSet]:
        body = _get(host, port, "/alerts", MAX_BODY)
        return [pair for pair in read_sets(body) if self._concerns(Topic.parse(pair[0]).stream)]

    def _fetch_acts(self, host: str, port: int) -> None:
        nonce = secrets.token_hex(16)
        body = _get(host, port, f"/acts/{nonce}", 2 * MAX_STATEMENT)
        if body:
            self._follow(SignedStatement.model_validate_json(body), nonce)

    def _ask(self) -> None:
        while not self._stopped.is_set():
            is_newer = self._is_newer.wait(LOOK_EVERY_S)
            self._is_newer.clear()
            self._repeat_acts()
            is_cut_off = self.is_question_due(is_newer=is_newer)
            if not (self._are_acts_due() or is_cut_off):
                continue
            # All that are cut off hear of something newer in the same instant.
            self._stopped.wait(random.random() * 0.2)  # noqa: S311
            if count := self.fetch_once(wants_sets=is_cut_off):
                log.info("peers have handed out %d alert sets", count)

    def _repeat_acts(self) -> None:
        """Say again that something was triggered here: a datagram may be lost, and a peer have been away."""
        if self._uptime() - self._acts_told_ms >= TELL_EVERY_S * 1_000 and self._acts("") is not None:
            self.tell_of_acts()

    def _are_acts_due(self) -> bool:
        """Tell whether a peer has said that something was triggered, and it was not asked a moment ago."""
        now = self._uptime()
        if not self._is_triggered or now - self._acts_asked_ms < ASK_ACTS_S * 1_000:
            return False
        self._is_triggered, self._acts_asked_ms = False, now
        return True

    def is_question_due(self, *, is_newer: bool = False) -> bool:
        """Tell whether it is time to ask the peers, or some of them said that they have something newer."""
        now = self._uptime()
        if not self._is_cut_off():
            self._cut_off_ms, self._next_ms = None, 0.0
            return False
        if self._cut_off_ms is None:
            self._cut_off_ms = now
        if now - self._cut_off_ms < CUT_OFF_AFTER_S * 1_000 or (now < self._next_ms and not is_newer):
            return False
        self._next_ms = now + ASK_EVERY_S * 1_000 * random.uniform(0.8, 1.2)  # noqa: S311
        return True

    def _listen(self) -> None:
        while (listener := self._listener) is not None and (server := self._server) is not None:
            try:
                said, sender = listener.recvfrom(MAX_DATAGRAM)
            except TimeoutError:
                continue
            except OSError:
                return
            if not is_local_address(sender[0]):
                continue
            if said == b"BEFFROI1 + " + self._town:
                self._is_newer.set()
            elif self._is_of_peer(_TRIGGERED, said):
                self._is_triggered = True
                self._is_newer.set()
            elif self._is_of_peer(_QUESTION, said) and (server.held() or self._acts("") is not None):
                with suppress(OSError):
                    listener.sendto(b"BEFFROI1 A " + str(server.server_port).encode(), sender)

    def _is_of_peer(self, pattern: re.Pattern[bytes], said: bytes) -> bool:
        """Tell whether it is such a word of another player of the town."""
        match = pattern.fullmatch(said)
        return match is not None and match[1] == self._town and match[2] != self._name


def write_sets(sets: Iterable[SignedSet]) -> bytes:
    """Return sets as peers hand them out: a JSON list of topic and base64."""
    return json.dumps([[topic, base64.b64encode(payload).decode()] for topic, payload in sets]).encode()


def read_sets(body: bytes) -> list[SignedSet]:
    """Return the sets of an answer; what is none is left out.

    Raises:
        ValueError: it is too long, or no JSON.
    """
    if len(body) > MAX_BODY:
        raise ValueError("too long")
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    sets: list[SignedSet] = []
    if not isinstance(found, list):
        return sets
    for each in found[:KEPT_STREAMS]:
        with suppress(ValueError, TypeError, binascii.Error):
            topic, text = each
            Topic.parse(topic)
            sets.append((topic, base64.b64decode(text, validate=True)))
    return sets


def _get(host: str, port: int, path: str, limit: int) -> bytes:
    """Return what a peer answers, up to one byte more than the limit; nothing where it has nothing.

    Raises:
        OSError, HTTPException: it does not answer.
    """
    connection = HTTPConnection(host, port, timeout=TIMEOUT_S)
    # A limit for the whole answer: the socket's own is for each piece, and each may come just in time.
    hurry = threading.Timer(2 * TIMEOUT_S, connection.close)
    hurry.start()
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.read(limit + 1) if response.status == HTTPStatus.OK else b""
    finally:
        hurry.cancel()
        connection.close()


class _SetServer(PeerServer):
    """Hands out the alert sets, and what was triggered here, and nothing else."""

    def __init__(self, held: Callable[[], Sequence[SignedSet]], acts: Callable[[str], SignedStatement | None]) -> None:
        self.held, self.acts = held, acts
        super().__init__(_SetRequestHandler)


class _SetRequestHandler(BaseHTTPRequestHandler):
    timeout = 5
    server: _SetServer

    def do_GET(self) -> None:
        asked = _ACTS_PATH.fullmatch(self.path)
        if asked is not None and (statement := self.server.acts(asked[1])) is not None:
            body = statement.to_json()
        elif self.path == "/alerts":
            body = write_sets(self.server.held())
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log no requests."""
