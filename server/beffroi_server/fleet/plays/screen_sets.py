"""Sets of screens as bits: on how many screens a content was, without a row for each of them.

A set is a number with the bit of each screen's key set, and is stored as bytes, the lowest first. To bring the sets of
a month together takes a hundredth of what it takes to count the screens in the totals of each.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_


def bits_of(keys: Iterable[int]) -> int:
    """Return the set of the screens with some keys."""
    return reduce(or_, (1 << key for key in keys), 0)


def to_bytes(bits: int) -> bytes:
    """Return a set as it is stored."""
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def from_bytes(stored: bytes | memoryview) -> int:
    """Return a set that was stored."""
    return int.from_bytes(stored, "little")
