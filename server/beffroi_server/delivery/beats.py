"""The beat: signed every ten seconds, it proves that the link lives, what time it is, and that nothing is withheld."""

from __future__ import annotations

import datetime as dt
import threading

from beffroi_content.wire.documents import Beat, SigningRole
from beffroi_content.wire.messages import BEAT
from beffroi_content.wire.topics import ScopeKind, Topic
from beffroi_server.delivery import key_files, signing
from beffroi_server.delivery.models import OutboxDocument

MAX_HEADS = 512
_lock = threading.Lock()
_previous_sequence = 0


def stream_heads() -> dict[str, int]:
    """Return the newest sequence of each stream that several screens share."""
    start = str(BEAT.topic_for(signing.current_site(), ScopeKind.ALL)).removesuffix(f"all/{BEAT.leaf}")
    rows = OutboxDocument.objects.filter(retained=True, topic__startswith=start).exclude(topic__startswith=f"{start}s-")
    found = {Topic.parse(topic).stream: sequence for topic, sequence in rows.values_list("topic", "sequence")}
    return dict(sorted(found.items())[:MAX_HEADS])


def sign_beat(now: dt.datetime) -> tuple[str, bytes]:
    """Return the topic and a fresh beat for it. It has no row: the next one makes it worthless.

    Raises:
        KeysMissing: the key of the beat is not there.
    """
    global _previous_sequence  # noqa: PLW0603 - the stream of this process; across processes the clock keeps the order
    document = Beat(sequence=1, issued_at_ms=0, expires_at_ms=0, heads=stream_heads())
    topic = BEAT.topic_for(signing.current_site(), ScopeKind.ALL)
    with _lock:
        stamped = signing.stamp_document(document, SigningRole.BEAT, _previous_sequence, now)
        _previous_sequence = stamped.sequence
    return str(topic), signing.sign_document(BEAT, topic.audience, stamped, [key_files.private_key(SigningRole.BEAT)])
