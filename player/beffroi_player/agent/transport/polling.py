"""Polling: fetches the same signed documents over HTTP, every minute and whenever MQTT is in doubt.

So a broker that is silent, or withholds something, is noticed and survived.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
from collections.abc import Callable

import requests

from beffroi_content.wire.messages import BEAT, KEYS
from beffroi_content.wire.plays import HeldPlays
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.transport.http_client import ServerClient, ServerDocuments

log = logging.getLogger(__name__)

POLL_SECONDS = 60.0
JITTER = 0.2
SPACING_SECONDS = 3.0
"""Two polls are at least this far apart, however often they are requested."""
SPREAD_SECONDS = 1.0
"""A broker that dies makes every player of the town ask: not all in the same instant."""


class DocumentPoller:
    """Fetches documents in a thread of its own.

    Args:
        server: The server.
        receive: Called with each document.
        changed: Called when the server begins or ceases to answer.
        uptime: Milliseconds since boot.
        held: Called with the plays that the server has of this screen.
        answered: Called with each answer, after its documents.
        find_authorities: Called where nobody vouches for the server; returns whether somebody does now.
    """

    def __init__(
        self,
        server: ServerClient,
        receive: Callable[[ReceivedDocument], object],
        changed: Callable[[], object],
        uptime: Callable[[], float],
        held: Callable[[HeldPlays], None],
        answered: Callable[[ServerDocuments], None] = lambda _: None,
        find_authorities: Callable[[], bool] = lambda: False,
    ) -> None:
        self.is_answered = False
        """Whether the last poll was answered."""
        self._server = server
        self._receive = receive
        self._changed = changed
        self._uptime = uptime
        self._held = held
        self._answered = answered
        self._find_authorities = find_authorities
        self._asked = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    def start(self) -> None:
        """Start the thread, which polls at once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a request that is under way is abandoned."""
        self._stopped.set()
        self._asked.set()

    def poll_soon(self) -> None:
        """Poll as soon as the spacing allows."""
        self._asked.set()

    def poll_once(self) -> None:
        """Fetch every document and pass it on: the keys first, which verify the others, then the beat."""
        try:
            nonce, asked_ms = secrets.token_hex(16), self._uptime()
            answer = self._fetch_documents(nonce)
        except (requests.RequestException, OSError) as error:
            log.info("the server does not answer: %s", error)
            self._note_answer(answers=False)
            return
        self._note_answer(answers=True)
        if answer.plays is not None:
            self._held(answer.plays)
        for topic, payload in sorted(answer.documents, key=_reading_order):
            steps = answer.key_steps if topic.endswith(f"/{KEYS.leaf}") else ()
            self._receive(ReceivedDocument(topic, payload, self._uptime(), False, nonce, asked_ms, steps))
        # After the documents: this may ask the server for something, and an alert does not wait for that.
        self._answered(answer)

    def _fetch_documents(self, nonce: str) -> ServerDocuments:
        try:
            return self._server.fetch_documents(nonce)
        except requests.exceptions.SSLError:
            if not self._find_authorities():
                raise
            return self._server.fetch_documents(nonce)

    def _note_answer(self, *, answers: bool) -> None:
        if answers != self.is_answered:
            self.is_answered = answers
            self._changed()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._asked.clear()
            try:
                self.poll_once()
            except Exception:
                log.exception("a poll failed")
            self._stopped.wait(SPACING_SECONDS)
            pause = POLL_SECONDS * random.uniform(1 - JITTER, 1 + JITTER) - SPACING_SECONDS  # noqa: S311
            if self._asked.wait(pause):
                self._stopped.wait(random.random() * SPREAD_SECONDS)  # noqa: S311


def _reading_order(pair: tuple[str, bytes]) -> int:
    leaf = pair[0].rsplit("/", 1)[-1]
    return {KEYS.leaf: 0, BEAT.leaf: 1}.get(leaf, 2)
