"""The audit trail: an append-only list of changes, each event with the hash of the one before."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone

from beffroi_server.accounts.models import AuditEvent, User
from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.core.transactions import serialised

FieldValues = dict[str, Any]
"""Values of the fields of a row, by their names, as JSON holds them."""
SHORT_TRAIL = 1_000
"""Events up to which the trail is checked from its beginning each time."""
LONGEST_VALUE = 1_000
"""Characters of a value that the trail keeps; the rest is counted."""
_SECRET_NAME = re.compile("password|token|secret|hash|sha256|key|code|totp|recovery", re.ASCII)
_OPEN_NAMES = frozenset({"uncertain_clock"})
_BOOKKEEPING = frozenset({"id", "version", "created_at", "updated_at", "updated_by", "uploaded_by", "last_login"})
"""Fields that tell nothing that the event does not say itself."""
_LAST_HASH: PreparedQuery[str] = PreparedQuery(
    lambda: AuditEvent.objects.order_by("-id").values_list("hash", flat=True)[:1]
)
_acting_token: ContextVar[str] = ContextVar("acting_token", default="")


@contextmanager
def acting_by_token(name: str) -> Iterator[None]:
    """Have the events that are recorded in this block name the token of the API by which their user acts."""
    before = _acting_token.set(name)
    try:
        yield
    finally:
        _acting_token.reset(before)


def record_event(actor: User | None, action: str, subject: object, **detail: Any) -> AuditEvent:
    """Append an event to the trail, in the transaction of the change that it records.

    Args:
        actor: Who did it; None for the server itself.
        action: Noun and verb with a dash, such as ``alert-broadcast``.
        subject: What it was done to, by its name.
        detail: Anything else that JSON can hold.
    """
    if token := _acting_token.get():
        detail = {"token": token, **detail}
    with serialised():
        last = _LAST_HASH.first()
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


def stored_values(row: models.Model) -> FieldValues:
    """Return the fields of a row as the database has them, before it is saved; of one that is new, none.

    A model names further fields that are no decision of a person in ``audit_ignored``.
    """
    stored = None if row._state.adding else type(row)._base_manager.filter(pk=row.pk).first()
    return {} if stored is None else _field_values(stored)


def changes_since(before: FieldValues, row: models.Model | None, **further: Any) -> dict[str, Any]:
    """Return what differs from ``stored_values``, as the detail of an event; None for a row that is deleted now.

    ``changes`` has a pair, from and to, for each field by its name; ``model`` says whose fields they are. Of a row that
    is new, fields without a value are left out. Secrets are never in it: see ``is_secret_name``.

    Args:
        before: What ``stored_values`` returned before it was saved, and former values of ``further``.
        row: What was saved.
        further: Values that are not fields of the row, such as the members of a group.
    """
    after = {} if row is None else {**_field_values(row), **further}
    pairs = {name: [before.get(name), after.get(name)] for name in {**before, **after}}
    changed = {name: pair for name, pair in pairs.items() if (pair[0] or None) != (pair[1] or None)}
    return {"changes": changed} | ({"model": row._meta.label_lower} if row is not None else {}) if changed else {}


def is_secret_name(name: str) -> bool:
    """Tell whether a field of this name may hold a secret, or the hash of one."""
    return name not in _OPEN_NAMES and _SECRET_NAME.search(name) is not None


@dataclass(frozen=True, slots=True)
class TrailCheck:
    """How far the trail is known to be as it was written, and where not."""

    last_event: int = 0
    """Primary key of the last event that was checked."""
    hash: str = ""
    """Its hash: the head of the chain."""
    checked_at: dt.datetime | None = None
    """When the whole trail was last read from its beginning."""
    broken: AuditEvent | None = None
    """The first event that was changed, or before which one was taken away."""


def check_trail(*, is_whole: bool = False) -> TrailCheck:
    """Check the trail: from its beginning where it is short or ``is_whole``, otherwise what is new since the last time.

    The leader checks the whole trail every hour (see ``jobs``), so that a page need not read a hundred thousand events.
    """
    global _last_check  # noqa: PLW0603 - there is one trail
    known = _last_check
    is_known = AuditEvent.objects.filter(pk=known.last_event, hash=known.hash).exists() and known.broken is None
    if is_whole or not is_known or AuditEvent.objects.count() <= SHORT_TRAIL:
        known = TrailCheck(checked_at=timezone.now())
    last, previous, broken = known.last_event, known.hash, None
    for event in AuditEvent.objects.filter(pk__gt=last).order_by("id").iterator():
        if event.previous_hash != previous or event.hash != event.computed_hash():
            broken = event
            break
        last, previous = event.pk, event.hash
    _last_check = TrailCheck(last, previous, known.checked_at, broken)
    return _last_check


def first_broken_event() -> AuditEvent | None:
    """Return the first event that was changed, or before which one was taken away; None when the chain holds."""
    return check_trail(is_whole=True).broken


def verify_chain() -> bool:
    """Tell whether every event is as it was written and none is missing before the newest."""
    return first_broken_event() is None


_last_check = TrailCheck()


def _field_values(row: models.Model) -> FieldValues:
    ignored = _BOOKKEEPING | getattr(row, "audit_ignored", frozenset())
    fields = [field.name for field in row._meta.concrete_fields if not field.primary_key]
    several = [field.name for field in row._meta.many_to_many if field.related_model._meta.app_label != "auth"]
    names = [name for name in (*fields, *several) if name not in ignored and not is_secret_name(name)]
    return {name: _as_value(getattr(row, name)) for name in names}


def _as_value(value: Any) -> Any:
    """Return a value of a field as the trail keeps it: people read it there, long after what it names is gone."""
    if isinstance(value, models.Manager):
        return sorted(str(each) for each in value.all())
    if isinstance(value, models.Model):
        return str(value)
    stored = _as_stored(value)
    if isinstance(stored, str):
        return _shortened(_without_credentials(stored))
    text = json.dumps(stored, ensure_ascii=False)
    return stored if len(text) <= LONGEST_VALUE else _shortened(text)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… (+{len(text) - LONGEST_VALUE})"


def _without_credentials(text: str) -> str:
    """Return an address without the name, password and parameters that may open it to whoever knows them."""
    if not re.match(r"[a-z]+://\S+\Z", text):
        return text
    try:
        parts = urlsplit(text)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="…" if parts.query else "").geturl()
    except ValueError:
        return ""


def _as_stored(detail: Any) -> Any:
    """Return the detail as the database hands it back, so that its hash stays the same."""
    return json.loads(json.dumps(detail, cls=DjangoJSONEncoder))
