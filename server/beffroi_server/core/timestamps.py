"""Conversion between datetimes and the milliseconds since the Unix epoch that messages carry."""

from __future__ import annotations

import datetime as dt

MAX_AHEAD = dt.timedelta(days=1)


def unix_ms(moment: dt.datetime) -> int:
    """Return milliseconds since the Unix epoch."""
    return round(moment.timestamp() * 1000)


def bounded_instant(unix_ms: int, now: dt.datetime) -> dt.datetime:
    """Return an instant of a player's clock, at most a day ahead of ours.

    A clock that is wrong by centuries would give dates that templates cannot format.
    """
    return min(dt.datetime.fromtimestamp(unix_ms / 1000, dt.UTC), now + MAX_AHEAD)
