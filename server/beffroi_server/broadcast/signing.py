"""From a document to a row of the outbox: the next sequence of its stream, the signature, and sending after commit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.utils import timezone

from beffroi_content.wire import envelope
from beffroi_content.wire.documents import Document, Role, next_sequence
from beffroi_content.wire.messages import Message
from beffroi_content.wire.topics import Scope
from beffroi_server.accounts.models import Town
from beffroi_server.broadcast import keyfiles, publisher
from beffroi_server.broadcast.models import Outgoing, Stream
from beffroi_server.instants import unix_ms

COMPRESS_FROM = 16 * 1024
"""Bytes of JSON from which an alert set is compressed; a short one is not worth the time. Programmes always are."""
LIFETIMES = {
    Role.ROOT: dt.timedelta(days=1100),
    Role.ALERT: dt.timedelta(days=14),
    Role.PROGRAMME: dt.timedelta(days=90),
    Role.COMMAND: dt.timedelta(seconds=60),
    Role.BEAT: dt.timedelta(seconds=60),
}
"""How long a player that does not have a document yet may still accept it. Jobs renew in time what must last."""


class TooLarge(Exception):
    """A document does not fit its message: ``size`` bytes where ``limit`` are allowed."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size} bytes where {limit} are allowed")
        self.size = size
        self.limit = limit


def site() -> str:
    """Return the town's part of every topic.

    Raises:
        Town.DoesNotExist: ``beffroi-server init`` was not run.
    """
    return Town.objects.values_list("site", flat=True).get()


def seal_document(
    message: Message, scope: Scope, name: str, document: Document, *, keys: Iterable[Ed25519PrivateKey] | None = None
) -> Outgoing:
    """Give a document its sequence and times, sign it and put it into the outbox. It is sent when this commits.

    Args:
        message: What it is.
        scope: Whom it concerns.
        name: The slug of the group or screen; empty for all.
        document: Its ``sequence``, ``issued_at_ms`` and ``expires_at_ms`` are replaced.
        keys: Who signs; by default the key of the message's role.

    Raises:
        KeysMissing: the key of the role is not there.
        TooLarge: nothing was written.
    """
    assert message.role is not None
    signers = list(keys) if keys is not None else [keyfiles.private_key(message.role)]
    topic = message.topic(site(), scope, name)
    now = timezone.now()
    expires_at = now + LIFETIMES[message.role]
    with transaction.atomic():
        stamped = _stamped(document, _next_sequence(str(topic), now), now, expires_at)
        payload = seal(message, topic.audience, stamped, signers)
        outgoing = _stored(message, str(topic), stamped.sequence, payload, expires_at)
        transaction.on_commit(lambda: publisher.send(outgoing), robust=True)
    return outgoing


def seal(message: Message, audience: str, document: Document, keys: Iterable[Ed25519PrivateKey]) -> bytes:
    """Sign a document that has its sequence and times already.

    Raises:
        TooLarge: it does not fit its message.
    """
    assert message.role is not None
    text = document.to_json()
    compress = message.role is Role.PROGRAMME or len(text) > COMPRESS_FROM
    encoding = envelope.Encoding.ZLIB if compress else envelope.Encoding.JSON
    payload = envelope.seal(message.role, audience, text, keys, encoding)
    if len(payload) > message.size_limit or len(text) > envelope.DECOMPRESSED_LIMIT:
        raise TooLarge(len(payload), message.size_limit)
    return payload


def stamp(document: Document, role: Role, previous: int, now: dt.datetime) -> Document:
    """Return the document with the sequence after ``previous`` and the times of now."""
    return _stamped(document, next_sequence(previous, unix_ms(now)), now, now + LIFETIMES[role])


def published(message: Message, scope: Scope, name: str = "") -> Document | None:
    """Return the document that a retained topic carries; None when there is none that can be read."""
    try:
        topic = str(message.topic(site(), scope, name))
    except Town.DoesNotExist:
        return None
    row = Outgoing.objects.filter(topic=topic, retained=True).only("payload").first()
    return None if row is None else opened(message, bytes(row.payload))


def opened(message: Message, payload: bytes) -> Document | None:
    """Return what we sealed ourselves, without verifying it; None when this version cannot read it."""
    assert message.model is not None
    try:
        document = message.model.model_validate_json(envelope.parse(payload).text())
    except ValueError:
        return None
    assert isinstance(document, Document)
    return document


def _next_sequence(topic: str, now: dt.datetime) -> int:
    stream, _created = Stream.objects.select_for_update().get_or_create(topic=topic)
    stream.sequence = next_sequence(stream.sequence, unix_ms(now))
    stream.save(update_fields=["sequence"])
    return stream.sequence


def _stamped(document: Document, sequence: int, now: dt.datetime, expires_at: dt.datetime) -> Document:
    # Our own numbers need no validation; that of a large manifest takes its time.
    return document.model_copy(
        update={"sequence": sequence, "issued_at_ms": unix_ms(now), "expires_at_ms": unix_ms(expires_at)}
    )


def _stored(message: Message, topic: str, sequence: int, payload: bytes, expires_at: dt.datetime) -> Outgoing:
    values = {
        "sequence": sequence,
        "payload": payload,
        "quality": message.quality,
        "expires_at": expires_at,
        "sent_at": None,
    }
    if not message.retained:
        return Outgoing.objects.create(topic=topic, retained=False, **values)
    # The row of the stream is locked: nobody else writes this topic now.
    if Outgoing.objects.filter(topic=topic, retained=True).update(**values):
        return Outgoing(topic=topic, retained=True, **values)
    return Outgoing.objects.create(topic=topic, retained=True, **values)
