"""The play log on its way to the server: in order, in batches, and forgotten only once the broker has them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator

from pydantic import ValidationError

from beffroi_content.wire.messages import PLAYS, Message
from beffroi_content.wire.reports import BEGINNING, Play, Plays
from beffroi_player.store import Forwarded, State

log = logging.getLogger(__name__)

BATCH = 200
KEPT = 20
"""Files that stay though all in them was sent: a broker that dies may take along what it had said to have."""

Publish = Callable[[Message, bytes, Callable[[], None] | None], bool]


class PlayForwarder:
    """Sends what the stage has logged."""

    def __init__(self, state: State, publish: Publish) -> None:
        self._state = state
        self._publish = publish
        stored = state.forwarded.read()
        self._sent = stored.number if stored else 0
        self._waiting = False

    def connected(self) -> None:
        """A new connection: what was not acknowledged on the last is sent again."""
        self._waiting = False

    def forward(self) -> None:
        """Send the next batch, unless one is under way."""
        if self._waiting:
            return
        batch = self._next()
        if batch:
            self._waiting = self._publish(PLAYS, Plays(plays=tuple(batch)).to_json(), lambda: self._done(batch))

    def _next(self) -> list[Play]:
        batch: list[Play] = []
        size = 0
        for play in self._unsent():
            size += len(play.to_json()) + 1
            if len(batch) == BATCH or size > PLAYS.size_limit - 64:
                break
            batch.append(play)
        return batch

    def _unsent(self) -> Iterator[Play]:
        files = sorted(self._state.plays.glob("*.jsonl"))
        following = [int(path.stem) for path in files[1:] if path.stem.isdigit()]
        sent = sum(number <= self._sent + 1 for number in following)
        for path in files[: max(0, sent - KEPT)]:
            with contextlib.suppress(OSError):
                path.unlink()
        for path in files[sent:]:
            with contextlib.suppress(OSError):
                for line in path.read_bytes().splitlines(keepends=True):
                    play = _play(line)
                    if play is not None and play.number > self._sent:
                        yield play

    def _done(self, batch: list[Play]) -> None:
        self._sent = batch[-1].number
        self._waiting = False
        try:
            self._state.forwarded.write(Forwarded(number=self._sent, chain=batch[-1].chain or BEGINNING))
        except OSError as error:
            log.warning("the plays up to %d may be sent twice: %s", self._sent, error)


def _play(line: bytes) -> Play | None:
    if not line.endswith(b"\n"):
        return None  # the stage is writing it
    try:
        return Play.model_validate_json(line)
    except ValidationError:
        return None
