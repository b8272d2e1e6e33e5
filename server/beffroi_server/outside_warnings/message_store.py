"""The messages of a source in the database, and as the pure ``cap.lifecycle`` knows them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from pydantic import TypeAdapter

from beffroi_server.cap.lifecycle import AwaitedEnd, CapStore, EndCause, KnownMessage
from beffroi_server.cap.listings import KEPT
from beffroi_server.cap.messages import CapAlert
from beffroi_server.outside_warnings.models import KEPT_MESSAGES, ReceivedMessage, WarningSource

MAX_MESSAGES = 3_000
"""Messages of a source that are compared with a new one; the oldest go first."""
MAX_AWAITED = 2_000
MAX_MESSAGE_CHARACTERS = 4_000_000
_BATCH = 500
_alerts = TypeAdapter(CapAlert)
_awaited = TypeAdapter(dict[str, tuple[AwaitedEnd, ...]])
_CHANGING = ("seen_at", "misses", "ended_at", "ended_kind", "ended_by")


def alert_of(row: ReceivedMessage) -> CapAlert:
    """Return a message as it was read."""
    return _alerts.validate_json(row.message)


def known_message(row: ReceivedMessage) -> KnownMessage:
    """Return a message with what became of it."""
    end = EndCause(row.ended_kind, row.ended_by or None, row.ended_at) if row.ended_at is not None else None
    return KnownMessage(alert_of(row), row.received_at, row.seen_at, end, row.misses)


def store_of(rows: Iterable[ReceivedMessage], source: WarningSource | None = None) -> CapStore:
    """Return what is known of a source from some of its rows, the oldest first."""
    messages: dict[str, tuple[KnownMessage, ...]] = {}
    for row in rows:
        messages[row.key] = (*messages.get(row.key, ()), known_message(row))
    return CapStore(messages, _awaited.validate_json(source.awaited) if source is not None else {})


def load_rows(source: WarningSource, now: dt.datetime) -> list[ReceivedMessage]:
    """Return the rows of a source that still matter to new messages, the oldest first."""
    recent = source.messages.filter(seen_at__gt=now - KEPT).order_by("-seen_at", "-pk")[:MAX_MESSAGES]
    return sorted(recent, key=lambda row: (row.received_at, row.pk))


def new_rows(source: WarningSource, store: CapStore, rows: Iterable[ReceivedMessage]) -> list[ReceivedMessage]:
    """Return rows, not saved, for the messages of a store that have none."""
    known = {(row.key, row.version, row.sent_at) for row in rows}
    made = [
        _new_row(source, key, each)
        for key, versions in store.messages.items()
        for each in versions
        if (key, each.alert.version, each.alert.sent) not in known
    ]
    return [row for row in made if row is not None]


def save_store(
    source: WarningSource, store: CapStore, rows: Iterable[ReceivedMessage], fresh: Iterable[ReceivedMessage]
) -> bool:
    """Save what has changed since the rows were loaded, and new rows; return False where another intake was faster.

    To be called within a transaction.
    """
    here = WarningSource.objects.filter(pk=source.pk, generation=source.generation)
    if not here.update(generation=source.generation + 1):
        return False
    source.generation += 1
    known = {(row.key, row.version, row.sent_at): row for row in rows}
    changed: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for key, versions in store.messages.items():
        for each in versions:
            row = known.get((key, each.alert.version, each.alert.sent))
            if row is not None and _take_over(row, each):
                changed[tuple(getattr(row, name) for name in _CHANGING)].append(row.pk)
    # Most have only been seen once more: the same change for many is one statement.
    for values, keys in changed.items():
        for at in range(0, len(keys), _BATCH):
            named = ReceivedMessage.objects.filter(pk__in=keys[at : at + _BATCH])
            named.update(**dict(zip(_CHANGING, values, strict=True)))
    newest = dict(sorted(store.awaited.items(), key=lambda pair: pair[1][-1].cause.at)[-MAX_AWAITED:])
    written = _awaited.dump_json(newest).decode()
    if written != source.awaited:
        source.awaited = written
        WarningSource.objects.filter(pk=source.pk).update(awaited=written)
    ReceivedMessage.objects.bulk_create(fresh, batch_size=_BATCH)
    return True


def delete_old(now: dt.datetime) -> int:
    """Delete messages that matter to nobody any more; return how many rows."""
    others = ReceivedMessage.objects.filter(concerns=False, seen_at__lt=now - KEPT)
    old = ReceivedMessage.objects.filter(seen_at__lt=now - KEPT_MESSAGES)
    return others.delete()[0] + old.delete()[0]


def _new_row(source: WarningSource, key: str, known: KnownMessage) -> ReceivedMessage | None:
    written = _alerts.dump_json(known.alert).decode()
    if len(key) > 500 or len(written) > MAX_MESSAGE_CHARACTERS:
        return None
    row = ReceivedMessage(
        source=source, key=key, version=known.alert.version, message=written, sent_at=known.alert.sent,
        received_at=known.received, title=_title(known.alert),
    )  # fmt: skip
    _take_over(row, known)
    return row


def _take_over(row: ReceivedMessage, known: KnownMessage) -> bool:
    """Note in a row what became of its message; return whether that is new."""
    end = known.end
    values = {
        "seen_at": known.seen, "misses": min(known.misses, 30_000), "ended_at": end.at if end else None,
        "ended_kind": end.kind if end else "", "ended_by": ((end.identifier if end else "") or "")[:500],
    }  # fmt: skip
    is_new = any(getattr(row, name) != value for name, value in values.items())
    for name, value in values.items():
        setattr(row, name, value)
    return is_new


def _title(alert: CapAlert) -> str:
    info = alert.infos[0] if alert.infos else None
    words = (info.headline or info.event) if info else alert.note
    return (words or alert.msg_type or alert.identifier or "?")[:300]
