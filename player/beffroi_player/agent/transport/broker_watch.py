"""Broker watch: notices what a broker keeps back, and has the server asked instead.

A broker can pass on nothing, or all but one topic, or stand still, and the connection to it looks sound. The town's
beat comes over the same connection and names the newest documents: it says what is missing, or it is missing itself.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from beffroi_content.wire.reports import ConnectionState

log = logging.getLogger(__name__)

BEAT_TIMEOUT_MS = 25_000
"""Without a live beat for so long the MQTT connection is not believed."""


class BrokerWatch:
    """Tells how far the broker serves this player. The checks belong to one thread; ``state`` is for any.

    Args:
        uptime: Milliseconds since boot.
        last_beat: Returns when the last live beat came in; None: none has.
        withheld: Returns the streams of which a beat named something newer than has come.
        is_subscribed: Returns whether the broker has granted everything.
        is_answered: Returns whether the server answers over HTTP.
        ask_server: Fetches everything over HTTP soon.
        move: Goes to another broker, where one is known and this one was of no use for a while.
    """

    def __init__(
        self, uptime: Callable[[], float], last_beat: Callable[[], float | None],
        withheld: Callable[[], frozenset[str]], is_subscribed: Callable[[], bool], is_answered: Callable[[], bool],
        ask_server: Callable[[], object], move: Callable[[float | None], object],
    ) -> None:  # fmt: skip
        self._uptime, self._last_beat, self._withheld = uptime, last_beat, withheld
        self._is_subscribed, self._is_answered = is_subscribed, is_answered
        self._ask_server, self._move = ask_server, move
        self._missed: frozenset[str] = frozenset()

    @property
    def state(self) -> ConnectionState:
        """By which way the player hears its town."""
        beat = self._last_beat()
        if self._is_subscribed() and beat is not None and self._uptime() - beat < BEAT_TIMEOUT_MS:
            return ConnectionState.LIVE
        return ConnectionState.POLLING if self._is_answered() else ConnectionState.LOST

    def check_withheld(self) -> None:
        """Fetch what a beat named and the broker did not bring, unless it was only a moment behind."""
        missed = self._withheld()
        if late := missed & self._missed:
            log.warning("the broker does not deliver %s", ", ".join(sorted(late)), extra={"CODE": "withheld"})
            self._ask_server()
        self._missed = missed

    def check_beat(self) -> None:
        """Ask the server, and try another broker, while no live beat comes."""
        if self.state is not ConnectionState.LIVE:
            self._ask_server()
            self._move(self._last_beat())
