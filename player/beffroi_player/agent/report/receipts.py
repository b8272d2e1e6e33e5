"""Receipts: the proof that an alert or a programme was presented. Each is sent once, as soon as it is true."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from beffroi_content.wire.messages import RECEIPTS
from beffroi_content.wire.reports import Receipt, ReceiptBatch, ShownPart
from beffroi_player.agent.received import DocumentReception
from beffroi_player.agent.report.report_facts import Publish, ReportFacts
from beffroi_player.state.directories import PresentedStatus

log = logging.getLogger(__name__)

MAX_REMEMBERED = 500
"""Receipts that are remembered, so that none is sent twice: far more than alerts are held at once."""

ReceiptKey = tuple[object, ...]
"""What makes two receipts the same proof."""


class ReceiptSender:
    """Sends the receipts that follow from what is presented.

    Args:
        boot: Identifies this start of the agent.
        publish: Hands a payload to the MQTT client.
    """

    def __init__(self, boot: str, publish: Publish) -> None:
        self._boot = boot
        self._publish = publish
        self._sent: dict[ReceiptKey, None] = {}

    def send_new(self, presented: PresentedStatus, facts: ReportFacts) -> None:
        """Send what was not sent yet. Without a connection nothing is remembered: it is due again the next time."""
        new = {key: receipt for key, receipt in proven_receipts(presented, facts) if key not in self._sent}
        if not new:
            return
        body = ReceiptBatch(boot=self._boot, receipts=tuple(new.values()))
        if self._publish(RECEIPTS, body.to_json(), None):
            self._sent |= dict.fromkeys(new)
            for key in list(self._sent)[:-MAX_REMEMBERED]:
                del self._sent[key]
        for receipt in new.values():
            log.info(
                "%s %s on the screen after %.1f ms", receipt.stream, receipt.alert or "", receipt.latency_ms,
                extra={"STREAM": receipt.stream, "SEQUENCE": receipt.sequence, "ALERT": receipt.alert or ""},
            )  # fmt: skip


def proven_receipts(presented: PresentedStatus, facts: ReportFacts) -> Iterator[tuple[ReceiptKey, Receipt]]:
    """Yield what the presented frame proves, each with its key.

    An overlay hides what lies beneath: it proves the programme, but no alert.
    """
    for shown in () if presented.overlay else presented.showings:
        reception = facts.receptions.get(shown.alert or "")
        if reception is not None:
            key = (shown.alert, shown.form, reception.sequence, reception.stream)
            yield key, _receipt_of(presented, reception, shown)
    reception = facts.programme_reception
    if reception is not None and presented.programme == reception.sequence:
        yield ("programme", reception.sequence), _receipt_of(presented, reception, None)


def _receipt_of(presented: PresentedStatus, reception: DocumentReception, shown: ShownPart | None) -> Receipt:
    return Receipt(
        stream=reception.stream,
        sequence=reception.sequence,
        alert=shown.alert if shown else None,
        form=shown.form if shown else None,
        received_at_ms=max(0, reception.unix_ms),
        presented_at_ms=max(0, presented.presented_at_ms),
        latency_ms=max(0.0, round(presented.presented_uptime_ms - reception.uptime_ms, 3)),
        frame=presented.frame,
        clock=presented.clock,
    )
