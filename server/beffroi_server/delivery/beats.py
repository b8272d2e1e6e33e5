"""The beat: a signed document every ten seconds with the time and the newest sequence of each shared stream.

It shows a player that its connection is alive, what time it is, and that no newer document was withheld from it.

Its sequence is the server's steady clock, so that neither a wall clock that was ahead nor a restart leaves beats behind
that outrank the right ones (docs/decisions/0027-clocks.md).
"""

from __future__ import annotations

import datetime as dt
import threading

from django.db.models import Q

from beffroi_content.wire.documents import BeatBody, SigningRole
from beffroi_content.wire.messages import BEAT
from beffroi_content.wire.scopes import ScopeKind, TopicScope
from beffroi_content.wire.topics import MessageDirection, Topic, topic_prefix
from beffroi_server.delivery import key_files, signing, steady_clock
from beffroi_server.delivery.models import OutboxDocument

MAX_HEADS = 512
_lock = threading.Lock()
_previous_sequence = 0


def stream_heads() -> dict[str, int]:
    """Return the newest sequence of each stream that several screens share."""
    site = signing.current_site()
    shared = [topic_prefix(site, MessageDirection.DOWN, kind) for kind in (ScopeKind.ALL, ScopeKind.GROUP)]
    is_shared = Q(topic__startswith=shared[0]) | Q(topic__startswith=shared[1])
    rows = OutboxDocument.objects.filter(is_shared, retained=True)
    found = {Topic.parse(topic).stream: sequence for topic, sequence in rows.values_list("topic", "sequence")}
    return dict(sorted(found.items())[:MAX_HEADS])


def sign_beat(now: dt.datetime, nonce: str = "") -> tuple[str, bytes]:
    """Return the topic and a fresh beat for it. It has no row: the next one makes it worthless.

    Args:
        now: The wall clock.
        nonce: What a player gave with its request, which proves to it that the beat was signed afterwards.

    Raises:
        KeysMissing: the key of the beat is not there.
    """
    global _previous_sequence  # noqa: PLW0603 - the stream of this process; across processes the clock keeps the order
    body = BeatBody(heads=stream_heads(), nonce=nonce)
    topic = BEAT.topic_for(signing.current_site(), TopicScope.all_screens())
    with _lock:
        _previous_sequence = max(_previous_sequence + 1, steady_clock.read_steady().ms)
        stamped = signing.stamp_document(BEAT, body, _previous_sequence, now)
    return str(topic), signing.sign_document(BEAT, topic.audience, stamped, [key_files.private_key(SigningRole.BEAT)])
