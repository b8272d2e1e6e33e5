"""Permits for large request bodies: who may send one, how many at a time, and whether the disk has room for it.

A body is buffered on the disk while it arrives. So that strangers cannot fill it, a body above ``SMALL_BODY_BYTES`` is
read only once its sender is known.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

SMALL_BODY_BYTES = 64 * 1024
"""Bytes of a body that anybody may send: every form without a file fits."""
MAX_BODIES, MAX_BODIES_OF_SENDER = 12, 4
"""Large bodies that are received at the same time, from all and from one sender."""


@dataclass(frozen=True, slots=True)
class BodySender:
    """Somebody known who may send large bodies."""

    name: str
    """Unique among senders."""
    limit: int
    """Bytes of one body."""


@dataclass(frozen=True, slots=True)
class BodyRefusal:
    """Why a body is not read: ``unknown-sender``, ``too-large``, ``too-many`` or ``no-room``."""

    code: str


class BodyPermit:
    """Permission for one body; it counts until it is released."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release: Callable[[], None] | None = release
        self._lock = threading.Lock()

    def release(self) -> None:
        """Give the place back; a second call does nothing."""
        with self._lock:
            release, self._release = self._release, None
        if release is not None:
            release()


class BodyGate:
    """Decides about large bodies, and counts those that are being received; safe for threads."""

    def __init__(
        self, find_sender: Callable[[Mapping[str, str]], BodySender | None], has_room: Callable[[int], bool]
    ) -> None:
        self._find_sender, self._has_room = find_sender, has_room
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def request_permit(self, headers: Mapping[str, str], length: int | None) -> BodyPermit | BodyRefusal:
        """Decide about a body.

        Args:
            headers: Those of the request; names as in waitress: capitals and underscores.
            length: Bytes that are announced; None where they are not, as in a chunked body.
        """
        sender = self._find_sender(headers)
        if sender is None:
            return BodyRefusal("unknown-sender")
        if length is not None and length > sender.limit:
            return BodyRefusal("too-large")
        if not self._has_room(length if length is not None else sender.limit):
            return BodyRefusal("no-room")
        return self._take_place(sender.name)

    def _take_place(self, name: str) -> BodyPermit | BodyRefusal:
        with self._lock:
            if self._counts.total() >= MAX_BODIES or self._counts[name] >= MAX_BODIES_OF_SENDER:
                return BodyRefusal("too-many")
            self._counts[name] += 1
        return BodyPermit(lambda: self._free_place(name))

    def _free_place(self, name: str) -> None:
        with self._lock:
            self._counts[name] -= 1
            if not self._counts[name]:
                del self._counts[name]
