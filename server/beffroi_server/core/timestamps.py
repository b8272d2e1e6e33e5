"""Instants as the wire has them."""

from __future__ import annotations

import datetime as dt


def unix_ms(moment: dt.datetime) -> int:
    """Return milliseconds since the Unix epoch."""
    return round(moment.timestamp() * 1000)
