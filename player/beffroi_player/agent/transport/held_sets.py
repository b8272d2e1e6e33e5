"""The signed alert sets that a player holds: for a server that has forgotten them, and for peers that are cut off.

A server that was restored from a backup hands out alert sets that are older than what its screens hold. They are its
own proof of what it signed since: the player hands them in as they came. They are on the disk as well, so that a player
that starts while the server is gone still has something for its peers.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Mapping

from pydantic import Base64UrlBytes

from beffroi_content.model import WireModel
from beffroi_content.model.manifest import MAX_GROUPS
from beffroi_content.trust import SequenceFloor
from beffroi_content.wire.documents import AlertSet
from beffroi_content.wire.envelope import MalformedEnvelope, parse_envelope
from beffroi_content.wire.messages import ALERTS
from beffroi_content.wire.topics import Topic
from beffroi_player.agent.received import ReceivedDocument

KEPT_BYTES = 64 * 1024
"""Larger sets are not kept: what they say is in the report as well."""
KEPT_SETS, KEPT_STREAMS = 3, MAX_GROUPS + 2
"""Of each stream the newest ones that came, genuine or not; those that were refused make room for others."""

SignedSet = tuple[str, bytes]
"""A topic and the document as it was signed."""


class StoredSets(WireModel):
    """The accepted sets, as a file."""

    sets: dict[str, Base64UrlBytes] = {}
    """By topic, as they were signed."""


class HeldSets:
    """The newest alert sets of each stream as they came in. Safe for threads.

    Args:
        stored: Those of an earlier start.
    """

    def __init__(self, stored: StoredSets | None = None) -> None:
        self._lock = threading.Lock()
        self._came: dict[str, deque[bytes]] = {}
        for topic, payload in stored.sets.items() if stored else ():
            self.note_document(ReceivedDocument(topic, payload, 0.0, live=False))

    def note_document(self, received: ReceivedDocument) -> None:
        """Note a document that came in; of other kinds than alert sets nothing is kept."""
        if not received.topic.endswith(f"/{ALERTS.leaf}") or len(received.payload) > KEPT_BYTES:
            return
        with self._lock:
            if received.topic not in self._came and len(self._came) >= KEPT_STREAMS:
                return
            came = self._came.setdefault(received.topic, deque(maxlen=KEPT_SETS))
            if received.payload not in came:
                came.append(received.payload)

    def newer_than(self, offered: Iterable[SignedSet], floors: Mapping[str, SequenceFloor]) -> list[SignedSet]:
        """Return the sets that were accepted and are newer than what the server offers of the same stream.

        Args:
            offered: The documents of the server.
            floors: The newest document accepted of each stream that concerns the player. Of a group that it has left
                the server offers nothing, and takes nothing.
        """
        sets = {topic: payload for topic, payload in offered if topic.endswith(f"/{ALERTS.leaf}")}
        with self._lock:
            came = {topic: tuple(payloads) for topic, payloads in self._came.items()}
        found = []
        for topic, payloads in came.items():
            floor = floors.get(_stream_of(topic))
            if floor is None or _sequence_of(sets.get(topic)) >= floor.sequence:
                continue
            found += [(topic, payload) for payload in payloads if _digest_of(payload) == floor.digest][:1]
        return found


def _stream_of(topic: str) -> str:
    try:
        return Topic.parse(topic).stream
    except ValueError:
        return ""


def _digest_of(payload: bytes) -> str:
    try:
        return parse_envelope(payload).digest
    except MalformedEnvelope:
        return ""


def _sequence_of(payload: bytes | None) -> int:
    """Return the sequence that a document states, unverified; 0 where there is none."""
    try:
        return AlertSet.model_validate_json(parse_envelope(payload).decode_body()).sequence if payload else 0
    except ValueError:
        return 0
