"""Keeping memory between frames."""

from __future__ import annotations

import contextlib
import ctypes

KEPT_BYTES = 48 * 1024 * 1024
"""An alert of two pages of 1920 x 1080, with their bytes."""
LARGEST_BYTES = 32 * 1024 * 1024
"""The largest block of memory that is kept: the most that the GNU C library lets one ask for."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""The names of the two settings in malloc.h of the GNU C library."""


def keep_freed_memory() -> None:
    """Tell the allocator of this process to keep what a frame frees, for the next one.

    Otherwise every frame is made of pages that the kernel has to give anew, and clear: half of the time of an alert,
    and a third of that of a film. Without effect where the C library is not GNU's.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
        library.mallopt(_MMAP_THRESHOLD, LARGEST_BYTES)
