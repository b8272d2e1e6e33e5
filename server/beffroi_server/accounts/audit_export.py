"""The audit trail as files: JSON lines whose chain anybody can verify, and rows of a table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from beffroi_server.accounts.audit_verification import FORMAT, VERSION
from beffroi_server.accounts.models import AuditEvent, Town

_BATCH = 500


def trail_lines(events: QuerySet[AuditEvent], town: Town) -> Iterator[bytes]:
    """Yield the lines of an export, oldest event first; ``audit_verification`` has the format.

    Of events that were filtered, each can be verified by itself, and the order, but not that none is missing.
    """
    yield _line({"format": FORMAT, "version": VERSION, "site": town.site, "town": town.name})
    count = 0
    for event in events.order_by("id").iterator(chunk_size=_BATCH):
        count += 1
        yield _line({
            "number": event.pk, "at": event.at.isoformat(), "actor": event.actor, "action": event.action,
            "subject": event.subject, "detail": event.detail, "before": event.previous_hash, "hash": event.hash,
        })  # fmt: skip
    yield _line({"events": count})


def change_pairs(detail: Any) -> dict[str, list[Any]]:
    """Return what an event changed: pairs of values by the names of fields; none of an event that changed nothing."""
    changes = detail.get("changes") if isinstance(detail, dict) else None
    if not isinstance(changes, dict):
        return {}
    return {str(name): pair for name, pair in changes.items() if isinstance(pair, list) and len(pair) == 2}


def plain_value(value: Any) -> str:
    """Return a value of a field as text."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def changes_text(detail: Any) -> str:
    """Return what an event changed as one text, for a cell of a table."""
    pairs = change_pairs(detail).items()
    return "; ".join(f"{name}: {plain_value(old)} → {plain_value(new)}" for name, (old, new) in pairs)


def trail_rows(events: QuerySet[AuditEvent], texts: dict[str, Any], headings: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield the headings and the rows of a table, oldest event first.

    Args:
        events: Which ones.
        texts: Texts of actions by their codes.
        headings: Of the columns: time, who, what, of what, changes, hash.
    """
    yield [str(each) for each in headings]
    for event in events.order_by("id").iterator(chunk_size=_BATCH):
        text = str(texts.get(event.action, event.action))
        yield [
            event.at.isoformat(),
            event.actor or "Beffroi",
            text,
            event.subject,
            changes_text(event.detail),
            event.hash,
        ]


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
