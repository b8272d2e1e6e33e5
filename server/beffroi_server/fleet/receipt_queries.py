"""Queries on receipts of screens."""

from __future__ import annotations

from beffroi_content.wire.reports import Receipt, ReceiptBatch
from beffroi_server.fleet.models import ReceiptRecord, Screen


def has_all_receipts(screen: Screen, batch: ReceiptBatch) -> bool:
    """Tell whether every receipt of a batch is stored: then there is nothing to write, and no lock to wait for."""
    wanted = {_key_of(receipt) for receipt in batch.receipts}
    rows = ReceiptRecord.objects.filter(screen=screen, sequence__in={sequence for _stream, sequence, *_ in wanted})
    return wanted <= set(rows.values_list("stream", "sequence", "alert", "form"))


def _key_of(receipt: Receipt) -> tuple[str, int, str, str]:
    return receipt.stream[:100], receipt.sequence, receipt.alert or "", receipt.form or ""
