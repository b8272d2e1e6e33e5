"""Two players with the identity of one screen, as after a memory card was copied.

They push each other off the broker for ever, and everything that one of them says seems to be said by the other. Each
start of a player has an identifier of its own and counts its connections, so a start that connects again after another
one has connected in between is a second player: a restart never comes back.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import OrderedDict

from beffroi_content.wire.reports import PlayerStatus
from beffroi_server.fleet.models import ScreenState

logger = logging.getLogger(__name__)
CLASH_HOLDS = dt.timedelta(minutes=15)
"""For how long after the last sign of it a screen counts as having two players."""
_MAX_SCREENS = 20_000
_STARTS_KEPT = 8
_SPACING = dt.timedelta(minutes=1)
"""It is written down, and logged, no more than once a minute."""


class IdentityWatch:
    """The starts of each screen's players that connected last. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._starts: OrderedDict[str, OrderedDict[str, int]] = OrderedDict()

    def is_clash(self, screen: str, status: PlayerStatus) -> bool:
        """Note that a player has connected, and tell whether another one has connected since it last did.

        A status that the broker hands out again has the number of a connection that is known, and proves nothing.
        """
        if not status.online:
            return False
        with self._lock:
            starts = self._starts.setdefault(screen, OrderedDict())
            self._starts.move_to_end(screen)
            before = starts.get(status.boot)
            newest = next(reversed(starts), status.boot)
            if before is not None and status.connection <= before:
                return False
            starts[status.boot] = status.connection
            starts.move_to_end(status.boot)
            while len(starts) > _STARTS_KEPT:
                starts.popitem(last=False)
            while len(self._starts) > _MAX_SCREENS:
                self._starts.popitem(last=False)
        return before is not None and newest != status.boot


watch = IdentityWatch()
"""Of this process: the leader takes in all that players say."""


def note_statuses(screen_id: int, screen: str, statuses: list[PlayerStatus], now: dt.datetime) -> None:
    """Write down whether the statuses of a screen show that two players use its identity."""
    # Each is noted, also after one has shown it.
    signs = [watch.is_clash(screen, status) for status in statuses]
    if True not in signs:
        return
    row = ScreenState.objects.filter(screen_id=screen_id).exclude(clash_at__gt=now - _SPACING, clash_at__lte=now)
    if row.update(clash_at=now):
        logger.warning("%s has two players with one identity: was its memory card copied? Enrol one anew", screen)


def has_clash(state: ScreenState | None, now: dt.datetime) -> bool:
    """Tell whether two players use the identity of a screen."""
    return state is not None and state.clash_at is not None and now - CLASH_HOLDS <= state.clash_at
