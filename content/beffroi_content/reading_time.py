"""Reading time: how long a page must be on so that people can read it.

A page takes two seconds and 0.4 seconds for each word, and six seconds at least: the trade advises ten seconds for a
slide, and towns use about eleven.
"""

from __future__ import annotations

import math

LEAST_SECONDS = 6
_FIRST_SECONDS = 2
_SECONDS_PER_WORD = 0.4


def reading_seconds(words: int) -> int:
    """Return the seconds that a page with that many words should be on."""
    return max(LEAST_SECONDS, math.ceil(_FIRST_SECONDS + _SECONDS_PER_WORD * words))


def words_within(seconds: int) -> int:
    """Return the words that are read in some seconds, the look at the page included."""
    return max(0, math.floor((seconds - _FIRST_SECONDS) / _SECONDS_PER_WORD))


def reading_ms(words: int) -> int:
    """Return the same in milliseconds."""
    return 1_000 * reading_seconds(words)
