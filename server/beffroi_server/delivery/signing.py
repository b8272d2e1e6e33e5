"""Sealing of documents: the next sequence of their topic, signature, row of the outbox, and sending after commit."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Substr
from django.utils import timezone

from beffroi_content.wire import envelope
from beffroi_content.wire.documents import (
    DocumentBody,
    DocumentStamp,
    SignedDocument,
    SigningRole,
    next_sequence,
    stamp_body,
)
from beffroi_content.wire.limits import decompressed_limit
from beffroi_content.wire.messages import ALERTS, MESSAGES, SCENARIOS, WireMessage
from beffroi_content.wire.scopes import TopicScope
from beffroi_content.wire.topics import Topic
from beffroi_server.accounts.models import Town
from beffroi_server.accounts.saved_town import saved_town
from beffroi_server.core.prepared_query import PreparedQuery
from beffroi_server.core.read_once import read_once
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.delivery import key_files, outbox, set_copies, steady_clock
from beffroi_server.delivery.models import OutboxDocument, TopicSequence

COMPRESS_FROM_BYTES = 16 * 1024
"""Bytes of JSON from which an alert set is compressed; a short one is not worth the time. Programmes always are."""
LIFETIMES = {
    SigningRole.ROOT: dt.timedelta(days=1100),
    SigningRole.ALERT: dt.timedelta(days=14),
    SigningRole.PROGRAMME: dt.timedelta(days=90),
    SigningRole.COMMAND: dt.timedelta(seconds=60),
    SigningRole.BEAT: dt.timedelta(seconds=60),
}
"""How long a player that does not have a document yet may still accept it. Jobs renew in time what must last."""
SCENARIOS_LIFETIME = dt.timedelta(days=92)
"""For so long a scenario can be triggered on the spot by a player that hears nothing of the town any more."""

_STREAM = PreparedQuery(lambda: TopicSequence.objects.select_for_update().filter(topic=""))
_HEAD_BYTES = 200
"""Of a payload: in them is the identifier of the key that signed it."""
MAX_OPENED_DOCUMENTS = 96
"""Documents that are kept as they were read: the programmes of the screens that some open pages show."""
_opened_documents: dict[tuple[str, int, int], SignedDocument] = {}

_unstored_lock = threading.Lock()
_unstored_sequences: dict[str, int] = {}
"""The newest sequence of each topic that was sent and could not be stored, for as long as the process lives."""


class DocumentTooLarge(Exception):
    """A document does not fit its message: ``size`` bytes where ``limit`` are allowed."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"{size} bytes where {limit} are allowed")
        self.size = size
        self.limit = limit


def lifetime_of(message: WireMessage) -> dt.timedelta:
    """Return how long a document of a message may be accepted after it was signed."""
    assert message.role is not None
    return SCENARIOS_LIFETIME if message is SCENARIOS else LIFETIMES[message.role]


@read_once
def current_site() -> str:
    """Return the town's part of every topic.

    Raises:
        Town.DoesNotExist: ``beffroi-server init`` was not run.
    """
    town = saved_town()
    if town is None:
        raise Town.DoesNotExist
    return town.site


def seal_document(
    message: WireMessage,
    scope: TopicScope,
    body: DocumentBody,
    *,
    keys: Iterable[Ed25519PrivateKey] | None = None,
) -> OutboxDocument:
    """Make a document of a body: stamp it, sign it and put it into the outbox. It is sent when this commits.

    Args:
        message: The declared message that carries it.
        scope: The screens that it concerns.
        body: The body that belongs to the message, or an earlier document, which gets a new sequence and new times.
        keys: Who signs; by default the key of the message's role.

    Raises:
        KeysMissing: the key of the role is not there.
        DocumentTooLarge: nothing was written.
    """
    assert message.role is not None
    signers = list(keys) if keys is not None else [key_files.private_key(message.role)]
    topic = message.topic_for(current_site(), scope)
    now = timezone.now()
    expires_at = now + lifetime_of(message)
    with transaction.atomic():
        stamped = stamp_document(message, body, _next_sequence(str(topic), now), now)
        payload = sign_document(message, topic.audience, stamped, signers)
        outgoing = _store_document(message, str(topic), stamped.sequence, payload, expires_at)
        transaction.on_commit(lambda: outbox.send_committed(outgoing), robust=True)
        if message is ALERTS:
            # After it was sent: an alert waits for no file.
            transaction.on_commit(lambda: set_copies.write_copy(str(topic), payload), robust=True)
    return outgoing


def publish_signed(message: WireMessage, scope: TopicScope, document: SignedDocument, payload: bytes) -> None:
    """Put a retained document that was signed elsewhere into the outbox. It is sent when this commits."""
    topic = message.topic_for(current_site(), scope)
    with transaction.atomic():
        raise_sequence(topic, document.sequence)
        expires_at = dt.datetime.fromtimestamp(document.expires_at_ms / 1000, dt.UTC)
        outgoing = _store_document(message, str(topic), document.sequence, payload, expires_at)
        transaction.on_commit(lambda: outbox.send_committed(outgoing), robust=True)


