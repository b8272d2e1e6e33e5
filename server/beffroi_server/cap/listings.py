"""What the listing of a feed says of messages, and how long they are kept."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection

from beffroi_server.cap.lifecycle import CapStore, EndCause, KnownMessage

MAX_MESSAGES = 20_000
"""Messages of a source that are kept; the oldest go first."""
KEPT = dt.timedelta(days=8)
"""How long messages are kept, and references to messages that have not arrived."""


def note_listing(
    store: CapStore, listed: Collection[str], now: dt.datetime, *, absence_ends: bool, misses: int = 2,
    is_complete: bool = True,
) -> CapStore:  # fmt: skip
    """Return what is known after a reading of a feed that has listed some identifiers.

    Whether absence is an end depends on the source: yes for snapshots (the German weather service), no where lists
    flicker (the United States) or keep messages for days after their end. An empty feed is calm; one that could not be
    read is no reading.

    Args:
        store: What was known.
        listed: Identifiers in the feed.
        now: When it was read.
        absence_ends: Whether what is missing is over.
        misses: Readings in a row without it that make an end; at least two.
        is_complete: Whether all of the feed could be read: otherwise nothing is missing.
    """
    messages: dict[str, tuple[KnownMessage, ...]] = {}
    keys = {identifier.casefold() for identifier in listed}
    for key, versions in store.messages.items():
        if key in keys:
            messages[key] = tuple(dataclasses.replace(each, seen=now, misses=0) for each in versions)
        elif not is_complete:
            messages[key] = versions
        else:
            messages[key] = tuple(_missed(each, now, max(2, misses) if absence_ends else None) for each in versions)
    return CapStore(messages, store.awaited)


def _missed(known: KnownMessage, now: dt.datetime, limit: int | None) -> KnownMessage:
    count = known.misses + 1
    is_over = limit is not None and count >= limit and known.end is None
    end = EndCause("absence", None, now) if is_over else known.end
    return dataclasses.replace(known, misses=count, end=end)


def pruned(store: CapStore, now: dt.datetime) -> CapStore:
    """Return what is known without messages and references that the source has not had for days."""
    since = now - KEPT
    messages = {
        key: kept for key, versions in store.messages.items() if (kept := tuple(v for v in versions if v.seen > since))
    }
    newest = sorted(messages, key=lambda key: messages[key][-1].seen)[-MAX_MESSAGES:]
    awaited = {
        key: left for key, ends in store.awaited.items() if (left := tuple(e for e in ends if e.cause.at > since))
    }
    return CapStore({key: messages[key] for key in newest}, awaited)
