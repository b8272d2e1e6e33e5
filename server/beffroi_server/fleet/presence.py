"""Presence: whether a player is there, by all that it says and not by its last will alone.

The broker sends the last will of a player whose connection ends. It cannot when it dies together with the player, or
when the will never reaches the server's broker. A player reports once a minute and fetches its documents over HTTP as
often: one of which neither has come for ``REACHABLE_WITHIN`` counts as unreachable, whatever the broker has said last.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading

from django.db import transaction
from django.db.models import F, Q

from beffroi_server.core import database, row_writes
from beffroi_server.fleet.models import Screen, ScreenState

logger = logging.getLogger(__name__)
REACHABLE_WITHIN = dt.timedelta(seconds=150)
"""Two reports and a half: the bound within which a player that has died in silence is known to be gone."""
HEARD_WITHIN = dt.timedelta(seconds=75)
"""A report, and something to spare: of a player that fetches its documents and whose messages do not come, the broker
passes nothing on."""
AHEAD = dt.timedelta(seconds=5)
"""How far ahead of the clock a row may be, as its writer's clock differs a little."""
WRITE_EVERY_S = 10.0


def is_reachable(state: ScreenState | None, now: dt.datetime) -> bool:
    """Tell whether a player is there, as far as is known.

    Args:
        state: Of its screen; None where nothing was ever received.
        now: The present instant.
    """
    if state is None:
        return False
    has_polled, has_spoken = _is_recent(state.polled_at, now), state.seen_at is None or _is_recent(state.seen_at, now)
    if state.online:
        return has_polled or has_spoken
    # Its last will came, or it said goodbye: only what it fetched after that proves that it is there.
    return has_polled and (state.seen_at is None or (state.polled_at or state.seen_at) > state.seen_at)


def reachable_condition(now: dt.datetime) -> Q:
    """Return the condition on screens that :func:`is_reachable` holds of their states."""
    polled, seen = (
        Q(**{f"state__{name}__gte": now - REACHABLE_WITHIN, f"state__{name}__lte": now + AHEAD})
        for name in ("polled_at", "seen_at")
    )
    is_silent = Q(state__seen_at=None)
    online = Q(state__online=True) & (polled | seen | is_silent)
    return online | (Q(state__online=False) & polled & (is_silent | Q(state__polled_at__gt=F("state__seen_at"))))


def is_unheard(state: ScreenState, now: dt.datetime) -> bool:
    """Tell whether a player is there by its fetching alone, though the broker says that it is connected."""
    if not state.online or state.seen_at is None or state.polled_at is None:
        return False
    return now - state.seen_at > HEARD_WITHIN and state.polled_at > state.seen_at and _is_recent(state.polled_at, now)


def last_contact(state: ScreenState | None) -> dt.datetime | None:
    """Return when something last came of a player, its last will included; None where nothing ever did."""
    if state is None:
        return None
    return max((at for at in (state.seen_at, state.polled_at) if at is not None), default=None)


def _is_recent(at: dt.datetime | None, now: dt.datetime) -> bool:
    # What came in the future came before the clock was set back: it proves nothing, and would for as long as that was.
    return at is not None and now - REACHABLE_WITHIN <= at <= now + AHEAD


class PollLog:
    """The instants at which players fetched their documents, until they are written: a poll waits for no lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._polled: dict[int, dt.datetime] = {}

    def note_poll(self, screen: Screen, now: dt.datetime) -> None:
        """Note that the player of a screen was there. From any thread."""
        with self._lock:
            self._polled[screen.pk] = now

    def write(self) -> int:
        """Write what was noted since the last time; return for how many screens."""
        with self._lock:
            polled, self._polled = self._polled, {}
        if not polled:
            return 0
        try:
            rows = [(key, row_writes.database_instant(at)) for key, at in polled.items()]
            with transaction.atomic():
                row_writes.merge_rows(ScreenState, ("screen", "polled_at"), rows, always=["polled_at"])
        except Exception:
            with self._lock:
                self._polled = polled | self._polled
            raise
        return len(polled)

    @database.close_connection_after()
    def run_until(self, stopping: threading.Event) -> None:
        """Write now and then until ``stopping`` is set."""
        while not stopping.wait(WRITE_EVERY_S):
            try:
                database.with_fresh_connection(self.write)
            except Exception:
                logger.exception("it could not be written which players are there")


polls = PollLog()
"""Of this process."""
