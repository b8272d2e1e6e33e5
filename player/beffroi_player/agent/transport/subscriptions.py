"""Subscriptions that a broker refuses are asked for again, and the connection is given up where that does not help."""

from __future__ import annotations

import time
from collections.abc import Callable

from beffroi_player import backoff

SUBACK_SECONDS = 10.0
"""A broker that has not answered a subscription by then has not granted it."""
FIRST_REFUSED_SECONDS, LONGEST_REFUSED_SECONDS = 0.5, 60.0
"""The pause before what was refused is asked for again. A cluster refuses while it elects a leader; that passes."""
MAX_REFUSED_ROUNDS = 5
"""After so many refusals in a row another connection may do better: perhaps to another node."""


class SubscriptionState:
    """Which topics were asked for and granted on a connection, and when those that were refused are asked for again.

    The pauses grow from one connection to the next, until all is granted: a broker that refuses for good is not left
    every half minute.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._asked: dict[int, tuple[str, float]] = {}
        self._refused: dict[str, None] = {}
        self._again_at: float | None = None
        self._failures = self._rounds = 0

    @property
    def is_complete(self) -> bool:
        """Whether everything was granted that was asked for."""
        return not self._asked and not self._refused

    @property
    def is_answered(self) -> bool:
        """Whether the broker has answered to everything."""
        return not self._asked

    def begin_anew(self) -> None:
        """Forget what was asked for before: there is another connection, or there are other topics."""
        self._asked.clear()
        self._refused.clear()
        self._again_at, self._rounds = None, 0

    def note_asked(self, number: int, topic: str) -> None:
        """Note that a topic was asked for with a packet of that number."""
        self._refused.pop(topic, None)
        self._asked[number] = topic, self._monotonic()

    def note_answer(self, number: int, *, is_granted: bool) -> str | None:
        """Note an answer. Return the topic where it was refused."""
        topic, _at = self._asked.pop(number, ("", 0.0))
        if not is_granted and topic:
            self._refused[topic] = None
        self._plan_next()
        return topic if not is_granted else None

    def take_unanswered(self) -> list[str]:
        """Return the topics whose answer is overdue: they count as refused."""
        late = [number for number, (_, at) in self._asked.items() if self._monotonic() - at >= SUBACK_SECONDS]
        return [topic for number in late if (topic := self.note_answer(number, is_granted=False))]

    def take_due(self) -> list[str]:
        """Return the refused topics once it is time to ask for them again.

        Raises:
            ConnectionError: they were refused too often on this connection.
        """
        if self._again_at is None or self._monotonic() < self._again_at:
            return []
        if self._rounds >= MAX_REFUSED_ROUNDS:
            raise ConnectionError(f"the broker goes on refusing {', '.join(self._refused)}")
        self._rounds, self._again_at = self._rounds + 1, None
        return list(self._refused)

    def _plan_next(self) -> None:
        if self._asked:
            return
        if not self._refused:
            self._again_at, self._failures, self._rounds = None, 0, 0
        elif self._again_at is None:
            self._failures += 1
            pause = backoff.retry_delay(self._failures, FIRST_REFUSED_SECONDS, LONGEST_REFUSED_SECONDS)
            self._again_at = self._monotonic() + pause