def newest_sequence(topic: Topic) -> int:
    """Return the newest sequence that was given for a topic; 0 where none was."""
    stored = TopicSequence.objects.filter(topic=str(topic)).values_list("sequence", flat=True).first() or 0
    return max(stored, _unstored_sequences.get(str(topic), 0))


def is_unstored(topic: Topic) -> bool:
    """Tell whether a document of a topic was sent by this process before the database took it in."""
    return str(topic) in _unstored_sequences


def newest_sequences(message: WireMessage) -> dict[str, int]:
    """Return the newest sequence of every stream of a message, by the stream's name."""
    rows = TopicSequence.objects.filter(topic__endswith=f"/{message.leaf}").values_list("topic", "sequence")
    found = dict(rows)
    for name, sequence in _unstored_sequences.copy().items():
        if name.endswith(f"/{message.leaf}"):
            found[name] = max(sequence, found.get(name, 0))
    return {Topic.parse(name).stream: sequence for name, sequence in found.items()}


def raise_sequence(topic: Topic, sequence: int) -> bool:
    """Have the next document of a topic follow a sequence that was found; return whether that was above its own."""
    stream = _locked_stream(str(topic))
    if sequence <= stream.sequence:
        return False
    stream.sequence = sequence
    stream.save(update_fields=["sequence"])
    return True


def publish_unstored(message: WireMessage, scope: TopicScope, body: DocumentBody) -> bool:
    """Sign and send a document that cannot be stored now; return whether there is a connection to the broker.

    The next document of its topic that is stored has a higher sequence.
    """
    assert message.role is not None
    topic, now = message.topic_for(current_site(), scope), timezone.now()
    name = str(topic)
    stored = TopicSequence.objects.filter(topic=name).values_list("sequence", flat=True).first() or 0
    with _unstored_lock:
        sequence = next_sequence(max(stored, _unstored_sequences.get(name, 0)), unix_ms(now))
        _unstored_sequences[name] = sequence
    stamped = stamp_document(message, body, sequence, now)
    payload = sign_document(message, topic.audience, stamped, [key_files.private_key(message.role)])
    publisher = outbox.current_publisher()
    if publisher is None:
        return False
    return publisher.send_unstored(name, payload, quality=message.quality, retained=message.retained)


def document_size(message: WireMessage, scope: TopicScope, body: DocumentBody, now: dt.datetime) -> int:
    """Return the bytes that a document would have on the wire; more than it may have where it does not fit.

    Raises:
        KeysMissing: the key of the role is not there.
    """
    assert message.role is not None
    stamped = stamp_document(message, body, next_sequence(0, unix_ms(now)), now)
    try:
        return len(sign_document(message, scope.name, stamped, [key_files.private_key(message.role)]))
    except DocumentTooLarge as error:
        return max(error.size, error.limit + 1)


def sign_document(
    message: WireMessage, audience: str, document: SignedDocument, keys: Iterable[Ed25519PrivateKey]
) -> bytes:
    """Sign a document that has its sequence and times already.

    Raises:
        DocumentTooLarge: it does not fit its message.
    """
    assert message.role is not None
    text = document.to_json()
    compress = message.role is SigningRole.PROGRAMME or len(text) > COMPRESS_FROM_BYTES
    encoding = envelope.BodyEncoding.ZLIB if compress else envelope.BodyEncoding.JSON
    payload = envelope.seal_envelope(message.role, audience, text, keys, encoding)
    if len(payload) > message.size_limit or len(text) > decompressed_limit():
        raise DocumentTooLarge(len(payload), message.size_limit)
    return payload


def stamp_document(message: WireMessage, body: DocumentBody, sequence: int, now: dt.datetime) -> SignedDocument:
    """Return the document of a body, with a sequence, the times of now, and the reading of the steady clock."""
    assert message.document is not None
    assert message.role is not None
    expires = unix_ms(now + lifetime_of(message))
    stamp = DocumentStamp(sequence, unix_ms(now), expires, steady_clock.read_steady())
    return stamp_body(message.document, body, stamp)


def published_document(message: WireMessage, scope: TopicScope) -> SignedDocument | None:
    """Return the document that a retained topic carries; None when there is none that can be read."""
    return published_documents(message, [scope]).get(scope)


def published_documents(message: WireMessage, scopes: Iterable[TopicScope]) -> dict[TopicScope, SignedDocument]:
    """Return the documents that the retained topics of some scopes carry; those that cannot be read are left out.

    A document is read once: the newest ``MAX_OPENED_DOCUMENTS`` are kept as they were read.
    """
    try:
        site = current_site()
    except Town.DoesNotExist:
        return {}
    topics = {str(message.topic_for(site, scope)): scope for scope in scopes}
    rows = OutboxDocument.objects.filter(topic__in=topics, retained=True)
    identities = {topic: (topic, sequence, pk) for topic, sequence, pk in rows.values_list("topic", "sequence", "pk")}
    found = {topic: _opened_documents.get(identity) for topic, identity in identities.items()}
    unread = [identities[topic][2] for topic, document in found.items() if document is None]
    for topic, payload in OutboxDocument.objects.filter(pk__in=unread).values_list("topic", "payload"):
        found[topic] = document = open_own_document(message, bytes(payload))
        if document is not None:
            _keep_opened(identities[topic], document)
    return {topics[topic]: document for topic, document in found.items() if document is not None}


