"""Receipts: the proof that an alert or a programme was presented, with the time of the first showing.

A receipt is made once, sent at once, written to the disk after that, and kept until the server has said that it has
it. That the broker has it proves nothing: it may die with it, or the server may not have been there.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence

from beffroi_content.model import AlertForm
from beffroi_content.timeline import ClockState
from beffroi_content.wire.messages import RECEIPTS
from beffroi_content.wire.reports import MAX_RECEIPTS, Receipt, ReceiptBatch
from beffroi_player.agent.report.report_facts import Publish, ReportFacts
from beffroi_player.agent.storage import KeptReceipt, KeptReceipts
from beffroi_player.clock import ServerClock
from beffroi_player.state.directories import DocumentReception, FirstShowing, PresentedStatus
from beffroi_player.state.model_file import ModelFile

log = logging.getLogger(__name__)

MAX_REMEMBERED = 500
"""Receipts that are remembered, so that none is made twice: far more than alerts are held at once."""
MAX_SAVED = 64
"""Of those that the server has, how many are written to the disk: enough for all that is on, and little to write."""

ReceiptKey = tuple[str, int, str | None, str | None]
"""What makes two receipts the same proof: stream, sequence, alert and form."""


class ReceiptLog:
    """The receipts of a screen, from the first showing until the server has them. Safe for threads.

    Args:
        boot: Identifies this start of the agent.
        publish: Hands a payload to the MQTT client.
        file: Where they survive a restart.
    """

    def __init__(self, boot: str, publish: Publish, file: ModelFile[KeptReceipts], box: str = "") -> None:
        self._boot, self._publish, self._file, self._box = boot, publish, file, box
        self.wakeup = threading.Event()
        """Set when there is something to save or to confirm."""
        self._owed: bool | None = None
        self._lock = threading.Lock()
        stored = file.read() or KeptReceipts()
        self._kept = {_key_of(kept.receipt): kept for kept in stored.receipts}
        self._restore = stored.restore
        self._unsaved = False

    @property
    def unconfirmed(self) -> tuple[Receipt, ...]:
        """The receipts that the server has yet to confirm, oldest first."""
        with self._lock:
            return tuple(kept.receipt for kept in self._kept.values() if not kept.is_confirmed)

    @property
    def seen_alerts(self) -> frozenset[str]:
        """The alerts that were on the screen, in another form than “end of alert”."""
        with self._lock:
            return frozenset(
                alert for _, _, alert, form in self._kept if alert is not None and form != AlertForm.ALL_CLEAR
            )

    def take_owed(self) -> bool | None:
        """Return whether all receipts that were sent since the last call went to a broker; None: none was sent."""
        with self._lock:
            owed, self._owed = self._owed, None
        return owed

    def send_new(self, presented: PresentedStatus, facts: ReportFacts) -> None:
        """Keep and send what is proven and was not before."""
        with self._lock:
            new = [receipt for receipt in proven_receipts(presented, facts) if _key_of(receipt) not in self._kept]
            self._kept |= {_key_of(receipt): KeptReceipt(receipt=receipt) for receipt in new}
            self._unsaved |= bool(new)
            self._drop_oldest()
        if not new:
            return
        self._send(new)
        for receipt in new:
            log.info(
                "%s %s on the screen after %.1f ms", receipt.stream, receipt.alert or "", receipt.latency_ms,
                extra={"STREAM": receipt.stream, "SEQUENCE": receipt.sequence, "ALERT": receipt.alert or ""},
            )  # fmt: skip

    def on_connected(self) -> None:
        """Send everything again that the server has yet to confirm: there is a new connection."""
        if owed := self.unconfirmed:
            self._send(owed)

    def next_batch(self) -> ReceiptBatch | None:
        """Return receipts that the server has yet to confirm, the newest; None where it has all."""
        owed = self.unconfirmed[-MAX_RECEIPTS:]
        return ReceiptBatch(boot=self._boot, box=self._box, receipts=owed) if owed else None

    def note_confirmed(self, batch: ReceiptBatch) -> None:
        """Note that the server has a batch."""
        with self._lock:
            for receipt in batch.receipts:
                if _key_of(receipt) in self._kept:
                    self._kept[_key_of(receipt)] = KeptReceipt(receipt=receipt, is_confirmed=True)
            self._unsaved = True

    def note_restore(self, restore: str) -> None:
        """Note which restoration of its database the server names: what it had before may be gone there."""
        with self._lock:
            if restore == self._restore:
                return
            self._restore, self._unsaved = restore, True
            self._kept = {key: KeptReceipt(receipt=kept.receipt) for key, kept in self._kept.items()}
        log.info("the server was restored from a backup: it is sent every receipt again")
        self._note_owed(is_sent=False)

    def save(self) -> None:
        """Write what has changed to the disk. A receipt that cannot be written is still sent."""
        with self._lock:
            if not self._unsaved:
                return
            self._unsaved = False
            done = [key for key, kept in self._kept.items() if kept.is_confirmed]
            dropped = set(done[:-MAX_SAVED])
            receipts = tuple(kept for key, kept in self._kept.items() if key not in dropped)
            record = KeptReceipts(receipts=receipts, restore=self._restore)
        try:
            self._file.write(record)
        except OSError as error:
            log.warning("receipts would not survive a restart: %s", error)

    def _send(self, receipts: Sequence[Receipt]) -> None:
        """Hand receipts to the MQTT client, and note whether there was a connection."""
        starts = range(0, len(receipts), MAX_RECEIPTS)
        parts = [tuple(receipts[start : start + MAX_RECEIPTS]) for start in starts]
        batches = [ReceiptBatch(boot=self._boot, box=self._box, receipts=part) for part in parts]
        self._note_owed(is_sent=all(self._publish(RECEIPTS, batch.to_json(), None) for batch in batches))

    def _note_owed(self, *, is_sent: bool) -> None:
        with self._lock:
            self._owed = is_sent if self._owed is None else self._owed and is_sent
        self.wakeup.set()

    def _drop_oldest(self) -> None:
        done = [key for key, kept in self._kept.items() if kept.is_confirmed]
        owed = [key for key, kept in self._kept.items() if not kept.is_confirmed]
        # Those that the server has go first: of the others each is a proof that nobody else has.
        for key in (done + owed)[: max(0, len(self._kept) - MAX_REMEMBERED)]:
            if not self._kept.pop(key).is_confirmed:
                log.warning("a receipt is dropped: the server has not taken any for too long", extra={"ALERT": key[2]})


def proven_receipts(presented: PresentedStatus, facts: ReportFacts) -> Iterator[Receipt]:
    """Yield what the presented frame proves, and what was shown before it since the document came.

    An overlay hides what lies beneath: it proves the programme, but no alert.
    """
    earlier = {(first.alert, first.form): first for first in presented.first_showings}
    visible = () if presented.overlay else presented.showings
    now = {(shown.alert, shown.form): _first_of(presented, shown.alert, shown.form) for shown in visible if shown.alert}
    for (alert, form), showing in (earlier | now).items():
        reception = facts.receptions.get(alert or "")
        if reception is None:
            continue
        first = earlier.get((alert or "", form))
        proven = _reception_of(first, reception) if first is not None else None
        if first is not None and proven is not None:
            yield _receipt_of(first, proven, alert, form, facts.server)
        if proven is not reception and (alert, form) in now:
            yield _receipt_of(showing, reception, alert, form, facts.server)
    reception = facts.programme_reception
    if reception is not None and presented.programme == reception.sequence:
        yield _receipt_of(_first_of(presented, "", None), reception, None, None, facts.server)


def _first_of(presented: PresentedStatus, alert: str | None, form: AlertForm | None) -> FirstShowing:
    return FirstShowing(
        alert=alert or "", form=form, at_ms=presented.presented_at_ms, uptime_ms=presented.presented_uptime_ms,
        frame=presented.frame, clock=ClockState(presented.clock),
    )  # fmt: skip


def _reception_of(first: FirstShowing, reception: DocumentReception | None) -> DocumentReception | None:
    """Return the reception of what was shown: an alert may be sent again, changed, before anybody has looked."""
    while reception is not None and reception.uptime_ms is not None and first.uptime_ms < reception.uptime_ms:
        reception = reception.before
    return reception


def _receipt_of(
    showing: FirstShowing, reception: DocumentReception, alert: str | None, form: AlertForm | None,
    server: ServerClock | None,
) -> Receipt:  # fmt: skip
    # Of an earlier boot the wall clock alone can tell how long it took.
    since_ms = (
        showing.at_ms - reception.unix_ms if reception.uptime_ms is None else showing.uptime_ms - reception.uptime_ms
    )
    return Receipt(
        stream=reception.stream,
        sequence=reception.sequence,
        alert=alert,
        form=form,
        received_at_ms=max(0, reception.unix_ms),
        presented_at_ms=max(0, showing.at_ms),
        latency_ms=max(0.0, round(since_ms, 3)),
        frame=showing.frame,
        clock=showing.clock,
        presented_steady=server.steady_at(showing.uptime_ms) if server is not None else None,
    )


def _key_of(receipt: Receipt) -> ReceiptKey:
    return receipt.stream, receipt.sequence, receipt.alert, receipt.form
