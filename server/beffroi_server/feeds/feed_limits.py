"""Limits on the size of a feed."""

from __future__ import annotations

MEBIBYTE = 1024 * 1024
CONTENT_LIMITS = {
    "calendar": 8 * MEBIBYTE,
    "news": 2 * MEBIBYTE,
    "table": 2 * MEBIBYTE,
    "weather": 2 * MEBIBYTE,
    "vigilance": 2 * MEBIBYTE,
}
"""Bytes at most, by kind. Calendars hold the events of many years, and there is no smaller address to choose."""
