"""The confirmation of receipts: writes them to the disk, and asks the server over HTTP to take those it may lack.

The answer of the server is the confirmation, since it has stored them by then. One that came over MQTT already costs
it a look into its table.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

import requests

from beffroi_content.wire.reports import ReceiptBatch
from beffroi_player import backoff
from beffroi_player.agent.report.receipts import ReceiptLog
from beffroi_player.agent.transport.http_client import ServerRefusal

log = logging.getLogger(__name__)

SETTLE_SECONDS = 5.0
SPREAD_SECONDS = 25.0
"""How long after it went to the broker a receipt is confirmed: at least, and spread over so long, since an alert makes
every player of the town ask."""
DIRECT_SPREAD_SECONDS = 1.0
"""Without a broker the server has it from here alone: soon."""
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 60.0
REFUSED_SECONDS = 600.0
"""After the server has refused them: it may be of an older version, and will not think better of it in a minute."""


class ReceiptUploader:
    """Saves and confirms the receipts of a log, in a thread of its own.

    Args:
        receipts: The log.
        send: Hands a batch to the server, which has stored it when this returns; raises ``ServerRefusal`` or
            ``requests.RequestException``.
        monotonic: Seconds, for the pauses.
        share: Returns a random number from 0 to 1.
    """

    def __init__(
        self, receipts: ReceiptLog, send: Callable[[ReceiptBatch], None],
        monotonic: Callable[[], float] = time.monotonic, share: Callable[[], float] = random.random,
    ) -> None:  # fmt: skip
        self._receipts, self._send, self._monotonic, self._share = receipts, send, monotonic, share
        self._failures = 0
        self._due: float | None = 0.0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="receipts", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Save what is kept and end the thread; a request that is under way is abandoned."""
        self._stopping = True
        self._receipts.wakeup.set()
        self._thread.join(1.0)
        self._receipts.save()

    def confirm_next(self) -> float | None:
        """Save the log, and confirm a batch if that is due. Return the seconds until the next; None: none is owed."""
        self._receipts.wakeup.clear()
        self._receipts.save()
        self._schedule()
        if self._due is None:
            return None
        if (pause := self._due - self._monotonic()) > 0:
            return pause
        self._due = None
        batch = self._receipts.next_batch()
        if batch is None:
            return None
        try:
            self._send(batch)
        except ServerRefusal as refusal:
            retried = refusal.status >= 500 or refusal.status in (0, requests.codes.too_many_requests)
            return self._try_later(refusal, None if retried else REFUSED_SECONDS)
        except (requests.RequestException, OSError) as error:
            return self._try_later(error)
        self._failures = 0
        self._receipts.note_confirmed(batch)
        self._due = self._monotonic() if self._receipts.next_batch() else None
        return 0.0

    def _schedule(self) -> None:
        """Set when what was sent since the last time is to be confirmed."""
        is_sent = self._receipts.take_owed()
        # After a failure the pause that it asked for holds: a server that is away is not asked more often.
        if is_sent is None or (self._failures and self._due is not None):
            return
        pause = SETTLE_SECONDS + SPREAD_SECONDS * self._share() if is_sent else DIRECT_SPREAD_SECONDS * self._share()
        due = self._monotonic() + pause
        self._due = due if self._due is None else min(due, self._due)

    def _try_later(self, error: Exception, pause: float | None = None) -> float:
        self._failures += 1
        if pause is None:
            pause = backoff.retry_delay(self._failures, FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        log.info("the server does not confirm receipts yet: %s", error)
        self._due = self._monotonic() + pause
        return pause

    def _run(self) -> None:
        while not self._stopping:
            try:
                pause = self.confirm_next()
            except Exception:
                log.exception("receipts could not be confirmed")
                pause = LONGEST_RETRY_SECONDS
            self._receipts.wakeup.wait(pause)