def _keep_opened(identity: tuple[str, int, int], document: SignedDocument) -> None:
    _opened_documents[identity] = document
    # The oldest are dropped; pop with a default, since other threads do the same.
    while len(_opened_documents) > MAX_OPENED_DOCUMENTS:
        _opened_documents.pop(next(iter(_opened_documents)), None)


def open_own_document(message: WireMessage, payload: bytes) -> SignedDocument | None:
    """Return what we sealed ourselves, without verifying it; None when this version cannot read it."""
    assert message.document is not None
    try:
        return message.document.model_validate_json(envelope.parse_envelope(payload).decode_body())
    except ValueError:
        return None


def expiring_documents(message: WireMessage, now: dt.datetime) -> list[tuple[str, dt.datetime]]:
    """Return topic and end of the retained documents that are to be signed again, the oldest row first.

    Half of their lifetime is over, or another key than that of now has signed them.
    """
    soon = now + lifetime_of(message) / 2
    signer = _current_signer(message)
    return [
        (row.topic, row.expires_at)
        for row in _with_heads(OutboxDocument.objects.filter(topic__endswith=f"/{message.leaf}"))
        if row.expires_at < soon or not _is_signed_by(row, signer)
    ]


def count_signed_otherwise() -> int:
    """Return how many retained documents were signed by another key than that of now."""
    return sum(
        not _is_signed_by(row, signer)
        for message in MESSAGES
        if message.retained and (signer := _current_signer(message))
        for row in _with_heads(OutboxDocument.objects.filter(topic__endswith=f"/{message.leaf}"))
    )


def _current_signer(message: WireMessage) -> str:
    """Return the identifier of the key that signs a message now; empty where that is not for this server to say."""
    if message.role is None or message.role is SigningRole.ROOT:
        return ""
    try:
        return envelope.key_identifier(envelope.public_hex(key_files.private_key(message.role)))
    except key_files.KeysMissing:
        return ""


def _with_heads(rows: QuerySet[OutboxDocument]) -> QuerySet[OutboxDocument]:
    head = Substr("payload", 1, _HEAD_BYTES, output_field=BinaryField())
    return rows.filter(retained=True).annotate(head=head).only("topic", "expires_at").order_by("pk")


def _is_signed_by(row: OutboxDocument, signer: str) -> bool:
    lines = bytes(row.head).split(b"\n")  # type: ignore[attr-defined]  # the annotation of _with_heads
    return not signer or lines[1][: len(signer)].decode(errors="replace") == signer


def renew_document(message: WireMessage, topic_name: str, now: dt.datetime) -> bool:
    """Sign the document of a screen's topic again, with a new sequence and lifetime; return whether that was needed."""
    assert message.role is not None
    screen = Topic.parse(topic_name).screen
    with transaction.atomic():
        # Whoever publishes locks the same row: what is signed again is what the screen has now.
        TopicSequence.objects.select_for_update().get(topic=topic_name)
        soon, signer = now + lifetime_of(message) / 2, _current_signer(message)
        row = _with_heads(OutboxDocument.objects.filter(topic=topic_name)).first()
        if row is None or (row.expires_at >= soon and _is_signed_by(row, signer)):
            return False
        document = open_own_document(message, bytes(row.payload))
        if screen is None or not isinstance(document, DocumentBody):
            return False
        seal_document(message, TopicScope.of_screen(screen), document)
    return True


def _next_sequence(topic: str, now: dt.datetime) -> int:
    stream = _locked_stream(topic)
    known = max(stream.sequence, _unstored_sequences.get(topic, 0))
    stream.sequence = next_sequence(known, unix_ms(now))
    stream.save(update_fields=["sequence"])
    return stream.sequence


def _locked_stream(topic: str) -> TopicSequence:
    """Return the row of a topic, locked until the transaction ends; made where there is none."""
    if (found := _STREAM.first(topic)) is not None:
        return found
    # Two may find none at the same time. This needs no savepoint, which get_or_create has.
    TopicSequence.objects.bulk_create([TopicSequence(topic=topic)], ignore_conflicts=True)
    return TopicSequence.objects.select_for_update().get(topic=topic)


def _store_document(
    message: WireMessage, topic: str, sequence: int, payload: bytes, expires_at: dt.datetime
) -> OutboxDocument:
    values = {
        "sequence": sequence,
        "payload": payload,
        "quality": message.quality,
        "expires_at": expires_at,
        "sent_at": None,
    }
    if not message.retained:
        return OutboxDocument.objects.create(topic=topic, retained=False, **values)
    # The row of the topic's sequence is locked: no other transaction writes this topic now.
    if OutboxDocument.objects.filter(topic=topic, retained=True).update(**values):
        return OutboxDocument(topic=topic, retained=True, **values)
    return OutboxDocument.objects.create(topic=topic, retained=True, **values)
