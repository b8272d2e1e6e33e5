"""The audit trail: an append-only list of changes, each event with the hash of the one before."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from beffroi_server.accounts.models import AuditEvent, User
from beffroi_server.core.transactions import serialised


def record_event(actor: User | None, action: str, subject: object, **detail: Any) -> AuditEvent:
    """Append an event to the trail, in the transaction of the change that it records.

    Args:
        actor: Who did it; None for the server itself.
        action: Noun and verb with a dash, such as ``alert-broadcast``.
        subject: What it was done to, by its name.
        detail: Anything else that JSON can hold.
    """
    with serialised():
        last = AuditEvent.objects.order_by("-id").values_list("hash", flat=True).first()
        event = AuditEvent(
            at=timezone.now(),
            actor=actor.get_username() if actor is not None else "",
            action=action,
            subject=str(subject)[:200],
            detail=_as_stored(detail),
            previous_hash=last or "",
        )
        event.hash = event.computed_hash()
        event.save(force_insert=True)
    return event


def first_broken_event() -> AuditEvent | None:
    """Return the first event that was changed, or before which one was taken away; None when the chain holds."""
    previous = ""
    for event in AuditEvent.objects.order_by("id").iterator():
        if event.previous_hash != previous or event.hash != event.computed_hash():
            return event
        previous = event.hash
    return None


def verify_chain() -> bool:
    """Tell whether every event is as it was written and none is missing before the newest."""
    return first_broken_event() is None


def _as_stored(detail: dict[str, Any]) -> Any:
    """Return the detail as the database hands it back, so that its hash stays the same."""
    return json.loads(json.dumps(detail, cls=DjangoJSONEncoder))
