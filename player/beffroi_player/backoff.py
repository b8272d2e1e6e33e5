"""Exponential backoff with jitter, for operations that failed and are tried again."""

from __future__ import annotations

import random


def retry_delay(failures: int, first_s: float, longest_s: float, least_share: float = 0.5) -> float:
    """Return the seconds to wait before the next try: twice as many after each failure, with jitter.

    Args:
        failures: Number of failures in a row.
        first_s: Half of the longest delay after the first failure.
        longest_s: Upper bound of every delay.
        least_share: Share of the delay that is waited at least; with 0, players that failed together try again
            spread over the whole delay (full jitter).
    """
    return min(longest_s, first_s * 2.0 ** min(failures, 30)) * random.uniform(least_share, 1.0)  # noqa: S311
