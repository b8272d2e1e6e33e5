"""Messages of a source, taken in: folded into what is known, judged, stored, and acted upon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from django.db import OperationalError

from beffroi_server.accounts.models import Town
from beffroi_server.cap.lifecycle import receive_all
from beffroi_server.cap.listings import note_listing, pruned
from beffroi_server.cap.messages import CapAlert
from beffroi_server.cap.signature_outcomes import SignatureOutcome
from beffroi_server.core.transactions import serialised
from beffroi_server.outside_warnings import message_store
from beffroi_server.outside_warnings.assessments import Judge, note_verdict
from beffroi_server.outside_warnings.models import ReceivedMessage, WarningSource

_ATTEMPTS = 5
MAX_AT_ONCE = 2_000
"""Messages of one document that are taken in."""


def take_in(
    source: WarningSource, alerts: Iterable[CapAlert], now: dt.datetime, *,
    signatures: dict[tuple[str | None, str], SignatureOutcome] | None = None, listed: Collection[str] | None = None,
    is_complete: bool = True,
) -> int:  # fmt: skip
    """Take messages of a source in; return how many are new.

    Args:
        source: The source.
        alerts: Its messages, in the order in which they came.
        now: When they came.
        signatures: What was found about signatures, by identifier and version.
        listed: Identifiers that its feed lists now; None where it is no feed.
        is_complete: Whether all of the feed could be read.
    """
    judge = Judge.of(source, Town.objects.get())
    taken = list(alerts)[:MAX_AT_ONCE]
    for _attempt in range(_ATTEMPTS):
        # Folding takes time that an alert may not have: nothing is locked meanwhile.
        source.generation, source.awaited = WarningSource.objects.values_list("generation", "awaited").get(pk=source.pk)
        rows = message_store.load_rows(source, now)
        store, _ = receive_all(message_store.store_of(rows, source), taken, now)
        if listed is not None:
            store = note_listing(store, listed, now, absence_ends=source.is_snapshot, is_complete=is_complete)
        store = pruned(store, now)
        fresh = message_store.new_rows(source, store, rows)
        for row in fresh:
            known = message_store.known_message(row)
            signature = (signatures or {}).get((known.alert.identifier, known.alert.version))
            row.signature = signature.value if signature is not None else ""
            note_verdict(row, judge.best(known, now, signature))
        with serialised():
            if message_store.save_store(source, store, rows, fresh):
                return len(fresh)
    raise OperationalError(f"the messages of {source} were changed again and again")


def judge_again(source: WarningSource, now: dt.datetime) -> None:
    """Say of each message that is kept whether it may be for the town, after the policy or the place has changed."""
    judge = Judge.of(source, Town.objects.get())
    rows = message_store.load_rows(source, now)
    for row in rows:
        signature = SignatureOutcome(row.signature) if row.signature else None
        note_verdict(row, judge.best(message_store.known_message(row), row.received_at, signature))
    ReceivedMessage.objects.bulk_update(rows, ["decision", "reasons", "concerns"], batch_size=200)
