"""The report of what was triggered on the spot: handed to the server over HTTP, until it has taken it in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import requests

from beffroi_content.wire.local_triggers import SignedStatement
from beffroi_player import backoff
from beffroi_player.agent.effects import NoteReported
from beffroi_player.agent.local_acts import LocalActs
from beffroi_player.agent.transport.http_client import ServerRefusal

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1.0, 30.0
REFUSED_SECONDS = 600.0
"""After the server has refused it: it may be of an older version, or know another key of this player."""


class ActUploader:
    """Reports acts in a thread of its own.

    Args:
        acts: What was triggered on the spot.
        send: Hands a statement to the server, which has taken it in when this returns; raises ``ServerRefusal`` or
            ``requests.RequestException``.
        put: Hands what was reported to the admission thread.
    """

    def __init__(
        self, acts: LocalActs, send: Callable[[SignedStatement], None], put: Callable[[NoteReported], object]
    ) -> None:
        self._acts, self._send, self._put = acts, send, put
        self._changed = threading.Event()
        self._failures = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="acts", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a request that is under way is abandoned."""
        self._stopping = True
        self._changed.set()

    def report_soon(self) -> None:
        """Report at once: something has changed."""
        self._changed.set()

    def report_once(self) -> float | None:
        """Report what the server has yet to take in; return the seconds until the next attempt; None: it has all."""
        owed = self._acts.unreported
        statement = self._acts.statement() if owed else None
        if statement is None:
            return None
        try:
            self._send(statement)
        except (requests.RequestException, OSError) as error:
            self._failures += 1
            log.info("the server has not taken in what was triggered here: %s", error)
            is_refused = isinstance(error, ServerRefusal) and 400 <= error.status < 500
            if is_refused:
                return REFUSED_SECONDS
            return backoff.retry_delay(self._failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        self._failures = 0
        self._put(NoteReported(owed))
        return None

    def _run(self) -> None:
        while not self._stopping:
            self._changed.clear()
            try:
                pause = self.report_once()
            except Exception:
                log.exception("what was triggered here could not be reported")
                pause = LONGEST_RETRY_SECONDS
            self._changed.wait(pause)
