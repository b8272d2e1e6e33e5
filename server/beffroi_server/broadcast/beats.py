"""The beat: signed every ten seconds, it proves that the link lives, what time it is, and that nothing is withheld."""

from __future__ import annotations

import datetime as dt
import threading

from beffroi_content.wire.documents import Beat, Role
from beffroi_content.wire.messages import BEAT
from beffroi_content.wire.topics import Scope, Topic
from beffroi_server.broadcast import keyfiles, signing
from beffroi_server.broadcast.models import Outgoing

HEADS_LIMIT = 512
_lock = threading.Lock()
_previous = 0


def heads() -> dict[str, int]:
    """Return the newest sequence of each stream that several screens share."""
    start = str(BEAT.topic(signing.site(), Scope.ALL)).removesuffix(f"all/{BEAT.leaf}")
    rows = Outgoing.objects.filter(retained=True, topic__startswith=start).exclude(topic__startswith=f"{start}s-")
    found = {Topic.parse(topic).stream: sequence for topic, sequence in rows.values_list("topic", "sequence")}
    return dict(sorted(found.items())[:HEADS_LIMIT])


def signed(now: dt.datetime) -> tuple[str, bytes]:
    """Return the topic and a fresh beat for it. It has no row: the next one makes it worthless.

    Raises:
        KeysMissing: the key of the beat is not there.
    """
    global _previous  # noqa: PLW0603 - the stream of this process; across processes the clock keeps the order
    document = Beat(sequence=1, issued_at_ms=0, expires_at_ms=0, heads=heads())
    topic = BEAT.topic(signing.site(), Scope.ALL)
    with _lock:
        stamped = signing.stamp(document, Role.BEAT, _previous, now)
        _previous = stamped.sequence
    return str(topic), signing.seal(BEAT, topic.audience, stamped, [keyfiles.private_key(Role.BEAT)])
