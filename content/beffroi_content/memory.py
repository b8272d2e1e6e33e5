"""Keeping memory between frames, and asking for it in large pieces."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Mapping

KEPT_BYTES = 48 * 1024 * 1024
"""An alert of two pages of 1920 x 1080, with their bytes."""
LARGEST_BYTES = 32 * 1024 * 1024
"""The largest block of memory that is kept: the most that the GNU C library lets one ask for."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""The names of the two settings in malloc.h of the GNU C library."""
TUNABLES = "GLIBC_TUNABLES"
_LARGE_PAGES = "glibc.malloc.hugetlb=1:glibc.malloc.arena_max=2:glibc.malloc.mmap_threshold=1048576"
"""Pages of 2 MB where the kernel has them (madvise), no heap of its own for each thread, and what is larger than 1 MB
goes back at once: otherwise the library keeps twice as much as the largest frame ever was."""


def keep_freed_memory() -> None:
    """Tell the allocator of this process to keep what a frame frees, for the next one.

    Otherwise every frame is made of pages that the kernel has to give anew, and clear: a third of the time of a film.
    Without effect where the C library is not GNU's.
    """
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
        library.mallopt(_MMAP_THRESHOLD, LARGEST_BYTES)


def with_large_pages(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that draws: a frame is then a few pages to clear, and not thousands.

    An alert is drawn nearly as fast as with memory that is kept, and keeps none. Only the GNU C library reads it, when
    a process begins; what somebody has set is left alone.
    """
    return {TUNABLES: _LARGE_PAGES, **environment}
