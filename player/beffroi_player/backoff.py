"""How long to wait before something that has failed is tried again."""

from __future__ import annotations

import random


def retry_delay(failures: int, first_s: float, longest_s: float, least_share: float = 0.5) -> float:
    """Return the seconds to wait: twice as many after each failure, and never quite the same as others wait.

    Args:
        failures: How many there were in a row.
        first: Half of the most seconds after the first one.
        longest: The most seconds there may ever be.
        least: The share of the most seconds that is waited at least; with 0 those who failed together come back
            spread over the whole pause (full jitter).
    """
    return min(longest_s, first_s * 2.0 ** min(failures, 30)) * random.uniform(least_share, 1.0)  # noqa: S311
